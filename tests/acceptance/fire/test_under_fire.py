# SPDX-License-Identifier: Apache-2.0
"""Kills and failures at random instants, while the cloud changes, and a copy that stays exact.

180 rounds with the embedded bus and SQLite, 20 with RabbitMQ and PostgreSQL or MariaDB.
`SYNCHRONIZER_FIRE_SEED` plays the same ones again.
"""

import collections
import os
import secrets

import pytest

from tests.acceptance.fire.campaign import campaign
from tests.acceptance.fire.cards import DECK, OUTAGES
from tests.acceptance.fire.plan import Block, plan
from tests.acceptance.fire.run import Run
from tests.acceptance.fire.servers import installed

#: Rounds with the embedded bus and SQLite; and with servers.
LOCAL, SERVED = 180, 20
#: How often each victim, each point, each failure has to strike.
TIMES = 10
#: Worlds side by side: most of a round is waiting.
JOBS = 3

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(3600)]


def seed() -> int:
    return int(os.environ.get("SYNCHRONIZER_FIRE_SEED", secrets.randbelow(1_000_000)))


def cards(blocks: list[Block]) -> collections.Counter[str]:
    rounds = [round_ for block in blocks for round_ in block.rounds]
    return collections.Counter(strike.card for round_ in rounds for strike in round_.strikes)


def hold(run: Run, must_strike: tuple[str, ...], jobs: int) -> None:
    result = campaign(run, jobs)
    assert result.failure is None, f"seed {run.seed}: {result.failure}"
    assert result.rounds == run.rounds
    assert result.deletes
    assert result.hits == cards(run.blocks())
    assert {card: result.hit(card) for card in must_strike if result.hit(card) < TIMES} == {}


def test_the_copy_stays_exact_under_fire() -> None:
    hold(Run(seed(), LOCAL), DECK, JOBS)


def test_the_copy_stays_exact_while_rabbitmq_and_the_database_fail() -> None:
    if not installed():
        problem = "needs RabbitMQ, PostgreSQL, MariaDB; as root: python -m tests.engines install"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    hold(Run(seed(), SERVED, mix="served", servers=2000), OUTAGES, 2)


def test_a_seed_gives_the_same_plan_again() -> None:
    assert plan(7, 60, "both") == plan(7, 60, "both")
    assert plan(7, 60, "both") != plan(8, 60, "both")


def test_a_longer_run_begins_as_a_shorter_one() -> None:
    assert plan(7, 300, "both")[:6] == plan(7, 100, "both")


def test_of_a_hundred_rounds_ten_are_on_servers() -> None:
    blocks = plan(3, 200, "both")
    assert sum(len(block.rounds) for block in blocks if block.engine) == SERVED
    assert {block.engine for block in blocks} == {"", "postgresql", "mariadb"}


def test_each_local_world_plays_the_whole_deck() -> None:
    for block in plan(3, LOCAL):
        assert set(cards([block])) == set(DECK)


def test_twenty_rounds_on_servers_play_each_outage_ten_times() -> None:
    drawn = cards(plan(3, SERVED, "served"))
    assert all(drawn[card] == TIMES for card in OUTAGES), drawn
