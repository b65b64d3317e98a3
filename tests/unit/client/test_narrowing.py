# SPDX-License-Identifier: Apache-2.0
"""Whatever differs is found, and nothing that does not."""

from hypothesis import given, settings
from hypothesis import strategies as st

from synchronizer import fingerprint
from synchronizer.client.narrowing import MOST_ROSTERS, Narrowing
from synchronizer.client.questions import AskDigests, AskRoster
from synchronizer.client.values import Bucket, Digests, RosterItem, RosterPage

Held = dict[str, bytes]


def held(count: int) -> Held:
    return {f"id-{number}": number.to_bytes(16) for number in range(count)}


def narrow(mine: Held, theirs: Held, page: int = 7) -> tuple[Narrowing, list[AskRoster]]:
    narrowing = Narrowing(mine, "e", 9)
    asked = []
    while (question := narrowing.question()) is not None:
        if isinstance(question, AskDigests):
            narrowing.digests(digests(theirs, question.bits))
            continue
        asked.append(question)
        items = [
            RosterItem(id_, 1, print_)
            for id_, print_ in theirs.items()
            if fingerprint.bucket_of(id_, question.bits) == question.bucket
        ]
        start = int(question.cursor or 0)
        more = str(start + page) if start + page < len(items) else None
        narrowing.roster(RosterPage(items[start : start + page], more))
    return narrowing, asked


def digests(theirs: Held, bits: int) -> Digests:
    buckets: list[list[tuple[str, bytes]]] = [[] for _ in range(1 << bits)]
    for id_, print_ in theirs.items():
        buckets[fingerprint.bucket_of(id_, bits)].append((id_, print_))
    counted = tuple(Bucket(len(bucket), fingerprint.digest(bucket)) for bucket in buckets)
    return Digests("c", "a.b", "e", 9, bits, counted)


@given(
    st.sampled_from([0, 1, 5, 100, 700]),
    st.sets(st.integers(0, 700), max_size=40),
    st.sets(st.integers(0, 700), max_size=40),
    st.sets(st.integers(701, 900), max_size=40),
)
@settings(max_examples=150, deadline=None)
def test_exactly_what_differs_is_found(
    count: int, changed: set[int], gone: set[int], new: set[int]
) -> None:
    theirs = held(count)
    mine = dict(theirs)
    for number in changed:
        if f"id-{number}" in mine:
            mine[f"id-{number}"] = b"x" * 16
    for number in gone:
        mine.pop(f"id-{number}", None)
    for number in new:
        mine[f"id-{number}"] = b"y" * 16
    narrowing, _ = narrow(mine, theirs)
    found = narrowing.differences
    assert found.missing.keys() == theirs.keys() - mine.keys()
    assert set(found.surplus) == mine.keys() - theirs.keys()
    both = mine.keys() & theirs.keys()
    assert found.differing.keys() == {id_ for id_ in both if mine[id_] != theirs[id_]}
    assert (narrowing.count, narrowing.digest) == (count, fingerprint.digest(theirs.items()))
    assert bool(found) == (mine != theirs)


def test_where_nothing_differs_no_roster_is_asked_for() -> None:
    _, asked = narrow(held(1000), held(1000))
    assert asked == []


def test_where_much_differs_the_whole_roster_is_asked_for_once() -> None:
    mine = dict.fromkeys(held(5000), b"x" * 16)
    _, asked = narrow(mine, held(5000), page=5000)
    assert [(question.bits, question.bucket) for question in asked] == [(0, 0)]


def test_where_little_differs_only_its_buckets_are_asked_for() -> None:
    mine = held(50_000)
    for number in range(MOST_ROSTERS):
        mine[f"id-{number}"] = b"x" * 16
    narrowing, asked = narrow(mine, held(50_000), page=5000)
    assert len(narrowing.differences) == MOST_ROSTERS
    assert all(question.bits == 10 for question in asked)
    assert len(asked) <= MOST_ROSTERS
