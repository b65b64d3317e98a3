# SPDX-License-Identifier: Apache-2.0
"""The service of the documents' example, and the fixture `racks_url` that leads to it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

RACKS = {"a7": 20, "b2": 21, "c9": 19}


class Racks(BaseHTTPRequestHandler):
    """Two pages of racks, each by itself, and an error of its own for those that are not there."""

    def do_GET(self) -> None:
        serials = list(RACKS)
        if self.path == "/racks":
            self._answer(200, {"racks": [rack(s) for s in serials[:2]], "next": "/racks?page=2"})
        elif self.path == "/racks?page=2":
            self._answer(200, {"racks": [rack(s) for s in serials[2:]], "next": None})
        elif (serial := self.path.removeprefix("/racks/")) in RACKS:
            self._answer(200, rack(serial))
        else:
            self._answer(404, {"error": "no such rack"})

    def _answer(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        if status == 404:
            self.send_header("X-Rack-Error", "not-found")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def rack(serial: str) -> dict[str, object]:
    """Its temperature is another one each time."""
    RACKS[serial] += 1
    return {"serial": serial, "row": serial[:1], "temperature": RACKS[serial]}


@pytest.fixture
def racks_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Racks) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
