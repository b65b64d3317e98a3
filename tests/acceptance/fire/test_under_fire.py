# SPDX-License-Identifier: Apache-2.0
"""Kills and failures at random instants, while the cloud changes, and a copy that stays exact.

`SYNCHRONIZER_FIRE_ROUNDS` and `SYNCHRONIZER_FIRE_SEED` say how many rounds, and replay.
"""

import os
import secrets

import pytest

from tests.acceptance.fire import campaign
from tests.acceptance.fire.plan import DECK, plan

ROUNDS = int(os.environ.get("SYNCHRONIZER_FIRE_ROUNDS", "50"))

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600 + 60 * ROUNDS)]


def test_the_copy_stays_exact_under_fire() -> None:
    seed = int(os.environ.get("SYNCHRONIZER_FIRE_SEED", secrets.randbelow(1_000_000)))
    result = campaign.run(seed, ROUNDS)
    assert result.failure is None, f"replay with SYNCHRONIZER_FIRE_SEED={seed}: {result.failure}"
    assert result.rounds == ROUNDS
    assert result.deletes
    assert all(result.hits[card] >= ROUNDS // len(DECK) for card in DECK), result.hits


def test_a_seed_gives_the_same_plan_again() -> None:
    assert list(plan(7, 60)) == list(plan(7, 60))
    assert list(plan(7, 60)) != list(plan(8, 60))


def test_each_deck_holds_every_victim_point_and_fault() -> None:
    blocks = list(plan(3, 2 * len(DECK)))
    assert [block.kind for block in blocks] == ["quick", "blind"]
    for block in blocks:
        drawn = {strike.card for round_ in block.rounds for strike in round_.strikes}
        assert drawn == set(DECK)
