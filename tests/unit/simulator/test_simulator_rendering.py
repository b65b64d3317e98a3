# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer.simulator import USER_DATA_MARKER, USER_DATA_SECRET, instants
from synchronizer.simulator.accounts import Accounts
from synchronizer.simulator.rendering import View, ViewKey
from synchronizer.simulator.seeded import Seeded

ROOT = "http://cloud.test/compute"
births = st.integers(0, 2_000_000)
minors = st.integers(1, 104)


def view(minor: int = 96, *, admin: bool = True, form: str = "detail", seed: int = 1) -> View:
    return View(ViewKey(ROOT, minor, admin, form), Accounts(seed))


def render(one: View, birth: int, seed: int = 1) -> bytes:
    seeded = Seeded(seed)
    facts = seeded.facts(birth)
    return one.render(facts, seeded.first_state(facts))


@given(births, st.integers())
def test_an_id_is_a_uuid_that_leads_back_to_its_birth(birth: int, seed: int) -> None:
    seeded = Seeded(seed)
    text = seeded.facts(birth).id.decode()
    assert str(UUID(text)) == text
    assert UUID(text).version == 4
    assert seeded.birth(text) == birth


@given(st.one_of(st.uuids().map(str), st.text(max_size=40)))
def test_a_foreign_id_has_no_birth(text: str) -> None:
    seeded = Seeded(1)
    birth = seeded.birth(text)
    assert birth is None or seeded.facts(birth).id.decode() == text


def test_a_thousand_servers_have_a_thousand_ids() -> None:
    seeded = Seeded(7)
    assert len({seeded.facts(birth).id for birth in range(1000)}) == 1000


@given(births, minors, st.booleans(), st.sampled_from(["detail", "show", "index"]))
def test_every_view_of_every_server_is_json_spaced_as_nova_spaces_it(
    birth: int, minor: int, admin: bool, form: str
) -> None:
    text = render(view(minor, admin=admin, form=form), birth)
    assert json.dumps(json.loads(text)).encode() == text


@given(births)
def test_a_server_has_the_same_bytes_every_time(birth: int) -> None:
    assert render(view(), birth) == render(view(), birth)


def test_another_seed_makes_other_servers() -> None:
    assert render(view(), 1) != render(view(seed=2), 1, seed=2)


def test_a_detailed_server_is_about_as_large_as_a_real_one() -> None:
    sizes = [len(render(view(), birth)) for birth in range(500)]
    assert 2500 < sum(sizes) / len(sizes) < 3200


@pytest.mark.parametrize(
    ("minor", "key"),
    [
        (3, "OS-EXT-SRV-ATTR:user_data"),
        (9, "locked"),
        (16, "host_status"),
        (19, "description"),
        (26, "tags"),
        (63, "trusted_image_certificates"),
        (73, "locked_reason"),
        (96, "pinned_availability_zone"),
        (100, "scheduler_hints"),
    ],
)
def test_a_key_appears_with_its_microversion(minor: int, key: str) -> None:
    assert key not in json.loads(render(view(minor - 1), 3))
    assert key in json.loads(render(view(minor), 3))


def test_the_flavor_is_embedded_from_2_47_and_the_image_has_properties_from_2_98() -> None:
    assert set(json.loads(render(view(46), 3))["flavor"]) == {"id", "links"}
    assert json.loads(render(view(47), 3))["flavor"]["extra_specs"]
    assert "properties" not in json.loads(render(view(97), 3))["image"]
    assert json.loads(render(view(98), 3))["image"]["properties"]


def test_server_groups_are_shown_for_one_server_and_not_in_a_list() -> None:
    assert "server_groups" in json.loads(render(view(71, form="show"), 3))
    assert "server_groups" not in json.loads(render(view(71), 3))


def test_a_member_sees_neither_host_nor_user_data() -> None:
    seen = json.loads(render(view(96, admin=False), 3))
    assert {key for key in seen if key.startswith("OS-EXT-SRV-ATTR")} == {
        "OS-EXT-SRV-ATTR:hostname"
    }
    assert "host_status" not in seen


def test_some_user_data_holds_the_marker_in_its_base64_form() -> None:
    texts = [json.loads(render(view(), b))["OS-EXT-SRV-ATTR:user_data"] for b in range(200)]
    marked = [text for text in texts if text and USER_DATA_MARKER in text]
    assert 20 < len(marked) < 100
    assert USER_DATA_SECRET in base64.b64decode(marked[0]).decode()
    unmarked = [text for text in texts if text and USER_DATA_MARKER not in text]
    assert all(USER_DATA_SECRET not in base64.b64decode(text).decode() for text in unmarked)


@given(births)
def test_a_server_of_a_down_cell_is_shown_in_part(birth: int) -> None:
    seeded = Seeded(1)
    facts = seeded.facts(birth)
    shown = json.loads(view(form="show").unknown(facts, seeded.first_state(facts)))
    listed = json.loads(view().unknown(facts, seeded.first_state(facts)))
    assert shown["status"] == listed["status"] == "UNKNOWN"
    assert set(listed) == {"id", "status", "tenant_id", "created", "links"}
    assert {"flavor", "image", "user_id", "OS-EXT-STS:power_state"} <= set(shown)
    assert "name" not in shown


@given(st.integers(0, 4_000_000_000))
def test_instants_are_written_as_nova_writes_them(seconds: int) -> None:
    written = instants.zulu(seconds).decode()
    assert written == datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert instants.parse(written) == seconds * 1_000_000


@pytest.mark.parametrize("text", ["", "soon", "2026-01-02T03:04:05 00:00", "2026-13-01T00:00:00Z"])
def test_a_text_that_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        instants.parse(text)


def test_an_instant_may_carry_a_zone_and_a_fraction() -> None:
    assert instants.parse("1970-01-01T01:00:00.5+01:00") == 500_000
