# SPDX-License-Identifier: Apache-2.0
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer import errors
from synchronizer.client.token import Position, Positions
from synchronizer.model import StreamKey

NAMES = st.text(min_size=1, max_size=20)
POSITIONS = st.dictionaries(
    st.builds(StreamKey, NAMES, NAMES),
    st.builds(Position, NAMES, st.integers(0, 1 << 62), st.integers(0, (1 << 128) - 1)),
    max_size=5,
)


@given(POSITIONS)
def test_a_token_brings_back_what_it_was_made_of(known: dict[StreamKey, Position]) -> None:
    token = Positions(dict(known)).to_token()
    again = Positions.from_token(token)
    assert {stream: again.of(stream) for stream in known} == known
    assert again.to_token() == token


@given(POSITIONS, st.data())
def test_a_token_in_which_anything_was_changed_is_refused(
    known: dict[StreamKey, Position], data: st.DataObject
) -> None:
    token = Positions(known).to_token()
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != token[place]))
    with pytest.raises(errors.BadRequest, match="without resume"):
        Positions.from_token(token[:place] + other + token[place + 1 :])


def test_a_token_whose_last_character_says_the_same_in_another_way_is_refused() -> None:
    for length in range(3):
        token = Positions({StreamKey("c" * length, "t"): Position("e", 1, 2)}).to_token()
        for last in string.ascii_letters + string.digits + "-_":
            if last != token[-1]:
                with pytest.raises(errors.BadRequest, match="damaged"):
                    Positions.from_token(token[:-1] + last)


@given(POSITIONS, st.data())
def test_a_token_that_was_cut_off_is_refused(
    known: dict[StreamKey, Position], data: st.DataObject
) -> None:
    token = Positions(known).to_token()
    with pytest.raises(errors.BadRequest, match="without resume"):
        Positions.from_token(token[: data.draw(st.integers(0, len(token) - 1))])


def test_a_token_is_small_and_has_no_character_that_needs_care() -> None:
    known = {
        StreamKey("openstack1", f"nova.kind{number}"): Position("01KE8ZJ5V9Q2M7T4XW3N6B8R0C", 5, 7)
        for number in range(20)
    }
    token = Positions(known).to_token()
    assert len(token) < 2500
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()
