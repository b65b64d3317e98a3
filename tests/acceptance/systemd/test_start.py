# SPDX-License-Identifier: Apache-2.0
"""What a start waits for, and who may use what was started."""

import json
import pathlib

from tests.acceptance.systemd.service import UNIT, VENV, Service
from tests.acceptance.systemd.simulated import IN_TESTS, PATIENCE, at_work, configure
from tests.engines.processes import free_port
from tests.support.simulated import CLOUD, SimulatedCloud
from tests.support.waiting import until

#: As a member of the group that the embedded bus is given to.
GROUP = "synchronizer-bus"


def test_a_cloud_and_a_broker_that_are_down_do_not_delay_the_start(
    service: Service, tmp_path: pathlib.Path
) -> None:
    with SimulatedCloud(tmp_path, servers=1) as cloud:
        broker = f"transport_url = rabbit://guest:guest@127.0.0.1:{free_port()}/\n"
        configure(service, cloud, options=broker)
    service.drop_in("tests", IN_TESTS)
    service.systemctl("start")
    assert service.shown("ActiveState") == "active"
    assert until("a status", lambda: service.shown("StatusText"), PATIENCE)
    status, answer = until("health", lambda: _answered(service), PATIENCE)
    assert (status, answer["problems"]) == (200, [])
    assert service.shown("NRestarts") == "0"


def _answered(service: Service) -> tuple[int, dict[str, list[str]]] | None:
    status, answer = service.health()
    return (status, answer) if status else None


def test_the_bus_is_for_members_of_its_group_alone_and_they_read_nothing_else(
    service: Service, tmp_path: pathlib.Path
) -> None:
    with at_work(service, tmp_path) as working:
        machine = service.machine
        machine.run("systemctl", "stop", UNIT)
        path = machine.path("/etc/synchronizer/synchronizer.conf")
        path.write_text(f"{path.read_text()}[local]\ngroup = {GROUP}\n")
        machine.attempt("useradd", "--groups", GROUP, "member")
        machine.attempt("useradd", "stranger")
        service.systemctl("start")
        working.converges()
        ask = (f"{VENV}/bin/synchronizer", "describe", "-f", "json")
        said = json.loads(machine.run(*ask, user="member"))
        assert [stream["cloud"] for stream in said] == [CLOUD]
        assert machine.attempt(*ask, user="stranger").returncode != 0
        for file in ("/etc/synchronizer/synchronizer.conf", "/var/lib/synchronizer/ledger.sqlite"):
            assert machine.attempt("cat", file, user="member").returncode != 0
