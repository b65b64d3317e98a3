# SPDX-License-Identifier: Apache-2.0
"""What a document shows is told from what it does not show."""

import pytest

from tests.acceptance.docs.shape import missing

SAID = ["beginning", "25 servers on 21 hosts", "   web-19 ACTIVE", "bus  local:///a/b", ""]


@pytest.mark.parametrize(
    "shown",
    [
        [],
        ["beginning", "7 servers on 1,118 hosts"],
        ["db-0000007 SHUTOFF"],
        ["beginning", "bus local:///a/b"],
        ["… servers on …"],
    ],
)
def test_what_is_said_in_other_numbers_names_and_states_is_not_missing(shown: list[str]) -> None:
    assert missing(shown, SAID) is None


@pytest.mark.parametrize(
    ("shown", "lacking"),
    [
        (["going on"], "going on"),
        (["beginning", "beginning"], "beginning"),
        (["25 servers on 21 hosts", "beginning"], "beginning"),
        (["25 servers on 21"], "25 servers on 21"),
        (["x servers on 21 hosts"], "x servers on 21 hosts"),
        (["web-19 active"], "web-19 active"),
        (["bus  local:///a/c"], "bus  local:///a/c"),
        (["25 servers on 21 hosts!"], "25 servers on 21 hosts!"),
    ],
)
def test_the_first_line_that_did_not_come_is_missing(shown: list[str], lacking: str) -> None:
    assert missing(shown, SAID) == lacking


def test_a_number_is_not_a_word() -> None:
    assert missing(["0.1 s ago"], ["None s ago"]) == "0.1 s ago"
    assert missing(["listed 12 ms ago"], ["listed 1.2 min ago"]) is None
    assert missing(["1 differs"], ["-1 differs"]) == "1 differs"
