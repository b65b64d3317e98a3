# SPDX-License-Identifier: Apache-2.0
"""A kept ledger in other hands, and a source that is no OpenStack."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from synchronizer.embedded import Embedded
from tests.acceptance.embedded.watching import PATIENCE
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, MICROVERSION, TYPE, SimulatedCloud

NOTES = """
import json, pathlib
from synchronizer.plugin import EntityType, Page, Plugin, Setting

class Notes(Plugin):
    service = "notes"
    settings = (Setting("path", "", "directory of the notes"),)

    def types(self):
        return (EntityType("notes.note", id_field="name"),)

    def get_all(self, type_):
        files = sorted(pathlib.Path(self.setting("path")).iterdir())
        notes = [{"name": file.name, "text": file.read_text()} for file in files]
        yield Page([json.dumps(note).encode() for note in notes], last=True)
"""


def test_a_daemon_goes_on_from_a_ledger_that_was_kept(
    cloud: SimulatedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(cloud.clouds_yaml))
    own = f"[nova]\nmicroversion = {MICROVERSION}\ntypes = {TYPE}\n"
    plugin = f"\n{own}[sampling]\nchanges_interval = 1\n"
    daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=plugin)
    with Embedded(
        [TYPE],
        cloud=CLOUD,
        directory=daemon.path / "state",
        settings={"nova": {"microversion": MICROVERSION}},
    ) as here:
        before = here.get_all(TYPE).info
        assert json.loads(daemon.ask("held", "list", "-f", "json")) == []
    cloud.control.mutate("rename")
    with daemon, Copying(daemon.transport_url, TYPE, cloud=CLOUD) as consumer:
        consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
        (now,) = consumer.client.describe()
    assert (now.epoch, now.count) == (before.epoch, before.count)
    assert now.revision > before.revision


def test_a_source_that_is_no_openstack_needs_no_clouds_yaml(tmp_path: pathlib.Path) -> None:
    (tmp_path / "my_notes.py").write_text(NOTES)
    info = tmp_path / "my_notes-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-notes\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[synchronizer.plugins]\nnotes = my_notes:Notes\n")
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "one").write_text("first")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    environment.pop("OS_CLOUD", None)
    with subprocess.Popen(
        [
            sys.executable, "-m", "synchronizer", "--cloud", "desk", "watch", "--embedded",
            "--set", f"notes.path={notes}", "--interval", "0.5", "-f", "jsonl", "notes.note",
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            first, synced = (json.loads(process.stdout.readline()) for _ in range(2))
            assert (first["cloud"], first["entity"]) == ("desk", {"name": "one", "text": "first"})
            assert synced["event"] == "synced"
            (notes / "two").write_text("second")
            assert json.loads(process.stdout.readline())["entity"]["name"] == "two"
            process.terminate()
            assert process.wait(PATIENCE) == 143
        finally:
            process.kill()
