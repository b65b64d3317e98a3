# SPDX-License-Identifier: Apache-2.0
"""Each process is killed, and each is made to hang: the service is whole again by itself."""

from collections.abc import Iterator

import pytest

from tests.acceptance.systemd.service import UNIT, Service
from tests.acceptance.systemd.simulated import AtWork, at_work
from tests.support.simulated import TYPE
from tests.support.waiting import until

WORKERS = ("monitor", "broker", "relay", "snapshot", "worker simulated/nova")
PATIENCE = 600.0


@pytest.fixture(scope="module")
def working(installed: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtWork]:
    """One start for all of these tests."""
    installed.wipe()
    with at_work(installed, tmp_path_factory.mktemp("processes")) as working:
        yield working
    installed.wipe()


def test_all_processes_of_the_service_are_known_here(working: AtWork) -> None:
    assert working.service.processes().keys() == {"master", *WORKERS}


def test_what_it_is_doing_is_reported_in_all_that_the_unit_hides(working: AtWork) -> None:
    machine = working.service.machine
    # As the guide has it.
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=SIGUSR2", UNIT)
    until("a report", lambda: "name = master" in machine.journal(UNIT), PATIENCE, gap=0.5)


@pytest.mark.parametrize("name", WORKERS)
def test_a_process_that_is_killed_is_started_again_by_the_daemon(
    name: str, working: AtWork
) -> None:
    replaced(working, name, "KILL")


@pytest.mark.parametrize("name", WORKERS)
def test_a_process_that_hangs_is_replaced_by_the_daemon(name: str, working: AtWork) -> None:
    replaced(working, name, "STOP")
    said = working.service.machine.journal(UNIT)
    assert f"{name} " in said.lower()
    assert "makes no progress" in said


def replaced(working: AtWork, name: str, signal: str) -> None:
    """The daemon starts it again, systemd has nothing to do, and the consumer nothing to miss."""
    service = working.service
    before, main = healthy(service, name), service.shown("MainPID")
    restarts = service.shown("NRestarts")
    service.signal(signal, before)
    working.change()
    until(
        f"another {name}",
        lambda: service.processes().get(name, before) != before,
        PATIENCE,
        told=service.told(),
    )
    working.converges()
    assert (service.shown("MainPID"), service.shown("NRestarts")) == (main, restarts)
    service.wait_ready()


def healthy(service: Service, name: str) -> int:
    """The pid of a process, when all of them are there."""
    service.wait_ready()
    return until(f"the {name}", lambda: service.processes().get(name))


def test_a_master_that_is_killed_is_started_again_by_systemd(working: AtWork) -> None:
    restarted(working, "KILL", "signal")


def test_a_master_that_hangs_is_ended_by_the_watchdog_and_started_again(working: AtWork) -> None:
    restarted(working, "STOP", "watchdog")


def restarted(working: AtWork, signal: str, result: str) -> None:
    service = working.service
    main = healthy(service, "master")
    restarts = int(service.shown("NRestarts"))
    service.signal(signal, main)
    working.change()
    until(
        "systemd to start it again",
        lambda: (
            int(service.shown("NRestarts")) > restarts and service.shown("ActiveState") == "active"
        ),
        PATIENCE,
        gap=0.5,
        told=service.told(),
    )
    assert f"Failed with result '{result}'" in service.machine.journal(UNIT)
    working.converges()
    assert service.processes().keys() == {"master", *WORKERS}
    assert int(service.shown("NRestarts")) == restarts + 1
    assert service.lost_revisions(TYPE) == set()
