# SPDX-License-Identifier: Apache-2.0
import pathlib

import pytest

from synchronizer.cli.main import main
from synchronizer.ledger import Ledger
from synchronizer.model import StreamKey


@pytest.fixture
def configuration(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "synchronizer.conf"
    path.write_text(
        f"[DEFAULT]\nclouds = one\nstate_path = {tmp_path}\nruntime_path = {tmp_path}\n"
    )
    return path


def test_an_operator_begins_a_new_epoch(
    configuration: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite", state_path=tmp_path, migrate=True)
    before = ledger.ensure_stream(StreamKey("one", "nova.server"), "rules")

    assert main(["--config-file", str(configuration), "epoch", "renew", "nova.server"]) == 0

    after = ledger.state(before.id)
    ledger.close()
    assert after.epoch != before.epoch
    assert after.revision > before.revision
    assert after.epoch in capsys.readouterr().out


def test_a_type_that_the_ledger_does_not_know_is_told_beside_those_it_does(
    configuration: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite", state_path=tmp_path, migrate=True)
    ledger.ensure_stream(StreamKey("one", "nova.server"), "rules")
    ledger.close()
    assert main(["--config-file", str(configuration), "epoch", "renew", "nova.servr"]) == 1
    assert "one/nova.server" in capsys.readouterr().err


def test_examples_in_the_help_keep_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get-all", "--help"]) == 0
    assert "\nExamples: synchronizer get-all nova.server\n" in capsys.readouterr().out
