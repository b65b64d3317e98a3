# SPDX-License-Identifier: Apache-2.0
"""What Nova hides for a while is not recorded as deleted; what it deletes is.

Through the real plugin, sampler and ledger, for the ways of hiding that are Nova's own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synchronizer.ledger import Ledger
from synchronizer.model import EntityType
from synchronizer.plugin import Page
from synchronizer_plugins.nova.kinds import AGGREGATE, FLAVOR, HYPERVISOR, SERVER_GROUP, SERVICE
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.functional.nova.compute_api import ComputeApi
from tests.functional.nova.scripted import Scripted
from tests.functional.openstack.sampled import Sampled, Time

MakeSampled = Callable[[EntityType], Sampled]


@pytest.fixture
def api(cloud: Scripted) -> ComputeApi:
    """Three entities a page."""
    return ComputeApi(cloud)


@pytest.fixture
def sampled(tmp_path: Path, api: ComputeApi, told: NovaPlugin) -> Iterator[MakeSampled]:
    """`sampled(type)` knows all entities of a type; none of them is young."""
    ledger = Ledger.open(
        f"sqlite:///{tmp_path}/ledger.sqlite", state_path=tmp_path / "state", migrate=True
    )

    def make(type_: EntityType) -> Sampled:
        found = Sampled(ledger, told, type_, Time())
        assert found.look()
        found.time.seconds += 120
        return found

    yield make
    ledger.close()


def endure(sampled: Sampled) -> None:
    """Listings for ten minutes; nothing is deleted by any."""
    for _ in range(5):
        sampled.look(after=120)
        assert sampled.deleted == []


def recover(sampled: Sampled, expected: set[str]) -> None:
    """Within a few listings all is proven, and as it was."""
    assert any(sampled.look(after=61) for _ in range(4))
    assert (sampled.ids, sampled.deleted, sampled.held) == (expected, [], {})


@pytest.mark.parametrize("type_", [FLAVOR, SERVER_GROUP, HYPERVISOR, SERVICE, AGGREGATE])
def test_a_role_that_is_lost_and_given_back_deletes_nothing(
    cloud: Scripted, sampled: MakeSampled, type_: EntityType
) -> None:
    """A member is shown flavors and groups with 200: public ones, and those of the project."""
    here = sampled(type_)
    everything = here.ids
    cloud.roles = ["member"]
    endure(here)
    cloud.roles = ["admin"]
    recover(here, everything)


def test_a_cell_that_is_down_and_comes_back_deletes_no_services(
    api: ComputeApi, sampled: MakeSampled
) -> None:
    here = sampled(SERVICE)
    everything = here.ids
    api.down_hosts = ["node2", "node3"]
    endure(here)
    assert here.problem is not None
    assert "a cell is down" in here.problem
    api.down_hosts = []
    recover(here, everything)


def test_hypervisors_behind_one_that_lost_its_service_are_not_deleted(
    api: ComputeApi, sampled: MakeSampled
) -> None:
    here = sampled(HYPERVISOR)
    everything = here.ids
    lost = api.hypervisors[1]["id"]
    api.orphans = {lost}
    for _ in range(3):
        assert here.look(after=120)
    # Nova shows it still by itself, so it is not gone.
    assert (here.ids, here.deleted) == (everything, [])
    api.hypervisors = [each for each in api.hypervisors if each["id"] != lost]
    for _ in range(3):
        assert here.look(after=120)
    assert (here.ids, here.deleted) == (everything - {lost}, [lost])


def test_server_groups_that_move_while_they_are_read_are_not_deleted(
    api: ComputeApi, sampled: MakeSampled, told: NovaPlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = sampled(SERVER_GROUP)
    everything = here.ids
    first = api.groups[0]["id"]
    get_all = told.get_all

    def losing(type_: EntityType) -> Iterator[Page]:
        for number, page in enumerate(get_all(type_)):
            yield page
            if number == 0 and api.groups[0]["id"] == first:
                api.delete("nova.server_group", first)

    monkeypatch.setattr(told, "get_all", losing)
    assert not here.look(after=120)
    assert here.deleted == []
    for _ in range(3):
        here.look(after=120)
    assert (here.ids, here.deleted) == (everything - {first}, [first])


@pytest.mark.parametrize("type_", [AGGREGATE, FLAVOR, SERVER_GROUP])
def test_what_is_deleted_is_deleted(
    api: ComputeApi, sampled: MakeSampled, type_: EntityType
) -> None:
    here = sampled(type_)
    everything = here.ids
    gone = min(everything)
    api.delete(type_.name, gone)
    for _ in range(3):
        here.look(after=120)
    assert (here.ids, here.deleted) == (everything - {gone}, [gone])
