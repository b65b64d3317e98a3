# SPDX-License-Identifier: Apache-2.0
"""The harness finds each defect, and finds nothing where there is none."""

import dataclasses

import pytest

from tests.acceptance.fire.battle import Battle
from tests.acceptance.fire.defects import ALL
from tests.acceptance.fire.failure import Broken
from tests.acceptance.fire.scenarios import FOUND_BY, RECOVERY, SCENARIOS, SETTINGS
from tests.acceptance.fire.world import World

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


def test_every_defect_has_a_scenario() -> None:
    assert SCENARIOS.keys() == FOUND_BY.keys() == set(ALL)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_defect_is_found(name: str) -> None:
    with World(dataclasses.replace(SETTINGS, defect=name)) as world:
        battle = Battle(world, recovery=RECOVERY)
        with pytest.raises(Broken) as broken:
            SCENARIOS[name](battle)
    assert broken.value.check in FOUND_BY[name]


@pytest.mark.parametrize("looked", [False, True])
def test_a_new_epoch_is_found(looked: bool) -> None:
    """Whether the harness has read the one before, or nothing yet."""
    with World(SETTINGS) as world:
        battle = Battle(world)
        if looked:
            battle.recover()
        world.ask(lambda ledger: ledger.new_epoch(world.stream, "a test says so"))
        with pytest.raises(Broken) as broken:
            battle.recover()
    assert broken.value.check == "epochs last"


def test_without_a_defect_all_scenarios_end_well() -> None:
    with World(SETTINGS) as world:
        battle = Battle(world)
        for scenario in SCENARIOS.values():
            scenario(battle)
