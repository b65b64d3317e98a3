# SPDX-License-Identifier: Apache-2.0
"""Which streams the page of metrics shows."""

from pathlib import Path

from synchronizer.conf import load
from synchronizer.daemon.measuring import configured, make_page
from synchronizer.metrics import Numbers
from synchronizer.model import StreamKey
from synchronizer.vitals import Board

TEXT = """[DEFAULT]
clouds = one, two
state_path = {path}
runtime_path = {path}
[ledger]
connection = sqlite:///{path}/ledger.sqlite
[cloud:one]
plugins = nova
[cloud:two]
plugins = glance
[cloud:one:nova]
types = nova.server, nova.flavor
[cloud:one:nova.flavor]
interval = 7
"""


def test_the_configured_streams_are_shown_with_their_own_intervals(tmp_path: Path) -> None:
    file = tmp_path / "synchronizer.conf"
    file.write_text(TEXT.format(path=tmp_path))
    intervals = configured(load([file]))
    of_one = {key: seconds for key, seconds in intervals.items() if key.cloud == "one"}
    assert of_one == {
        StreamKey("one", "nova.server"): 600.0,
        StreamKey("one", "nova.flavor"): 7.0,
    }
    assert StreamKey("two", "glance.image") in intervals
    assert not [key for key in intervals if key.cloud == "two" and key.type.startswith("nova.")]


def test_a_page_is_made_before_there_is_a_ledger(tmp_path: Path) -> None:
    file = tmp_path / "synchronizer.conf"
    file.write_text(TEXT.format(path=tmp_path))
    page = make_page(load([file]), Numbers(["relay"]), Board(["relay"]))
    text = page.read()[1].decode()
    page.close()
    assert "synchronizer_ledger_up 0.0" in text
    assert 'synchronizer_process_up{process="relay"} 0.0' in text
