# SPDX-License-Identifier: Apache-2.0
"""A process that, once it reads a line, sends as many requests as it may, and writes when.

Arguments: directory, requests in flight, requests per minute, how many (0: one, for ever).
"""

import pathlib
import sys
import threading
import time

from synchronizer.budget import Limits, shared


def main() -> None:
    path, in_flight, per_minute, wanted = sys.argv[1], *map(int, sys.argv[2:5])
    budget = shared(pathlib.Path(path), "one", "things", Limits(in_flight, per_minute))
    print("ready", flush=True)
    sys.stdin.readline()
    if not wanted:
        with budget.request():
            print("under way", flush=True)
            threading.Event().wait()
    for _ in range(wanted):
        with budget.request():
            began = time.monotonic()
            time.sleep(0.002)
            print(began, time.monotonic(), flush=True)


if __name__ == "__main__":
    main()
