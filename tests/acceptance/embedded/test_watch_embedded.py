# SPDX-License-Identifier: Apache-2.0
"""The command against the ground truth of a simulated cloud, through churn, kills and faults."""

import pathlib
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from synchronizer.keeping.alone import PID_FILE
from synchronizer.simulator import Fault
from tests.acceptance.embedded.watching import Watching
from tests.support.simulated import SimulatedCloud
from tests.support.waiting import until

QUICK = ("--changes-interval", "0.5", "--interval", "2")


def churn(cloud: SimulatedCloud, steps: int) -> None:
    """So many changes, and whatever they set off brought to its end."""
    cloud.control.step(steps, settle=True)


def test_a_copy_made_from_its_lines_is_the_cloud(
    cloud: SimulatedCloud, tmp_path: pathlib.Path
) -> None:
    cloud.control.churn(rate=20)
    with Watching(cloud.clouds_yaml, tmp_path / "tmp", *QUICK) as watching:
        watching.wait_synced()
        seen = len(watching.lines)
        watching.wait("changes", lambda: len(watching.lines) > seen + 50)
        cloud.control.churn(rate=0)
        churn(cloud, 10)
        watching.wait_equal(cloud.servers())
        events = {line["event"] for line in watching.lines[seen:]}
        assert events >= {"added", "updated", "deleted"}
        revisions = [line["revision"] for line in watching.lines[seen:]]
        assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))
        assert watching.end(signal.SIGINT) == 0
        assert (watching.warnings, watching.left()) == ("", [])


def test_it_goes_on_after_a_kill_where_its_reader_stood(
    cloud: SimulatedCloud, tmp_path: pathlib.Path
) -> None:
    cloud.control.churn(rate=20)
    keeping = (*QUICK, "--ledger", str(tmp_path / "kept"))
    with Watching(cloud.clouds_yaml, tmp_path / "tmp", *keeping) as first:
        first.wait_synced()
        seen = len(first.lines)
        first.wait("changes", lambda: len(first.lines) > seen + 20)
        first.end(signal.SIGKILL)
    churn(cloud, 20)
    # What has changed is told also where a snapshot would not be.
    going_on = (*keeping, "--since", first.token, "--no-snapshot")
    entities = first.entities
    with Watching(cloud.clouds_yaml, tmp_path / "tmp", *going_on, entities=entities) as second:
        second.wait_synced()
        cloud.control.churn(rate=0)
        churn(cloud, 10)
        second.wait_equal(cloud.servers())
        assert second.end(signal.SIGTERM) == 128 + signal.SIGTERM
    assert first.synced is not None and second.synced is not None
    assert second.synced["epoch"] == first.synced["epoch"]
    told = [line["revision"] for line in second.lines if line["event"] != "synced"]
    known = int(first.token.rpartition(":")[2])
    assert told == list(range(known + 1, known + 1 + len(told)))
    assert second.left() == []


def test_a_service_that_is_away_is_told_once_and_waited_for(
    cloud: SimulatedCloud, tmp_path: pathlib.Path
) -> None:
    away = cloud.control.add_fault(Fault(kind="error", status=503))
    with Watching(cloud.clouds_yaml, tmp_path / "tmp", *QUICK) as watching:
        watching.wait_warned("listing fails")
        cloud.control.remove_fault(away)
        watching.wait_equal(cloud.servers())
        assert len(watching.warnings.splitlines()) == 1
        assert watching.end(signal.SIGINT) == 0


def test_it_ends_soon_while_a_request_hangs(cloud: SimulatedCloud, tmp_path: pathlib.Path) -> None:
    with Watching(cloud.clouds_yaml, tmp_path / "tmp", *QUICK) as watching:
        watching.wait_synced()
        cloud.control.add_fault(Fault(kind="hang"))
        until("a request that hangs", lambda: cloud.control.faults()[0]["struck"])
        assert watching.end(signal.SIGINT) == 0
        assert watching.left() == []


def test_it_ends_when_all_was_told_if_that_is_wanted(
    cloud: SimulatedCloud, tmp_path: pathlib.Path
) -> None:
    with Watching(cloud.clouds_yaml, tmp_path / "tmp", "--until-synced") as watching:
        assert watching.wait_ended() == 0
        assert watching.entities == cloud.servers()
        assert (watching.warnings, watching.left()) == ("", [])


@pytest.mark.parametrize(
    ("damage", "status", "told"),
    [
        (("simulated", "simmulated"), 1, "there are: simmulated"),
        (('"password": "', '"password": "not '), 1, "refuses the credentials"),
    ],
)
def test_what_a_person_has_to_mend_ends_it_with_one_line(
    cloud: SimulatedCloud, tmp_path: pathlib.Path, damage: tuple[str, str], status: int, told: str
) -> None:
    text = cloud.clouds_yaml.read_text()
    cloud.clouds_yaml.write_text(text.replace(*damage))
    with Watching(cloud.clouds_yaml, tmp_path / "tmp") as watching:
        assert watching.wait_ended() == status
        assert told in watching.warnings
        assert len(watching.warnings.splitlines()) == 1
        assert (watching.lines, watching.left()) == ([], [])


def test_a_directory_that_a_daemon_uses_is_left_alone(
    cloud: SimulatedCloud, tmp_path: pathlib.Path
) -> None:
    hold = (
        "import pathlib, sys; from synchronizer.keeping.alone import alone\n"
        f"with alone(pathlib.Path({str(tmp_path)!r})): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stdout is not None and daemon.stdin is not None
        assert daemon.stdout.readline() == "held\n"
        keeping = ("--ledger", str(tmp_path))
        with Watching(cloud.clouds_yaml, tmp_path / "tmp", *keeping) as watching:
            assert watching.wait_ended() == 1
            assert f"pid {daemon.pid}" in watching.warnings
        daemon.stdin.close()
    assert (tmp_path / PID_FILE).exists()


def test_it_forks_nothing_and_opens_no_port(cloud: SimulatedCloud, tmp_path: pathlib.Path) -> None:
    with Watching(cloud.clouds_yaml, tmp_path / "tmp", *QUICK) as watching:
        watching.wait_synced()
        process = psutil.Process(watching.process.pid)
        assert process.children() == []
        for connection in process.net_connections(kind="all"):
            assert connection.family is not socket.AF_UNIX
            assert connection.status != psutil.CONN_LISTEN
        assert watching.end(signal.SIGINT) == 0
