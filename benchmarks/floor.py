# SPDX-License-Identifier: Apache-2.0
"""The least that fetching pages over oslo.messaging can cost: a bare server and its client.

Two processes of their own. `python -m benchmarks.floor serve URL FILE` answers with the
pages in FILE, one answer of get_all a line, encoded beforehand. `python -m benchmarks.floor
fetch URL` takes them all, each time that it reads a line, decompresses and decodes each
entity into a dict, and prints a line of JSON: `entities`, `seconds`. With `keep` behind it, it
keeps these dicts by id until the next line, as a copy of everything would.
"""

import base64
import json
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import msgspec
import oslo_messaging

from synchronizer.bus import transport

TOPIC = "floor"
THREADS = 8


class Pages:
    """An endpoint with pages in memory."""

    def __init__(self, path: Path) -> None:
        self._pages = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]

    def page(self, _context: Any, number: int) -> Any:
        return {**self._pages[number], "last": number == len(self._pages) - 1}


def serve(url: str, path: Path) -> None:
    made = transport.rpc_transport(url)
    target = oslo_messaging.Target(topic=TOPIC, server="floor")
    server = oslo_messaging.get_rpc_server(made, target, [Pages(path)], executor="threading")
    server.start(override_pool_size=THREADS)
    print("ready", flush=True)
    threading.Event().wait()


def fetch(url: str, *, keep: bool = False) -> None:
    client = oslo_messaging.get_rpc_client(
        transport.rpc_transport(url), oslo_messaging.Target(topic=TOPIC)
    )
    decoder = msgspec.json.Decoder(dict[str, Any])
    client.call({}, "page", number=0)
    print("ready", flush=True)
    for _ in sys.stdin:
        began, entities, number, last = time.monotonic(), 0, 0, False
        kept: dict[str, dict[str, Any]] = {}
        while not last:
            answer = client.call({}, "page", number=number)
            text = zlib.decompress(base64.b64decode(answer["entities"]))
            for raw in msgspec.json.decode(text, type=list[msgspec.Raw]):
                item = decoder.decode(raw)
                entities += len(item) > 0
                if keep:
                    kept[item["id"]] = item["entity"]
            last = answer["last"]
            number += 1
        seconds = time.monotonic() - began
        print(json.dumps({"entities": entities, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], Path(sys.argv[3]))
    else:
        fetch(sys.argv[2], keep=sys.argv[3:] == ["keep"])
