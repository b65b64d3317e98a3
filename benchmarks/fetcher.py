# SPDX-License-Identifier: Apache-2.0
"""A consumer that gets all, each time that it reads a line.

A process of its own: `python -m benchmarks.fetcher URL CLOUD TYPE`. It takes every entity
as a dict, one after the other, and prints a line of JSON: `entities`, `seconds`.
"""

import json
import sys
import time

from synchronizer.client import Client


def main() -> None:
    url, cloud, type_ = sys.argv[1:]
    with Client(url, cloud=cloud) as client:
        client.describe()
        print("ready", flush=True)
        for _ in sys.stdin:
            began, entities = time.monotonic(), 0
            for entity in client.get_all(type_):
                entities += len(entity) > 0
            seconds = time.monotonic() - began
            print(json.dumps({"entities": entities, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
