# SPDX-License-Identifier: Apache-2.0
"""What the log has of held deletes: that and why, once, and that they are over."""

import logging
from collections.abc import Callable

import pytest

from synchronizer.sampling.holds import NEWBORN, SECOND_LISTING
from synchronizer.sampling.observation import Request
from tests.unit.sampling.bench import Bench

WHY = "the credential sees one project only"


@pytest.fixture
def hold(bench: Bench, caplog: pytest.LogCaptureFixture) -> Callable[..., list[str]]:
    """Holds these, by id and reason; what is told of that at INFO and above."""
    sampler = bench.sampling.sampler
    caplog.set_level(logging.INFO, "synchronizer.sampling.holds")

    def replaced(**reasons: str) -> list[str]:
        caplog.clear()
        now = sampler.now()
        bench.sampling.holds.replace(reasons, Request(now.moment, now.at))
        return [f"{record.levelname} {record.getMessage()}" for record in caplog.records]

    return replaced


def test_a_reason_is_told_once_however_many_listings_it_lasts(
    bench: Bench, hold: Callable[..., list[str]]
) -> None:
    key = bench.sampling.sampler.key
    assert hold(a=WHY) == [f"WARNING {key}: 1 deletes are held (a): {WHY}"]
    assert hold(a=WHY, b=WHY) == []
    assert hold(a=WHY, b=SECOND_LISTING) == []
    assert hold(b="another") == [f"WARNING {key}: 1 deletes are held (b): another"]
    assert hold() == [f"INFO {key}: no delete is held any longer"]
    assert hold(a=WHY) != []


def test_what_only_waits_for_a_second_look_is_not_told(hold: Callable[..., list[str]]) -> None:
    assert hold(a=SECOND_LISTING, b=NEWBORN) == []
    assert hold() == []


def test_when_the_entities_are_seen_again_that_is_told_too(
    bench: Bench, hold: Callable[..., list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    hold(a=WHY, b=WHY)
    caplog.clear()
    bench.sampling.holds.forget(["a"])
    assert caplog.messages == []
    bench.sampling.holds.forget(["b"])
    assert caplog.messages == [f"{bench.sampling.sampler.key}: no delete is held any longer"]
    assert hold(a=WHY) != []
