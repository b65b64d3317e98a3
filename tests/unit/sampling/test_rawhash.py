# SPDX-License-Identifier: Apache-2.0
"""The ids of texts that were seen before are remembered, correctly and not for ever."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from synchronizer.sampling.rawhash import RawHasher


def texts(*entities: Any) -> list[bytes]:
    return [json.dumps(entity).encode() for entity in entities]


def ids_of(hasher: RawHasher, items: list[bytes]) -> list[str]:
    return [id_ for part in hasher.slices(items, 2) for id_ in part.ids]


def test_a_page_that_was_seen_before_is_sliced_as_the_first_time() -> None:
    hasher = RawHasher("uuid")
    page = texts({"uuid": "a", "n": 1}, {"uuid": "b"}, {"uuid": "c"}, {"uuid": "a", "n": 2})
    first, second = (list(hasher.slices(page, 2)) for _ in range(2))
    assert first == second
    assert [part.ids for part in first] == [["a", "b"], ["c"]]
    assert first[0].items[0] == page[3]


def test_a_text_that_is_bad_is_bad_each_time_and_costs_no_other_its_place() -> None:
    hasher = RawHasher("id")
    spoilt = texts({"id": ""}, {"id": "x" * 2000}, {"id": "a\0b"}, {"id": 7}, {})
    page = [*texts({"id": "a"}), *spoilt, b"{", *texts({"id": "b"})]
    for _ in range(2):
        parts = list(hasher.slices(page, 1000))
        assert [part.ids for part in parts] == [["a", "b"]]
        assert [bytes(item) for item in parts[0].items] == [page[0], page[-1]]
        assert len(parts[0].bad) == 6


def test_ids_are_forgotten_when_there_are_more_than_could_be_of_use() -> None:
    hasher = RawHasher("id", live=lambda: 10)
    for round_ in range(100):
        page = texts(*({"id": str(n), "round": round_} for n in range(100)))
        assert ids_of(hasher, page) == [str(n) for n in range(100)]
        assert len(hasher._ids) <= 2 * 10 + 1000 + 100


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), max_size=6)))
def test_what_was_seen_before_makes_no_difference(pages: list[list[tuple[str, int]]]) -> None:
    hasher = RawHasher("id")
    for page in pages:
        items = texts(*({"id": id_, "n": n} for id_, n in page))
        fresh = RawHasher("id")
        fresh._seed = hasher._seed
        assert list(hasher.slices(items, 4)) == list(fresh.slices(items, 4))
