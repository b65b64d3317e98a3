# SPDX-License-Identifier: Apache-2.0
"""What the demonstration shows of a change."""

from synchronizer.demo.difference import Difference, differences, short


def test_only_the_values_that_differ_are_shown_with_the_way_to_them() -> None:
    old = {"metadata": {"role": "db", "tier": "1"}, "updated": "a"}
    new = {"metadata": {"role": "web", "tier": "1"}, "updated": "b"}
    assert differences(old, new, ["metadata", "updated"]) == [
        Difference("metadata.role", "db", "web")
    ]


def test_a_changed_address_is_found_inside_of_its_network() -> None:
    old = {"addresses": {"net": [{"addr": "10.0.0.1", "version": 4}]}}
    new = {"addresses": {"net": [{"addr": "10.0.0.9", "version": 4}]}}
    assert differences(old, new, ["addresses"]) == [
        Difference("addresses.net.addr", "10.0.0.1", "10.0.0.9")
    ]


def test_what_came_and_what_went_is_shown_beside_nothing() -> None:
    assert differences({"metadata": {"a": "1"}}, {"metadata": {"b": None}}, ["metadata"]) == [
        Difference("metadata.a", "1", "-"),
        Difference("metadata.b", "-", "-"),
    ]


def test_the_time_of_the_change_is_shown_only_if_it_is_all() -> None:
    assert differences({"updated": "a"}, {"updated": "b"}, ["updated"]) == [
        Difference("updated", "a", "b")
    ]


def test_the_state_comes_first_and_without_the_extension_s_name() -> None:
    old = {"OS-EXT-STS:power_state": 1, "OS-EXT-STS:vm_state": "active", "progress": 1}
    new = {"OS-EXT-STS:power_state": 4, "OS-EXT-STS:vm_state": "stopped", "progress": 2}
    shown = differences(old, new, ["OS-EXT-STS:power_state", "OS-EXT-STS:vm_state", "progress"])
    assert [each.path for each in shown] == ["vm_state", "power_state", "progress"]


def test_long_values_are_cut() -> None:
    assert short("x" * 100) == "x" * 23 + "…"
    assert len(short({"a": list(range(100))})) == 24
