# SPDX-License-Identifier: Apache-2.0
"""What a configuration costs, reckoned before it runs."""

from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.conf import Settings, load
from synchronizer.daemon.planning import ServicePlan, given, nobody, planned, warnings
from synchronizer.model import StreamKey

COUNTS = {"nova.server": 2500, "nova.flavor": 10}


def settings(tmp_path: Path, text: str = "") -> Settings:
    file = tmp_path / "synchronizer.conf"
    file.write_text(
        f"[DEFAULT]\nclouds = one\nstate_path = {tmp_path}\nruntime_path = {tmp_path}\n"
        f"[nova.server]\ninterval = 100\nchanges_interval = 10\n"
        f"[cloud:one:nova]\ntypes = nova.server, nova.flavor\n{text}"
    )
    return load([file])


def known(key: StreamKey) -> int | None:
    return COUNTS.get(key.type)


def plan(tmp_path: Path, text: str = "") -> ServicePlan:
    (of,) = planned(settings(tmp_path, text), known, nobody)
    return of


def test_a_type_costs_its_pages_with_each_listing_and_its_requests_with_each_poll(
    tmp_path: Path,
) -> None:
    of = next(of for of in plan(tmp_path).types if of.key.type == "nova.server")
    assert of.pages == 3
    assert of.listings == pytest.approx(36 / 0.95)
    assert of.listing_calls == pytest.approx(3 * 36 / 0.95)
    # Servers that are there, and destroyed ones.
    assert of.changes_calls == pytest.approx(2 * 360 / 0.95)


def test_a_type_without_changes_costs_its_listings(tmp_path: Path) -> None:
    of = next(of for of in plan(tmp_path).types if of.key.type == "nova.flavor")
    assert of.changes_calls == 0
    assert of.calls == of.listing_calls > 0


def test_changes_that_are_not_asked_for_cost_nothing(tmp_path: Path) -> None:
    of = plan(tmp_path, "[cloud:one:nova.server]\nchanges_interval = 0\n")
    assert not any(of.changes_calls for of in of.types)


def test_the_service_s_cost_is_that_of_its_types_beside_its_budget(tmp_path: Path) -> None:
    of = plan(tmp_path)
    assert of.calls == sum(type_.calls for type_ in of.types)
    assert of.share(36_000) == 1
    assert not list(warnings(of))


def test_without_a_budget_nothing_exceeds_it(tmp_path: Path) -> None:
    of = plan(tmp_path, "requests_per_minute = 0\n")
    assert of.share(of.calls) is None
    assert not list(warnings(of))


def test_what_exceeds_the_budget_is_told_with_what_to_change(tmp_path: Path) -> None:
    of = plan(tmp_path, "requests_per_minute = 2\n")
    told = list(warnings(of))
    assert ["listings" in text or "changes" in text or "all types" in text for text in told] == [
        True
    ] * len(told)
    assert any("all types" in text for text in told)
    enough = int(told[0].partition("to at least ")[2].partition(",")[0])
    assert "[cloud:one:nova]" in told[0]
    assert not list(warnings(plan(tmp_path, f"requests_per_minute = {enough}\n")))
    assert list(warnings(plan(tmp_path, f"requests_per_minute = {enough - 1}\n")))


def test_what_nobody_knows_is_asked(tmp_path: Path) -> None:
    asked = []

    def ask(key: StreamKey, configured: object) -> int:
        asked.append(key)
        return 5

    (of,) = planned(settings(tmp_path), lambda key: None, ask)
    assert {type_.count for type_ in of.types} == {5}
    assert sorted(key.type for key in asked) == ["nova.flavor", "nova.server"]


def test_what_nobody_knows_and_nobody_may_ask_has_to_be_said(tmp_path: Path) -> None:
    with pytest.raises(errors.BadConfiguration, match=r"--count one:nova\.server=NUMBER"):
        list(planned(settings(tmp_path), lambda key: None, nobody))


def test_counts_are_of_one_cloud_or_all() -> None:
    assert given(["nova.server=5", "one:nova.server=7"]) == {
        ("", "nova.server"): 5,
        ("one", "nova.server"): 7,
    }


@pytest.mark.parametrize("text", ["nova.server", "nova.server=", "=5", "nova.server=-1", "one:=5"])
def test_a_count_without_its_form_is_refused(text: str) -> None:
    with pytest.raises(errors.BadConfiguration, match="--count"):
        given([text])
