# SPDX-License-Identifier: Apache-2.0
"""A consumer that has only oslo.messaging, and keeps a copy by the documented rules.

Nothing of ours is imported by what listens, asks and applies here.
"""

import argparse
import datetime
import pathlib
import queue
import threading
import time
import uuid
from typing import Any

import oslo_messaging
from oslo_config import cfg

from tests.acceptance.fire.lines import Dump, Line, Log, now, obey, state_of

#: Seconds for an answer, and between two attempts.
TIMEOUT, PAUSE = 10.0, 0.5
#: Seconds for a barrier to come back.
BARRIER = 5.0
#: Seconds of silence that are borne before any bookmark has named some.
SILENCE = 10.0

Message = dict[str, Any]
ASKING = (oslo_messaging.MessagingException, OSError)


class Lost(Exception):
    """The copy cannot be kept by what is heard: get all."""


class Endpoint:
    """Puts what is heard into a queue."""

    def __init__(self) -> None:
        self.messages: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def info(self, _context: Any, _publisher: str, _event: str, payload: Message, _: Any) -> None:
        self.messages.put(payload)


class Stock:
    def __init__(self, rpc: Any, endpoint: Endpoint, log: Log, cloud: str, type_: str) -> None:
        self._rpc = rpc
        self._messages = endpoint.messages
        self._log = log
        self._about = {"cloud": cloud, "type": type_}
        self._lock = threading.Lock()
        self._synced = False
        self._epoch = ""
        self._revision = 0
        self._entities: dict[str, dict[str, Any]] = {}
        self._silence = SILENCE

    def dump(self) -> Dump:
        with self._lock:
            return Dump(self._synced, self._revision, dict(self._entities))

    def run(self) -> None:
        """For ever."""
        why = "it begins"
        while True:
            self._log.write(Line("resynced", now(), text=why))
            with self._lock:
                self._synced = False
            try:
                self._get_all()
                while True:
                    self._follow()
            except (Lost, *ASKING) as error:
                why = f"{type(error).__name__}: {error}"
                time.sleep(PAUSE)

    def _follow(self) -> None:
        """One message, or silence."""
        try:
            message = self._messages.get(timeout=self._silence)
        except queue.Empty:
            self._catch_up()
            return
        if message["epoch"] != self._epoch:
            raise Lost("another epoch")
        if "changes" not in message:
            self._silence = 2 * float(message["next_within"])
            if message["revision"] > self._revision:
                self._catch_up()
            elif message["revision"] == self._revision:
                self._verify(message)
        elif message["last"] > self._revision:
            if message["first"] > self._revision + 1:
                self._catch_up()
            else:
                self._apply(message)

    def _catch_up(self) -> None:
        """What was lost, by RPC."""
        while True:
            answer = self._call("changes", epoch=self._epoch, since=self._revision)
            self._apply(answer)
            if answer["last"] >= answer["revision"]:
                return

    def _apply(self, message: Message) -> None:
        for change in message["changes"]:
            if change["revision"] <= self._revision:
                continue
            if change["revision"] != self._revision + 1:
                raise Lost(f"{change['revision']} follows {self._revision} in one change set")
            at, id_ = now(), change["id"]
            line = Line("deleted", at, id=id_, revision=change["revision"])
            line.sampled_at = _micros(change["sampled_at"])
            with self._lock:
                self._revision = change["revision"]
                if change["op"] == "delete":
                    self._entities.pop(id_, None)
                else:
                    line.what = "updated" if id_ in self._entities else "added"
                    line.state = state_of(change["entity"])
                    self._entities[id_] = change["entity"]
            self._log.write(line)
        if message["last"] == self._revision:
            self._verify(message)

    def _verify(self, message: Message) -> None:
        if message["count"] != len(self._entities):
            raise Lost(f"{len(self._entities)} entities where {message['count']} are counted")

    def _get_all(self) -> None:
        self._wait_until_heard()
        entities: dict[str, dict[str, Any]] = {}
        cursor = None
        while True:
            page = self._call("get_all", cursor=cursor)
            entities |= {item["id"]: item["entity"] for item in page["entities"]}
            cursor = page["cursor"]
            if cursor is None:
                break
        at = now()
        with self._lock:
            vanished = sorted(self._entities.keys() - entities.keys())
            self._epoch, self._revision = page["epoch"], page["revision"]
            self._entities = entities
            self._synced = True
        self._verify(page)
        line = Line("synced", at, epoch=self._epoch, revision=self._revision, vanished=vanished)
        self._log.write(line)

    def _wait_until_heard(self) -> None:
        """What was sent before is in the snapshot; from now on nothing is missed unseen."""
        while True:
            nonce = uuid.uuid4().hex
            self._call("barrier", nonce=nonce)
            deadline = time.monotonic() + BARRIER
            while (left := deadline - time.monotonic()) > 0:
                try:
                    if self._messages.get(timeout=left).get("nonce") == nonce:
                        return
                except queue.Empty:
                    break

    def _call(self, method: str, **arguments: Any) -> Message:
        answer: Message = self._rpc.call({}, method, **self._about, **arguments)
        return answer


def _micros(instant: str) -> int:
    parsed = datetime.datetime.fromisoformat(instant)
    return (parsed - datetime.datetime.fromtimestamp(0, datetime.UTC)) // datetime.timedelta(
        microseconds=1
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--world", type=pathlib.Path, required=True)
    parser.add_argument("--transport-url", required=True)
    parser.add_argument("--cloud", required=True)
    parser.add_argument("--type", required=True)
    options = parser.parse_args()
    oslo_messaging.set_transport_defaults(control_exchange="synchronizer")
    endpoint = Endpoint()
    listener = oslo_messaging.get_notification_listener(
        oslo_messaging.get_notification_transport(
            cfg.CONF, url=f"{options.transport_url}?rabbit_qos_prefetch_count=100"
        ),
        [oslo_messaging.Target(topic=f"synchronizer.{options.cloud}.{options.type}")],
        [endpoint],
        executor="threading",
        pool="stock",
    )
    listener.start(override_pool_size=1)
    rpc = oslo_messaging.get_rpc_client(
        oslo_messaging.get_rpc_transport(cfg.CONF, url=options.transport_url),
        oslo_messaging.Target(topic="synchronizer", version="1.0"),
        timeout=TIMEOUT,
    )
    with (options.world / "stock.jsonl").open("ab") as file:
        stock = Stock(rpc, endpoint, Log(file), options.cloud, options.type)
        threading.Thread(target=obey, args=(stock.dump,), daemon=True).start()
        stock.run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
