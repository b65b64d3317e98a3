# SPDX-License-Identifier: Apache-2.0
"""What a process tells of itself when it is asked, and what it never does."""

import builtins
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from oslo_config import cfg

from synchronizer import conf
from synchronizer.conf.differences import Values, values
from synchronizer.daemon.report import Reports
from synchronizer.plugin import Setting

SECRET = "hush-hush"
DECLARED = {"racks": (Setting("key", "", "Of the racks.", secret=True),)}


@pytest.fixture
def configured(tmp_path: pathlib.Path) -> Values:
    held = tmp_path / "secret"
    held.write_text(f"mysql://me:{SECRET}@db/ledger")
    file = tmp_path / "synchronizer.conf"
    file.write_text(
        f"[DEFAULT]\nclouds = one\ntransport_url = rabbit://me:{SECRET}@host/\n"
        f"[ledger]\nconnection_file = {held}\n[oslo_reports]\nlog_dir = {tmp_path}/reports\n"
        f"[cloud:one]\nplugins = racks\nkey = {SECRET}\n"
        f"notification_transport_url = rabbit://me:{SECRET}@bus/\n"
    )
    options = cfg.ConfigOpts()
    conf.load([file], conf=options, declarations=DECLARED)
    return values(options)


@pytest.fixture
def usr2() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR2)
    yield
    signal.signal(signal.SIGUSR2, before)


def test_a_report_shows_threads_and_the_configuration_without_secrets(configured: Values) -> None:
    def shown() -> dict[str, str]:
        return {"seen": f"key {SECRET}, rabbit://you:another@host/ and rabbit://alone@host"}

    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait, name="who-waits", daemon=True)
    thread.start()
    text = Reports(lambda: configured).text("relay", {"Signs": shown})
    waiting.set()
    thread.join()
    assert SECRET not in text
    assert "another" not in text
    assert "alone" not in text
    for said in ("name = relay", "who-waits", "threading.py", "Signs", "key = a secret"):
        assert said in text
    assert "connection = a secret" in text
    assert "clouds = one" in text


def test_a_report_shows_children_where_proc_has_processes_alone(
    configured: Values, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under the unit: ProcSubset=pid."""
    really = builtins.open

    def opened(file: Any, *arguments: Any, **named: Any) -> Any:
        if str(file).startswith("/proc/") and not str(file)[6].isdigit():
            raise FileNotFoundError(2, "No such file or directory", file)
        return really(file, *arguments, **named)

    monkeypatch.setattr(builtins, "open", opened)
    with subprocess.Popen(["sleep", "600"]) as child:
        try:
            text = Reports(lambda: configured).text("master", {})
        finally:
            child.kill()
    assert re.search(rf"^ *{child.pid} = \w sleep 600$", text, re.MULTILINE)


@pytest.mark.usefixtures("usr2")
def test_the_signal_writes_it_into_the_directory_for_its_owner_alone(
    configured: Values, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "reports").mkdir()
    Reports(lambda: configured).answer("worker one/racks", {})
    os.kill(os.getpid(), signal.SIGUSR2)
    (file,) = (tmp_path / "reports").iterdir()
    assert file.name.startswith(f"synchronizer-worker-one-racks-{os.getpid()}_gurumeditation_")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Guru Meditation" in file.read_text()


@pytest.mark.usefixtures("usr2")
def test_a_report_follows_nobody_s_link(
    configured: Values,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(time, "strftime", lambda *_: "now")
    (tmp_path / "reports").mkdir()
    target = tmp_path / "mine"
    target.write_text("as it was")
    name = f"synchronizer-relay-{os.getpid()}_gurumeditation_now"
    (tmp_path / "reports" / name).symlink_to(target)
    Reports(lambda: configured).answer("relay", {})
    os.kill(os.getpid(), signal.SIGUSR2)
    assert target.read_text() == "as it was"
    assert "no report can be written" in capsys.readouterr().err


@pytest.mark.usefixtures("usr2")
def test_a_report_that_cannot_be_written_ends_nobody(
    configured: Values, capsys: pytest.CaptureFixture[str]
) -> None:
    Reports(lambda: configured).answer("relay", {})
    os.kill(os.getpid(), signal.SIGUSR2)
    assert "no report can be written: FileNotFoundError" in capsys.readouterr().err
