# SPDX-License-Identifier: Apache-2.0
"""The relay, with the defaults of the daemon's, until it has nothing left to publish.

A process of its own: `python -m benchmarks.relaying LEDGER STATE URL`. It prints `ready`,
publishes when it reads a line, and then prints the CPU seconds that it took.
"""

import json
import sys
import threading
import time
from pathlib import Path

from synchronizer.bus import transport
from synchronizer.bus.notifier import Notifier
from synchronizer.ledger import Ledger
from synchronizer.publishing import Relay

_LOOK = 0.02


def main() -> None:
    url, state, bus = sys.argv[1:]
    ledger = Ledger.open(url, state_path=Path(state))
    notifier = Notifier(transport.notification_transport(bus), "benchmark")
    relay = Relay(ledger, ledger.high_water, notifier.send)
    print("ready", flush=True)
    sys.stdin.readline()
    before = time.process_time()
    thread = threading.Thread(target=relay.run)
    thread.start()
    while any(stream.published < stream.revision for stream in ledger.streams()):
        time.sleep(_LOOK)
    relay.stop()
    thread.join()
    print(json.dumps(time.process_time() - before), flush=True)


if __name__ == "__main__":
    main()
