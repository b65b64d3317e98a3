# SPDX-License-Identifier: Apache-2.0
"""A stock consumer in a process of its own: takes messages and never acknowledges one.

Arguments: URL, topic, pool. Prints a line for the first message that it got.
"""

import sys
import threading

import oslo_messaging

from synchronizer.bus import transport


class Holder:
    def info(self, ctxt: object, publisher_id: str, event_type: str, payload, metadata) -> None:  # type: ignore[no-untyped-def]
        print("got", payload["n"], flush=True)
        threading.Event().wait()


def main() -> None:
    url, topic, pool = sys.argv[1:]
    listener = oslo_messaging.get_notification_listener(
        transport.notification_transport(url),
        [oslo_messaging.Target(topic=topic)],
        [Holder()],
        pool=pool,
    )
    listener.start(override_pool_size=1)
    print("listening", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
