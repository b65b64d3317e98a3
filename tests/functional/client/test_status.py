# SPDX-License-Identifier: Apache-2.0
"""`synchronizer status` against real parts that are well, or not."""

import json
from typing import Any

import pytest

from synchronizer.cli import probe, status
from synchronizer.ledger import Hold
from synchronizer.model import StreamKey
from tests.functional.client.commands import Commands
from tests.functional.client.service import STREAM, Service, server


def told(commands: Commands, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit status and report."""
    ended, out, err = commands.run(*arguments, "status", "-f", "json")
    assert err == ""
    report: dict[str, Any] = json.loads(out)
    assert report["well"] == (ended == 0)
    return ended, report


def stream_id(service: Service) -> int:
    state = service.ledger.find(STREAM)
    assert state is not None
    return state.id


def test_all_is_well(commands: Commands) -> None:
    ended, report = told(commands)
    assert ended == 0
    assert report["findings"] == []
    assert report["answered_seconds"] > 0 and report["notified_seconds"] > 0
    (service,) = report["services"]
    assert (service["cloud"], service["service"], service["entities"]) == ("c1", "nova", 2)
    ended, out, _ = commands.run("status")
    assert (ended, out.splitlines()[0]) == (0, "✔ all is well")


def test_quiet_it_says_all_by_its_exit_status(service: Service, commands: Commands) -> None:
    assert commands.run("-q", "status") == (0, "", "")
    service.ledger.set_condition(stream_id(service), "listing: no answer")
    assert commands.run("-q", "status") == (1, "", "")


def test_a_source_that_fails_and_held_deletes_are_found(
    service: Service, commands: Commands
) -> None:
    service.ledger.set_condition(stream_id(service), "listing: the service does not answer")
    service.ledger.hold(stream_id(service), [Hold("e0", 2, "it sees less", 1)])
    ended, report = told(commands)
    assert ended == 1
    failing, held = report["findings"]
    assert failing["what"] == "listing: the service does not answer"
    assert failing["types"] == ["nova.server"] and failing["since"]
    assert held["what"] == "1 delete is held for want of evidence"
    assert "held list" in held["do"]
    ended, out, _ = commands.run("status")
    assert ended == 1
    assert "\n  listing: the service does not answer\n  → " in out


def test_a_type_that_was_never_listed_is_waited_for(service: Service, commands: Commands) -> None:
    service.ledger.ensure_stream(StreamKey("c1", "nova.flavor"), "rules")
    ended, report = told(commands)
    assert ended == 1
    assert [(f["level"], f["types"]) for f in report["findings"]] == [("wait", ["nova.flavor"])]
    assert commands.run("status")[1].startswith("● it has just begun\n")


def test_changes_that_do_not_get_published_are_found(
    service: Service, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.wait_published()
    service.stop_relay()
    service.put(server(2), server(3))
    monkeypatch.setattr(probe, "PUBLISHING", 0.5)
    ended, report = told(commands)
    assert ended == 1
    (finding,) = report["findings"]
    assert finding["what"].startswith("2 changes wait to be published")


def test_notifications_that_do_not_arrive_are_found(
    service: Service, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "NOTIFICATION", 1.0)
    elsewhere = f"local://{service.directory}/elsewhere.sock"
    ended, report = told(commands, "--notification-transport-url", elsewhere)
    assert ended == 1
    (finding,) = report["findings"]
    assert finding["what"].startswith("notifications do not arrive: ")
    assert elsewhere in finding["what"]
    assert report["notified_seconds"] is None


def test_a_bus_without_a_daemon_and_no_bus_are_told_apart(
    service: Service, commands: Commands
) -> None:
    service.stop_daemon()
    ended, report = told(commands, "--timeout", "3")
    assert (ended, report["answered_seconds"], report["services"]) == (3, None, [])
    assert "start the daemon" in report["findings"][0]["do"]
    service.kill_broker()
    ended, report = told(commands, "--timeout", "3")
    assert ended == 3
    assert "is away" in report["findings"][0]["what"]
    ended, out, err = commands.run("--timeout", "3", "status")
    assert (ended, err, out.splitlines()[0]) == (3, "", "✖ nobody answers")


def test_a_cloud_that_is_not_there_is_told_beside_those_that_are(commands: Commands) -> None:
    assert commands.run("--cloud", "c1", "status")[0] == 0
    ended, out, err = commands.run("--cloud", "cc1", "status")
    assert (ended, out) == (1, "")
    assert err == "synchronizer: no cloud is called cc1; did you mean c1?\n"
