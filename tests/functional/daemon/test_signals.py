# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: what an edited configuration does to a daemon; SIGUSR2: what that tells of itself."""

import json
import os
import re
import signal
from collections.abc import Iterator

import pytest

from tests.functional.daemon.running import (
    ALL,
    BROKER,
    MONITOR,
    RELAY,
    SNAPSHOT,
    WORKER,
    Edited,
    until,
)
from tests.support.simulated import CLOUD, SimulatedCloud


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edited]:
    with SimulatedCloud(tmp_path_factory.mktemp("cloud"), servers=20) as cloud:
        made = Edited(cloud.clouds_yaml)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture(autouse=True)
def as_at_first(running: Edited) -> None:
    """Each test begins with the daemon's first configuration, and all processes of it."""
    running.edit()


@pytest.mark.parametrize(
    ("lines", "concerned", "told"),
    [
        ("[relay]\npoll = 0.05\n", {RELAY}, "[relay] poll: 0.05, was: 0.025"),
        (
            "[nova.server]\ninterval = 3600\n",
            {WORKER, SNAPSHOT, MONITOR},  # which tells what is stale
            "[nova.server] interval: 3600.0, was: not set",
        ),
        ("[snapshot]\npage = 50\n", {SNAPSHOT}, "[snapshot] page: 50, was: 500"),
        ("[local]\nmax_messages = 99\n", {BROKER}, "[local] max_messages: 99, was: 10000"),
        ("[neutron.port]\nsettle = 1\n", set(), "[neutron.port] settle: 1.0, was: not set"),
        (
            f"[cloud:{CLOUD}:nova]\nmax_in_flight = 3\n",
            {WORKER, SNAPSHOT},
            f"[cloud:{CLOUD}:nova] max_in_flight: 3, was: 4",
        ),
    ],
)
def test_those_processes_begin_again_whose_settings_are_others(
    running: Edited, lines: str, concerned: set[str], told: str
) -> None:
    assert running.edit(lines) == concerned
    assert told in running.lines("INFO")
    assert running.lines("WARNING", "ERROR") == []


def test_a_configuration_with_a_fault_is_one_line_and_all_goes_on(running: Edited) -> None:
    assert running.edit("[relay]\npoll = 0.05\n[ledger]\nretension = 9999\n") == set()
    (line,) = running.lines("INFO", "WARNING", "ERROR")
    assert "is refused, and all goes on as it was" in line
    assert "did you mean retention?" in line


def test_a_fault_in_an_option_of_the_log_ends_nobody(running: Edited) -> None:
    assert running.edit(replace=("log_file = ", "debug = yess\nlog_file = ")) == set()
    (line,) = running.lines("INFO", "WARNING", "ERROR")
    assert "is refused, and all goes on as it was: debug in [DEFAULT]" in line


def test_a_file_that_is_only_being_written_is_refused(running: Edited) -> None:
    running.daemon.configuration.write_text("")
    assert running.read_again() == set()
    (line,) = running.lines("INFO", "WARNING", "ERROR")
    assert "is refused, and all goes on as it was: no cloud is configured" in line


def test_what_needs_a_restart_is_named_and_stays_each_time(running: Edited) -> None:
    edit = {"lines": "[snapshot]\nworkers = 2\n", "replace": ("clouds = ", "clouds = other, ")}
    assert running.edit(**edit) == set()  # type: ignore[arg-type]
    assert running.lines("WARNING") == [
        f"[DEFAULT] clouds: other, {CLOUD} needs a restart of the daemon; until then: {CLOUD}",
        "[snapshot] workers: 2 needs a restart of the daemon; until then: 1",
    ]
    assert running.read_again() == set()
    assert len(running.lines("WARNING")) == 2


def test_a_secret_is_not_told(running: Edited) -> None:
    running.edit("[ledger]\nconnection = postgresql://me:hushhush@nowhere/db\n")
    assert running.lines("WARNING") == [
        "[ledger] connection: a secret needs a restart of the daemon; until then: not set"
    ]
    running.edit(
        f"[cloud:{CLOUD}]\nnotification_transport_url = rabbit://me:hushhush@127.0.0.1:1/\n"
    )
    assert "[cloud:simulated] notification_transport_url: a secret, was: not set" in (
        running.lines("INFO")
    )
    assert "hushhush" not in running.daemon.log.read_text()


def test_all_processes_log_so_from_now_on_without_beginning_again(running: Edited) -> None:
    other = running.daemon.path / "other.log"
    before = running.processes()
    running.daemon.configuration.write_text(
        running.first.replace("log_file = ", f"debug = true\nlog_file = {other}\n#")
    )
    os.kill(running.daemon.pid, signal.SIGHUP)

    def heard() -> bool:
        text = other.read_text() if other.exists() else ""
        return "is taken over" in text and all(
            f"{name} logs as the configuration says by now" in text for name in ALL
        )

    until("a debugging line of each process", heard, told=running.daemon.told())
    assert running.processes() == before


def test_a_credential_that_is_another_is_taken_over(running: Edited) -> None:
    file = running.clouds_yaml
    text = file.read_text()
    (entry,) = json.loads(text)["clouds"].values()

    def after(**clouds: object) -> set[str]:
        file.write_text(json.dumps({"clouds": clouds}))
        return running.read_again()

    try:
        assert after(**{CLOUD: entry}) == set()
        assert after(**{CLOUD: entry, "another": {}}) == set()
        assert after(another=entry) == set()
        (line,) = running.lines("ERROR")
        assert f"is refused, and all goes on as it was: cloud {CLOUD}, plugin nova" in line
        assert after(**{CLOUD: {**entry, "api_timeout": 77}}) == {WORKER, SNAPSHOT}
    finally:
        file.write_text(text)


def test_a_log_that_cannot_be_written_refuses_the_configuration(running: Edited) -> None:
    assert running.edit(replace=("log_file = ", "log_file = /nowhere/at/all")) == set()
    (line,) = running.lines("INFO", "WARNING", "ERROR")
    assert "is refused" in line
    assert "/nowhere/at/all" in line


def test_every_process_tells_what_it_is_doing_and_no_secret(running: Edited) -> None:
    url = "rabbit://me:hushhush@127.0.0.1:1/"
    running.edit(f"[cloud:{CLOUD}]\nnotification_transport_url = {url}\n")
    told = running.daemon.path / "daemon.out"
    for name, pid in [("master", running.daemon.pid), *running.processes().items()]:
        begins = len(told.read_text())
        os.kill(pid, signal.SIGUSR2)

        def whole(begins: int = begins) -> str:
            text = told.read_text()[begins:]
            return text if "hang_timeout = " in text.partition("Configuration")[2] else ""

        text = until(f"the report of {name}", whole)
        assert re.search(rf"^ *name = {name}", text, re.MULTILINE)
        assert f"pid = {pid}" in text
        assert "Vital signs" in text
        if name in ("master", WORKER):  # the others go on with what they began with
            assert "notification_transport_url = a secret" in text
        assert "hushhush" not in text
    running.edit()
    assert set(running.processes()) == ALL
