# SPDX-License-Identifier: Apache-2.0
import json
import random

import msgspec
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from synchronizer import errors
from synchronizer import fingerprint as fp

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ENTITIES = st.dictionaries(st.text(), JSON, max_size=8)
LIVE = st.dictionaries(st.text(min_size=1), st.binary(min_size=16, max_size=16))


def shuffled(value: object) -> object:
    if isinstance(value, dict):
        items = list(value.items())
        random.Random(7).shuffle(items)
        return {key: shuffled(inner) for key, inner in items}
    if isinstance(value, list):
        return [shuffled(inner) for inner in value]
    return value


@given(ENTITIES)
def test_the_order_of_keys_does_not_matter(entity: dict[str, object]) -> None:
    other = shuffled(entity)
    assert isinstance(other, dict)
    assert fp.fingerprint(entity, frozenset(), 5) == fp.fingerprint(other, frozenset(), 5)


@given(ENTITIES, ENTITIES)
def test_two_states_have_one_fingerprint_only_if_they_are_one(
    one: dict[str, object], other: dict[str, object]
) -> None:
    same = fp.fingerprint(one, frozenset(), 1) == fp.fingerprint(other, frozenset(), 1)
    assert same == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


def test_the_order_of_a_list_is_part_of_the_state() -> None:
    assert fp.fingerprint({"a": [1, 2]}, frozenset(), 0) != fp.fingerprint(
        {"a": [2, 1]}, frozenset(), 0
    )


@given(ENTITIES, JSON, JSON)
def test_a_volatile_field_is_not_in_the_fingerprint(
    entity: dict[str, object], one: object, other: object
) -> None:
    volatile = frozenset({"beat"})
    assert fp.fingerprint(entity | {"beat": one}, volatile, 3) == fp.fingerprint(
        entity | {"beat": other}, volatile, 3
    )


def test_the_seed_keys_the_fingerprint() -> None:
    assert fp.fingerprint({"a": 1}, frozenset(), 1) != fp.fingerprint({"a": 1}, frozenset(), 2)


@given(LIVE)
def test_the_digest_is_kept_incrementally_in_any_order(live: dict[str, bytes]) -> None:
    running = 0
    for id_, print_ in sorted(live.items(), reverse=True):
        running = (running + fp.digest_of(id_, print_)) % fp.DIGEST_MODULUS
    assert running == fp.digest(live.items())


def test_the_digest_tells_where_an_id_ends() -> None:
    tail = b"\x00" * 15
    assert fp.digest([("ab", b"c" + tail)]) != fp.digest([("abc", tail + b"\x00")])


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[1]", b'"x"', b"null", b'{"a": "\\ud800"}', b"\xff", b'{"a": NaN}', b"[" * 5000],
)
def test_what_is_not_a_json_object_is_a_bad_item(raw: bytes) -> None:
    with pytest.raises(errors.BadItem):
        fp.decode(raw)


def test_a_raw_slice_is_decoded_as_its_bytes_are() -> None:
    (raw,) = msgspec.json.decode(b'[{"id": "x"}]', type=list[msgspec.Raw])
    assert fp.decode(raw) == {"id": "x"}


def test_without_gives_the_entity_itself_when_there_is_nothing_to_drop() -> None:
    entity = {"id": "x"}
    assert fp.without(entity, frozenset({"secret"})) is entity
    assert fp.without({"id": "x", "secret": 1}, frozenset({"secret"})) == {"id": "x"}


@given(st.text(max_size=40), st.integers(0, fp.MOST_BITS))
def test_an_id_is_in_the_bucket_that_the_first_bits_of_its_hash_name(id_: str, bits: int) -> None:
    hash_ = f"{xxhash.xxh3_64_intdigest(id_.encode(), seed=0):064b}"
    assert fp.bucket_of(id_, bits) == int(hash_[:bits] or "0", 2)


def test_buckets_stay_what_they_are() -> None:
    """They are part of the wire contract: these values may never change."""
    ids = ["", "a", "9f1c2e0a-5b1d-4f6e-8a53-0c7d2b9e4f11", "\u00e9\U0001f642"]
    assert [fp.bucket_of(id_, 10) for id_ in ids] == [180, 923, 491, 936]
    assert [fp.bucket_of(id_, 0) for id_ in ids] == [0, 0, 0, 0]
