# SPDX-License-Identifier: Apache-2.0
"""Writes down what a daemon says on its bus; run by the environment of that daemon.

`recorder.py CALLS NOTIFICATIONS STREAM ...` writes JSON lines, one for each notification and for
each answer. A line that it reads is a question: a method, and its arguments as JSON. It is of
oslo.messaging alone: nothing of our client is in between.
"""

import json
import queue
import sys
import threading
from typing import Any

import oslo_messaging
from oslo_config import cfg

PATIENCE = 60


class Heard:
    """What the listener is given."""

    def __init__(self, lines: "queue.Queue[dict[str, Any]]") -> None:
        self._lines = lines

    def info(self, _ctxt: Any, publisher: str, event_type: str, payload: Any, _meta: Any) -> None:
        self._lines.put({"publisher_id": publisher, "event_type": event_type, "payload": payload})


def main() -> None:
    calls, notifications, *streams = sys.argv[1:]
    oslo_messaging.set_transport_defaults(control_exchange="synchronizer")
    lines: queue.Queue[dict[str, Any]] = queue.Queue()
    listener = oslo_messaging.get_notification_listener(
        oslo_messaging.get_notification_transport(cfg.CONF, notifications),
        [oslo_messaging.Target(topic=f"synchronizer.{stream}") for stream in streams],
        [Heard(lines)],
        executor="threading",
        pool="recorder",
    )
    listener.start(override_pool_size=1)
    client = oslo_messaging.get_rpc_client(
        oslo_messaging.get_rpc_transport(cfg.CONF, calls),
        oslo_messaging.Target(topic="synchronizer", version="1.0"),
        timeout=PATIENCE,
    )

    def write() -> None:
        while True:
            sys.stdout.write(json.dumps(lines.get()) + "\n")
            sys.stdout.flush()

    threading.Thread(target=write, daemon=True).start()
    for line in sys.stdin:
        method, _, arguments = line.partition(" ")
        asked = json.loads(arguments or "{}")
        answer = client.call({}, method.strip(), **asked)
        lines.put({"method": method.strip(), "arguments": asked, "answer": answer})


if __name__ == "__main__":
    main()
