# SPDX-License-Identifier: Apache-2.0
"""Consumers that sleep for a minute amid 50,000 changes: a loop over `watch`, and a handler."""

from collections.abc import Callable

import pytest

from benchmarks.sleeping import Result, measure
from tests.acceptance.simulated.settings import PATIENCE
from tests.engines.rabbit import RabbitBroker
from tests.support.waiting import until

CHANGES = 50_000
SECONDS = 60
#: Bytes by which a sleeper may grow: what is kept for it, as Python needs it. All of the changes
#: take 140 MB as JSON.
MOST_GROWTH = {"watch": 64 << 20, "mirror": 128 << 20}

TIMEOUT = 2 * SECONDS + 8 * PATIENCE


def check(result: Result) -> None:
    assert result.awake, "the consumer that was awake was not told each change once"
    assert [sleeper.how for sleeper in result.sleepers] == ["watch", "mirror"]
    for sleeper in result.sleepers:
        assert sleeper.slept >= SECONDS
        assert sleeper.exact, f"{sleeper}: not each change once, or another copy"
        assert sleeper.peak - sleeper.before < MOST_GROWTH[sleeper.how], sleeper
        print(f"{result.bus}: {sleeper.how} caught up in {sleeper.seconds:.1f} s")


@pytest.mark.timeout(TIMEOUT)
def test_sleepers_on_the_local_bus_stay_small_and_catch_up_by_revision() -> None:
    check(measure("local", None, CHANGES, SECONDS))


@pytest.mark.timeout(TIMEOUT)
def test_sleepers_on_rabbitmq_stay_small_and_leave_nothing_in_their_queues(
    make_vhost: Callable[[], RabbitBroker],
) -> None:
    vhost = make_vhost()

    def nothing_waits() -> None:
        # Others are not held up by what a sleeper does not take.
        until("empty queues", lambda: not any(vhost.queues().values()), PATIENCE)

    check(measure("rabbit", vhost.url, CHANGES, SECONDS, nothing_waits))
