# SPDX-License-Identifier: Apache-2.0
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer import fingerprint, outgoing
from synchronizer.bus import envelope
from synchronizer.ledger import Version
from tests.unit.publishing.support import Author

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def version(revision: int, entity: dict[str, object]) -> Version:
    raw = fingerprint.encode(entity)
    return Version(revision, "id", "create", b"0" * 16, 0, 0, 0, None, (), raw, 1, 0)


def in_a_message(value: object) -> int:
    """Bytes that oslo.messaging makes of it: JSON within JSON, in ASCII."""
    return len(json.dumps(json.dumps(value))) - len('""')


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_nothing_takes_more_of_a_message_than_it_weighs(entity: dict[str, object]) -> None:
    assert in_a_message(entity) <= outgoing.weigh(fingerprint.encode(entity))


@given(
    st.lists(st.dictionaries(st.text(max_size=40), st.text(max_size=400)), min_size=1, max_size=20),
    st.integers(200, 3000),
)
def test_what_fits_stays_within_a_messages_bytes(
    entities: list[dict[str, object]], max_bytes: int
) -> None:
    versions = [version(number, entity) for number, entity in enumerate(entities, 1)]
    taken = outgoing.fitting(versions, max_bytes)
    assert list(taken) == versions[: len(taken)]
    assert taken
    if len(taken) > 1:
        wire = [envelope.change_to_wire(outgoing.change_of(one, max_bytes)) for one in taken]
        assert in_a_message(wire) <= outgoing.message_bytes(max_bytes)


def test_a_text_that_grows_on_its_way_is_oversized_though_its_bytes_are_few() -> None:
    # 300 KiB of UTF-8 become more than 1 MiB of escapes.
    cyrillic = version(1, {"text": "я" * 150 * 1024})
    latin = version(1, {"text": "x" * 300 * 1024})
    assert outgoing.change_of(cyrillic, outgoing.MAX_BYTES).oversized
    assert not outgoing.change_of(latin, outgoing.MAX_BYTES).oversized


@given(st.binary(max_size=300))
def test_no_byte_weighs_more_than_seven(raw: bytes) -> None:
    assert outgoing.weigh(raw) <= 7 * len(raw)


def test_the_usual_message_stays_below_a_mebibyte() -> None:
    assert outgoing.message_bytes(outgoing.MAX_BYTES) < (1 << 20) - (64 << 10)


def test_a_bookmark_is_made_only_of_a_row_in_which_all_is_published(author: Author) -> None:
    author.put({"id": "a"})
    with pytest.raises(ValueError, match="has published 0 of 1"):
        outgoing.bookmark_of(author.state, 10.0)
