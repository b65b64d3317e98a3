# SPDX-License-Identifier: Apache-2.0
"""Whatever a listing leaves out, and why: what exists is not recorded as deleted.

Each way of lying, with each way of paging, through the real plugin kit, sampler and ledger.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer.ledger import Ledger
from tests.functional.openstack.conftest import MakePlugin
from tests.functional.openstack.fleet import OWN, Fleet
from tests.functional.openstack.plugin import FleetPlugin
from tests.functional.openstack.sampled import Sampled, Time

TYPES = {kind.type.name.partition(".")[2]: kind.type for kind in FleetPlugin.kinds}
ALL = [*"abcdefghijklmnop"]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(
        f"sqlite:///{tmp_path}/ledger.sqlite", state_path=tmp_path / "state", migrate=True
    )
    yield opened
    opened.close()


@pytest.fixture(params=TYPES)
def sampled(
    request: pytest.FixtureRequest, ledger: Ledger, fleet: Fleet, make_plugin: MakePlugin
) -> Sampled:
    """Knows 16 ships of three projects, on six pages; none of them is young."""
    for number, name in enumerate(ALL):
        fleet.launch(name, project=(OWN, "p1", "p2")[number % 3])
    found = Sampled(ledger, make_plugin(), TYPES[request.param], Time())
    assert found.look()
    assert found.ids == set(ALL)
    found.time.seconds += 120
    return found


def endure(sampled: Sampled, *gaps: float) -> None:
    """Listings, so many seconds apart; nothing is deleted by any."""
    for gap in gaps:
        sampled.look(after=gap)
        assert sampled.deleted == []


def recover(sampled: Sampled, expected: list[str]) -> None:
    """Within a few listings all is proven, and as it is."""
    for _ in range(4):
        if sampled.look(after=61):
            break
    assert sampled.ids == set(expected)
    assert sampled.deleted == []
    assert sampled.held == {}
    assert sampled.problem is None


def test_what_is_gone_is_deleted(sampled: Sampled, fleet: Fleet) -> None:
    del fleet.ships["e"]
    del fleet.ships["p"]
    for _ in range(3):
        sampled.look(after=61)
    assert sorted(sampled.deleted) == ["e", "p"]
    assert sampled.look(after=1)


def test_a_page_that_is_missing_in_the_middle(sampled: Sampled, fleet: Fleet) -> None:
    fleet.lost_page = 2
    sampled.look(after=1)
    assert sampled.deleted == []
    fleet.lost_page = 0
    endure(sampled, 1)
    fleet.lost_page = None
    recover(sampled, ALL)


def test_an_item_that_is_skipped_for_its_sort_key(sampled: Sampled, fleet: Fleet) -> None:
    def move(number: int) -> None:
        if number == 1:  # up in front, to where the listing has been
            fleet.ships["k"]["rank"] = f"a{fleet.ships['k']['rank']}"

    fleet.on_page = move
    endure(sampled, 1)
    fleet.on_page = lambda number: None
    recover(sampled, ALL)


def test_a_listing_that_says_that_it_was_cut(sampled: Sampled, fleet: Fleet) -> None:
    fleet.truncated = True
    endure(sampled, 1, 61, 61)
    assert "truncated" in str(sampled.problem)
    fleet.truncated = False
    recover(sampled, ALL)


@pytest.mark.parametrize("when", ["before", "meanwhile", "after"])
def test_a_policy_that_hides_other_projects(sampled: Sampled, fleet: Fleet, when: str) -> None:
    def hide(number: int) -> None:
        fleet.hides_others = True

    lasts = {"before": 0, "meanwhile": 1, "after": 5}
    if when == "before":
        fleet.hides_others = True
    else:
        fleet.on_page = lambda number: hide(number) if number >= lasts[when] else None
    endure(sampled, 1, 61, 61)
    assert fleet.hides_others or when == "after"
    fleet.on_page = lambda number: None
    fleet.hides_others = True
    endure(sampled, 61)
    assert set(sampled.held) == {id_ for id_ in ALL if fleet.ships[id_]["project_id"] != OWN}
    fleet.hides_others = False
    recover(sampled, ALL)


@pytest.mark.parametrize("page", [None, 1, 5])
def test_a_role_that_is_lost_and_given_back(
    sampled: Sampled, fleet: Fleet, page: int | None
) -> None:
    def lose(number: int) -> None:
        if number == page:
            fleet.roles = ["member"]

    fleet.on_page = lose
    if page is None:
        fleet.roles = ["member"]
    endure(sampled, 1, 10, 61, 61)
    fleet.roles = ["member"]
    endure(sampled, 61)
    assert set(sampled.held) == {id_ for id_ in ALL if fleet.ships[id_]["project_id"] != OWN}
    fleet.on_page = lambda number: None
    fleet.roles = ["admin"]
    recover(sampled, ALL)


def test_a_cell_that_goes_down_and_comes_back(sampled: Sampled, fleet: Fleet) -> None:
    fleet.down = {"c", "d", "h"}
    sampled.look(after=1)
    assert sampled.deleted == []
    fleet.down = set()
    recover(sampled, ALL)


@pytest.mark.parametrize("gaps", [(1, 10, 10, 10, 10, 10), (1, 1, 1, 1), (30, 29)])
def test_a_replica_that_is_behind(sampled: Sampled, fleet: Fleet, gaps: tuple[float, ...]) -> None:
    """Up to a minute: what was created and seen since then is in no answer of it."""
    before = dict(fleet.ships)
    fleet.launch("new", "newer", project="p1")
    sampled.look(after=1)
    assert sampled.ids == {*ALL, "new", "newer"}
    fleet.behind = before
    endure(sampled, *gaps)
    fleet.behind = None
    recover(sampled, [*ALL, "new", "newer"])


def test_an_updated_one_may_be_behind_and_is_not_gone(sampled: Sampled, fleet: Fleet) -> None:
    before = {id_: dict(ship) for id_, ship in fleet.ships.items()}
    fleet.ships["b"]["name"] = "Beagle"
    sampled.look(after=1)
    fleet.behind = before
    endure(sampled, 1, 10)
    fleet.behind = None
    recover(sampled, ALL)
