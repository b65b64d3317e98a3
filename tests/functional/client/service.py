# SPDX-License-Identifier: Apache-2.0
"""What a client meets: a broker process, and relay and snapshot server over a real ledger."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from synchronizer import fingerprint
from synchronizer.bus import transport
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.rpc import RpcServer
from synchronizer.ledger import Ledger, Write
from synchronizer.model import StreamKey
from synchronizer.publishing import Relay
from synchronizer.snapshot import Endpoint

STREAM = StreamKey("c1", "nova.server")


class Service:
    """Its parts can be ended and begun one by one. `live`: what was committed, by stream.
    `bus`: the URL of another broker than its own, which then is not started."""

    def __init__(
        self,
        directory: Path,
        *,
        bookmark_interval: float = 0.3,
        max_bytes: int = 32768,
        bus: str | None = None,
    ) -> None:
        self.directory = directory
        self.path = directory / "bus.sock"
        self.url = bus or f"local://{self.path}"
        self.ledger_url = f"sqlite:///{directory / 'ledger.sqlite'}"
        self.live: dict[StreamKey, dict[str, Any]] = {}
        self._bookmark_interval = bookmark_interval
        self._max_bytes = max_bytes
        self._instant = 1_700_000_000_000_000
        self._broker: subprocess.Popen[str] | None = None
        self._relay: tuple[Relay, threading.Thread] | None = None
        self._server: RpcServer | None = None
        self._transports: list[Any] = []
        self.ledger = Ledger.open(self.ledger_url, state_path=directory, migrate=True)
        self.list_anew(STREAM)

    # --- its parts -------------------------------------------------------------

    def start(self) -> None:
        if self.url == f"local://{self.path}":
            self.start_broker()
        self.start_daemon()

    def start_broker(self) -> None:
        self._broker = subprocess.Popen(
            [sys.executable, "-m", "synchronizer.bus.local", str(self.path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._broker.stdout is not None
        assert self._broker.stdout.readline().startswith("listening")

    def kill_broker(self) -> None:
        if self._broker is not None and self._broker.stdout is not None:
            self._broker.send_signal(signal.SIGKILL)
            self._broker.wait(20)
            self._broker.stdout.close()
            self._broker = None

    def start_daemon(self) -> None:
        """Relay and snapshot server."""
        notifications = transport.notification_transport(self.url)
        calls = transport.rpc_transport(self.url)
        self._transports = [notifications, calls]
        notifier = Notifier(notifications, "synchronizer.test")
        relay = Relay(
            self.ledger,
            self.ledger.high_water,
            notifier.send,
            bookmark_interval=self._bookmark_interval,
        )
        thread = threading.Thread(target=relay.run, name="relay", daemon=True)
        thread.start()
        self._relay = (relay, thread)
        endpoint = Endpoint(
            self.ledger,
            notifier.send,
            host="test",
            page=7,
            max_bytes=self._max_bytes,
            first_listing_timeout=0.2,
            bookmark_interval=self._bookmark_interval,
        )
        self._server = RpcServer(calls, [endpoint], "test", threads=4)
        self._server.start()
        assert self._server.wait_started(30)

    def stop_daemon(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None
        self.stop_relay()
        for made in self._transports:
            made.cleanup()
        self._transports = []

    def stop_relay(self) -> None:
        if self._relay is not None:
            self._relay[0].stop()
            self._relay[1].join(30)
            self._relay = None

    def close(self) -> None:
        self.stop_daemon()
        self.kill_broker()
        self.ledger.close()

    # --- what a sampling worker does -------------------------------------------

    def list_anew(self, key: StreamKey) -> None:
        """A complete listing that brings nothing new; the stream is made if need be."""
        state = self.ledger.ensure_stream(key, "rules")
        self.live.setdefault(key, {})
        self.ledger.commit(state, [], listed_at=self._now())

    def put(self, *entities: dict[str, Any], key: StreamKey = STREAM) -> None:
        """Each is one revision; all are one commit."""
        state = self.ledger.ensure_stream(key, "rules")
        live = self.live[key]
        writes = []
        for entity in entities:
            print_ = fingerprint.fingerprint(entity, frozenset(), self.ledger.seed)
            writes.append(
                Write(
                    "update" if entity["id"] in live else "create",
                    entity["id"],
                    print_,
                    print_,
                    state.revision,
                    self._now(),
                    fingerprint.encode(entity),
                )
            )
            live[entity["id"]] = entity
        self.ledger.commit(state, writes)

    def drop(self, *ids: str, key: StreamKey = STREAM) -> None:
        state = self.ledger.ensure_stream(key, "rules")
        for id_ in ids:
            del self.live[key][id_]
        writes = [Write("delete", i, None, None, state.revision, self._now(), None) for i in ids]
        self.ledger.commit(state, writes)

    def fill(self, count: int) -> None:
        self.put(
            *({"id": f"e{n}", "name": f"server {n}", "status": "ACTIVE"} for n in range(count))
        )

    def wait_published(self, key: StreamKey = STREAM) -> None:
        """Until the relay has published everything so far; what follows is another message."""
        end = time.monotonic() + 60
        while (state := self.ledger.find(key)) is None or state.published < state.revision:
            assert time.monotonic() < end, f"the relay does not publish {state}"
            time.sleep(0.01)

    def begin_anew(self, key: StreamKey = STREAM) -> None:
        state = self.ledger.find(key)
        assert state is not None
        self.ledger.new_epoch(state.id, "for a test")

    def compact(self, key: StreamKey = STREAM) -> None:
        """Forgets everything that is superseded."""
        state = self.ledger.find(key)
        assert state is not None and state.published == state.revision
        self.ledger.compact(state.id, 1 << 62)

    def _now(self) -> int:
        self._instant += 1_000_000
        return self._instant


def server(number: int) -> dict[str, Any]:
    return {"id": f"e{number}", "name": f"server {number}", "status": "ACTIVE"}
