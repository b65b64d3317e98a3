# SPDX-License-Identifier: Apache-2.0
"""A consumer, run with an older version's client instead of this one's.

`program.py URL TYPE` tells what its watch tells, as JSON lines. A line that it reads is a
question, `method {arguments}`, whose answer is such a line, too.
"""

import dataclasses
import json
import sys
import threading
from typing import Any

import synchronizer
from synchronizer.client import Client

lock = threading.Lock()


def say(**line: Any) -> None:
    with lock:
        sys.stdout.write(json.dumps(line, default=repr) + "\n")
        sys.stdout.flush()


def answer(client: Client, method: str, arguments: dict[str, Any]) -> Any:
    """What the method gives, as far as JSON goes."""
    found = getattr(client, method)(**arguments)
    if method == "get_all":
        return list(found)
    if method == "describe":
        return [dataclasses.asdict(stream) for stream in found]
    return None if found is None else dataclasses.asdict(found)


def serve(client: Client) -> None:
    for line in sys.stdin:
        method, _, arguments = line.partition(" ")
        try:
            say(answer=answer(client, method, json.loads(arguments)))
        except Exception as error:
            say(answer=None, error=repr(error))


def main(url: str, type_: str) -> None:
    client = Client(url, timeout=60)
    say(version=synchronizer.__version__, file=synchronizer.__file__)
    threading.Thread(target=serve, args=(client,), daemon=True).start()
    for event in client.watch([type_], patient=True):
        say(event=type(event).__name__, **dataclasses.asdict(event))


if __name__ == "__main__":
    main(*sys.argv[1:])
