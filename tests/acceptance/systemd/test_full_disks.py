# SPDX-License-Identifier: Apache-2.0
"""The disks that the service writes to are full, one after the other: it says so, and goes on by
itself when there is room; nothing is lost to its consumers."""

import errno
from collections.abc import Iterator

import pytest

from tests.acceptance.systemd.service import LOGS, RUNTIME, STATE, UNIT, Service
from tests.acceptance.systemd.simulated import PATIENCE, AtWork, at_work
from tests.support.waiting import until

#: Of each file system. The ledger of these tests takes a few megabytes.
SIZES = {STATE: "24M", RUNTIME: "4M", LOGS: "1M"}

FILLER, LOG = "filler", "synchronizer.log"

#: Said of the ledger's.
FULL = "is on a full disk; make room"


@pytest.fixture(scope="module")
def working(installed: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtWork]:
    """Each directory of the service is a small file system of its own."""
    installed.wipe()
    for path, size in SIZES.items():
        installed.machine.run("mkdir", "-p", path)
        options = f"size={size},uid=synchronizer,gid=synchronizer,mode=0755"
        installed.machine.run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path)
    scratch = tmp_path_factory.mktemp("disks")
    with at_work(installed, scratch, options=f"log_dir = {LOGS}\n") as working:
        yield working
    installed.wipe()


def fill(service: Service, directory: str, file: str = FILLER) -> None:
    """Until not one more byte can be written to this file."""
    with (service.machine.path(directory) / file).open("ab", buffering=0) as stream:
        for size in (65536, 4096, 1):
            try:
                while True:
                    stream.write(b"\n" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC


def make_room(service: Service, directory: str) -> None:
    (service.machine.path(directory) / FILLER).unlink()


def log_file(service: Service) -> str:
    file = service.machine.path(f"{LOGS}/{LOG}")
    return file.read_text(errors="replace") if file.exists() else ""


def wait_told(service: Service, *words: str) -> None:
    """Until a line of its logs has all of these."""

    def told() -> bool:
        # The journal has what the log's own disk has no room for.
        lines = (log_file(service) + service.machine.journal(UNIT)).splitlines()
        return any(all(word in line for word in words) for line in lines)

    until(f"{words} to be told", told, PATIENCE, gap=0.5)


def test_a_full_disk_of_the_ledger_is_told_and_nothing_is_lost(working: AtWork) -> None:
    service = working.service
    main = service.shown("MainPID")
    fill(service, STATE)
    working.change(40)
    wait_told(service, STATE, FULL)
    make_room(service, STATE)
    working.change()
    working.converges()
    assert service.shown("MainPID") == main
    service.wait_ready()


def test_it_begins_when_there_is_room_for_the_ledger(working: AtWork) -> None:
    begins_when_there_is_room(working, STATE, FULL)


def test_a_full_runtime_directory_harms_neither_those_who_run_nor_those_who_begin(
    working: AtWork,
) -> None:
    service = working.service
    main = service.shown("MainPID")
    fill(service, RUNTIME)
    working.change()
    working.converges()
    for name, pid in service.processes().items():
        if name != "master":
            service.signal("KILL", pid)
    working.change()
    make_room(service, RUNTIME)
    working.converges()
    assert service.shown("MainPID") == main
    service.wait_ready()


def test_it_begins_when_there_is_room_in_the_runtime_directory(working: AtWork) -> None:
    begins_when_there_is_room(working, RUNTIME, "o space left")


def begins_when_there_is_room(working: AtWork, directory: str, words: str) -> None:
    """Ended, and started on a full disk: says so, naming it, and begins with the room."""
    service = working.service
    service.systemctl("stop")
    fill(service, directory)
    working.change()
    service.machine.run("systemctl", "start", "--no-block", UNIT)
    wait_told(service, directory, words)
    make_room(service, directory)
    until("the service to run", lambda: service.shown("ActiveState") == "active", PATIENCE)
    working.converges()


def test_a_full_disk_of_the_log_costs_lines_and_nothing_else(working: AtWork) -> None:
    service = working.service
    main = service.shown("MainPID")
    fill(service, LOGS)
    fill(service, LOGS, LOG)  # its last page may have room
    service.signal("KILL", service.processes()["relay"])
    working.change()
    working.converges()
    # The journal has room.
    wait_told(service, LOGS, "o space left")
    make_room(service, LOGS)
    service.signal("KILL", until("the relay", lambda: service.processes().get("relay")))
    until(
        "the log to be written again",
        lambda: "relay was killed" in log_file(service),
        PATIENCE,
    )
    working.converges()
    assert service.shown("MainPID") == main
