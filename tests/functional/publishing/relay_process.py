# SPDX-License-Identifier: Apache-2.0
"""A relay: FOLDER URL [STEP COUNT]. With a step, it kills itself right after the COUNT-th one."""

import os
import signal
import sys
from pathlib import Path

from synchronizer.bus.notifier import Notifier
from synchronizer.bus.transport import notification_transport
from synchronizer.ledger import Ledger
from synchronizer.publishing import Relay
from tests.unit.publishing.support import url_of


def die_after(relay: Relay, step: str, count: int) -> None:
    original = getattr(relay, step)
    calls = iter(range(1, count + 1))

    def wrapped(argument: object) -> object:
        result = original(argument)
        if next(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(relay, step, wrapped)


def main(folder: str, url: str, step: str | None = None, count: str = "0") -> None:
    place = Path(folder)
    ledger = Ledger.open(url_of(place), state_path=place / "state")
    transport = notification_transport(url)
    relay = Relay(
        ledger,
        ledger.high_water,
        Notifier(transport, "synchronizer.test").send,
        max_changes=5,
        bookmark_interval=0.5,
        deadline=1.0,
    )
    if step is not None:
        die_after(relay, step, int(count))
    signal.signal(signal.SIGTERM, lambda *_: relay.stop())
    print("ready", flush=True)
    relay.run()
    transport.cleanup()
    ledger.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
