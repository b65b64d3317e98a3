# SPDX-License-Identifier: Apache-2.0
"""What a service is sent, whoever sends it, comes from its budget, request by request."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.budget import Limited, Limits, alone
from synchronizer.plugin.budget import Purpose, metered
from synchronizer.plugin.openstack import Service, open_cloud
from tests.support.scriptedcloud import Reply, Request, ScriptedCloud, serving

THINGS = Reply({"things": []})


class Script:
    """Answers in order; the last one for good."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [THINGS]

    def answer(self, request: Request) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def cloud(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScriptedCloud]:
    with serving("block-storage", "/v3", script.answer) as running:
        running.write_clouds(tmp_path / "clouds.yaml", "c1")
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
        yield running


@pytest.fixture
def budget() -> Limited:
    return alone("c1", "things", Limits())


@pytest.fixture
def service(cloud: ScriptedCloud, budget: Limited) -> Service:
    return Service("things", open_cloud("c1", "block-storage", timeout=30.0, budget=budget))


def calls(act: Callable[[], object]) -> int:
    with metered(Purpose.LISTING) as meter:
        act()
    return meter.calls


def test_a_request_counts_once_and_what_goes_to_keystone_does_not(
    service: Service, cloud: ScriptedCloud
) -> None:
    assert calls(lambda: service.get("/things", {})) == 1
    assert len(cloud.requests) == 1


def test_a_request_that_is_sent_again_with_a_new_token_counts_twice(
    service: Service, script: Script, cloud: ScriptedCloud
) -> None:
    script.replies = [Reply(b"who are you?", 401), THINGS]
    assert calls(lambda: service.get("/things", {})) == 2
    tokens = [request.headers["X-Auth-Token"] for request in cloud.requests]
    assert len(set(tokens)) == 2


def test_a_token_that_is_refused_anew_is_not_tried_for_ever(
    service: Service, script: Script, cloud: ScriptedCloud
) -> None:
    script.replies = [Reply(b"who are you?", 401)]
    with pytest.raises(errors.NotPermitted):
        service.get("/things", {})
    assert len(cloud.requests) == 2


def test_a_redirect_is_not_followed(service: Service, script: Script, cloud: ScriptedCloud) -> None:
    script.replies = [Reply(b"", 302, {"Location": f"{cloud.url}/elsewhere"}), THINGS]
    with pytest.raises(errors.BadAnswer, match="302"):
        service.get("/things", {})
    assert len(cloud.requests) == 1


def test_what_a_library_sends_by_itself_counts(service: Service, cloud: ScriptedCloud) -> None:
    session = service._adapter.session
    assert calls(lambda: session.get(f"{cloud.url}/", authenticated=False)) == 1


@pytest.mark.parametrize("status", [413, 429, 503])
def test_after_retry_after_nobody_sends_anything(
    service: Service, script: Script, budget: Limited, status: int
) -> None:
    script.replies = [Reply(b"slower", status, {"Retry-After": "77"})]
    with pytest.raises(errors.SourceUnavailable):
        service.get("/things", {})
    left = budget._place.counts.paused_until - budget._monotonic()
    assert 60 < left <= 77


def test_a_busy_answer_that_names_no_time_pauses_nothing(
    service: Service, script: Script, budget: Limited
) -> None:
    script.replies = [Reply(b"slower", 503), THINGS]
    with pytest.raises(errors.SourceUnavailable):
        service.get("/things", {})
    assert budget._place.counts.paused_until == 0
    service.get("/things", {})
