# SPDX-License-Identifier: Apache-2.0
"""A ledger that takes long to be prepared, and systemd that waits for it."""

import pathlib
from multiprocessing.connection import Connection

import pytest

from synchronizer import errors
from synchronizer.conf import Settings, load
from synchronizer.daemon import prepare
from synchronizer.monitor import Systemd
from tests.support.waiting import until


class Patient(Systemd):
    """Makes a file once it was asked for more time."""

    def __init__(self, file: pathlib.Path) -> None:
        super().__init__("/none")
        self._file = file
        self.told: list[str] = []

    def tell(self, *lines: str) -> bool:
        self.told += lines
        if any(line.startswith("EXTEND_TIMEOUT_USEC=") for line in lines):
            self._file.touch()
        return True


@pytest.fixture
def settings(tmp_path: pathlib.Path) -> Settings:
    file = tmp_path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nclouds = one\nstate_path = {tmp_path}/s\n")
    return load([file])


def test_a_long_migration_asks_for_more_time(
    settings: Settings, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "asked"

    def slow(_: Settings, answer: Connection) -> None:
        until("somebody to ask for more time", asked.exists)
        answer.send(None)

    monkeypatch.setattr(prepare, "WORD", 0.01)
    monkeypatch.setattr(prepare, "migrate", slow)
    systemd = Patient(asked)
    prepare.migrate_ledger(settings, systemd)
    assert systemd.told[:2] == ["STATUS=Prepares the ledger", "EXTEND_TIMEOUT_USEC=60000000"]


def test_a_ledger_that_cannot_be_prepared_is_told_with_the_reason(settings: Settings) -> None:
    settings.state_path.write_text("no directory")
    with pytest.raises(errors.Stop, match="ledger"):
        prepare.migrate_ledger(settings, Systemd())
