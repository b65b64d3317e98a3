# SPDX-License-Identifier: Apache-2.0
"""The plugin that the documents show is one, as it stands there."""

import json
import os
import pathlib
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.examples import blocks

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]


class Racks(BaseHTTPRequestHandler):
    """The racks of the plugin's example: two pages."""

    def do_GET(self) -> None:
        body: dict[str, Any] = {"racks": [{"serial": "a", "temperature": 20}], "next": "/racks/2"}
        if self.path == "/racks/2":
            body = {"racks": [{"serial": "b", "temperature": 21}], "next": None}
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.mark.parametrize("document", ["README.md", "docs/plugins.md"])
def test_the_example_of_a_plugin_is_found_and_lists(document: str, tmp_path: pathlib.Path) -> None:
    code = next(block for block in blocks(document) if "RacksPlugin" in block)
    (tmp_path / "my_racks.py").write_text(code)
    info = tmp_path / "my_racks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-racks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[synchronizer.plugins]\nracks = my_racks:RacksPlugin\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    listed = subprocess.run(
        [sys.executable, "-m", "synchronizer", "plugins", "-f", "json"],
        env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "racks.rack" in listed.stdout
    server = ThreadingHTTPServer(("127.0.0.1", 0), Racks)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        use = (
            "from synchronizer.plugin import PluginContext\n"
            "from my_racks import RacksPlugin\n"
            f"url = 'http://127.0.0.1:{server.server_port}'\n"
            "plugin = RacksPlugin(PluginContext('dc1', {'url': url}))\n"
            "pages = list(plugin.get_all(plugin.types()[0]))\n"
            "print([bytes(item) for page in pages for item in page.items], pages[-1].last)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", use],
            env=environment, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
    finally:
        server.shutdown()
        server.server_close()
    assert done.stdout.count('"serial"') == 2
    assert done.stdout.endswith("True\n")
