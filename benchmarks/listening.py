# SPDX-License-Identifier: Apache-2.0
"""A stock listener of oslo.messaging that counts changes.

A process of its own: `python -m benchmarks.listening URL TOPIC CHANGES`. It prints a line
when it listens, and one of JSON when it got so many: the seconds from the first message.
"""

import json
import sys
import threading
import time
from typing import Any

import oslo_messaging

from synchronizer.bus import transport


class Counter:
    """An endpoint; `done` is set when it got all changes."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self.first = self.last = 0.0
        self._count = 0
        self.live = threading.Event()
        self.done = threading.Event()

    def info(self, _context: Any, _publisher: str, kind: str, payload: Any, _meta: Any) -> None:
        if kind == "warm-up":
            self.live.set()
            return
        self.first = self.first or time.monotonic()
        self._count += len(payload.get("changes", ()))
        if self._count >= self._wanted:
            self.last = time.monotonic()
            self.done.set()


def main() -> None:
    url, topic, wanted = sys.argv[1:]
    counter = Counter(int(wanted))
    made = transport.notification_transport(url)
    server = oslo_messaging.get_notification_listener(
        made, [oslo_messaging.Target(topic=topic)], [counter], executor="threading", pool="bench"
    )
    server.start(override_pool_size=1)
    notifier = oslo_messaging.Notifier(made, "benchmark", driver="messagingv2", topics=[topic])
    while not counter.live.wait(0.2):
        notifier.info({}, "warm-up", {})
    print("ready", flush=True)
    counter.done.wait()
    print(json.dumps(counter.last - counter.first), flush=True)


if __name__ == "__main__":
    main()
