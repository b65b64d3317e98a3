# SPDX-License-Identifier: Apache-2.0
"""A service that the catalogue lacks: said once, looked for anew, and sampled when it is there."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synchronizer.daemon.check import check
from synchronizer.daemon.main import read
from synchronizer.ledger import Ledger
from synchronizer.model import StreamKey
from synchronizer.plugin import NoSuchService
from synchronizer.plugin.openstack import connection
from synchronizer.sampling import SamplingWorker, TypeSettings
from tests.functional.openstack.conftest import MakePlugin
from tests.functional.openstack.fleet import OWN, Fleet
from tests.functional.openstack.plugin import FleetPlugin
from tests.support.waiting import until

NAMES = [kind.type.name for kind in FleetPlugin.kinds]
LINKED = FleetPlugin.kinds[0].type
#: So short here that a test can wait for it.
QUICK = TypeSettings(interval=60.0, backoff_first=0.01, backoff_most=0.1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(
        f"sqlite:///{tmp_path}/ledger.sqlite", state_path=tmp_path / "state", migrate=True
    )
    yield opened
    opened.close()


def problems(ledger: Ledger) -> dict[str, str]:
    found = {}
    for name in NAMES:
        stream = ledger.find(StreamKey("c1", name))
        condition = None if stream is None else ledger.condition(stream.id)
        if condition is not None:
            found[name] = condition.message
    return found


def test_it_is_said_once_and_sampled_as_soon_as_it_is_there(
    fleet: Fleet,
    make_plugin: MakePlugin,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(connection, "NEW_CATALOGUE", 0.0)
    fleet.launch("a", "b", project=OWN)
    fleet.endpoints = {"image": "RegionOne"}
    worker = SamplingWorker(
        make_plugin(), ledger, dict.fromkeys(NAMES, QUICK), owner="me", on_fatal=lambda error: None
    )
    caplog.set_level(logging.INFO)
    worker.start()
    try:
        until("all types to say it", lambda: len(problems(ledger)) == len(NAMES))
        logins = len(fleet.logins)
        until("the catalogue to be asked for anew", lambda: len(fleet.logins) > logins + 2)
        told = [r.getMessage() for r in caplog.records if "catalogue" in r.getMessage()]
        assert len(told) == 1
        assert told[0].startswith("c1/fleet is not sampled: the service catalogue has no endpoint")
        assert all("no endpoint of fleet" in problem for problem in problems(ledger).values())
        assert fleet.requests == []

        fleet.endpoints["fleet"] = "RegionOne"
        until("the end of all problems", lambda: not problems(ledger))
    finally:
        worker.stop()
        assert worker.wait(30)
    said = [r.getMessage() for r in caplog.records if "is there now" in r.getMessage()]
    assert said == ["c1/fleet is there now, and sampled"]
    for name in NAMES:
        stream = ledger.find(StreamKey("c1", name))
        assert stream is not None
        assert stream.count == 2


def test_many_who_ask_get_few_tokens(fleet: Fleet, make_plugin: MakePlugin) -> None:
    fleet.endpoints = {"image": "RegionOne"}
    plugin = make_plugin()
    for _ in range(20):
        with pytest.raises(NoSuchService, match="no endpoint of fleet"):
            next(plugin.get_all(LINKED))
    assert len(fleet.logins) == 2


def test_a_check_says_it_in_a_line(
    fleet: Fleet, clouds_yaml: Callable[..., Path], tmp_path: Path
) -> None:
    fleet.endpoints = {"image": "RegionOne"}
    clouds_yaml()
    file = tmp_path / "synchronizer.conf"
    file.write_text(
        f"[DEFAULT]\nclouds = c1\nstate_path = {tmp_path}/s\nruntime_path = {tmp_path}/r\n"
        "[cloud:c1]\nplugins = nova\n"
    )
    (found,) = [finding for finding in check(read([file])) if "plugin nova" in finding.what]
    said = f"{found.what} {found.problem}"
    assert "the service catalogue has no endpoint of nova" in said
    assert "\n" not in said
