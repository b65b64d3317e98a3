# SPDX-License-Identifier: Apache-2.0
import threading

from hypothesis import given
from hypothesis import strategies as st

from synchronizer.sampling.rawhash import RawHasher
from synchronizer.sampling.turns import Turns
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import Source, raw


def test_deletions_are_remembered_only_while_a_request_may_not_know_them(
    bench: Bench, source: Source
) -> None:
    source.put("a")
    bench.listing()
    sampler = bench.sampling.sampler
    with sampler.request() as stale:
        source.drop("a")
        bench.poll_changes()
        bench.look_again()
        with sampler.request() as fresh:
            assert not sampler.baseline.may_speak("a", stale.moment)
            assert sampler.baseline.may_speak("a", fresh.moment)
            assert sampler.record([raw({"id": "a"})], stale).again == ["a"]
    assert sampler.baseline._gone == {}
    assert bench.states == {}


IDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=4)


@given(st.lists(IDS, max_size=30), st.integers(1, 7))
def test_slices_hold_each_id_once_with_its_last_item(ids: list[str], size: int) -> None:
    items = [raw({"id": id_, "n": n}) for n, id_ in enumerate(ids)]
    parts = list(RawHasher("id").slices(items, size))
    got = {
        id_: bytes(item) for part in parts for id_, item in zip(part.ids, part.items, strict=True)
    }
    assert got == {id_: bytes(item) for id_, item in zip(ids, items, strict=True)}
    assert sum(len(part.ids) for part in parts) == len(set(ids))
    assert all(len(part.ids) == len(part.hashes) <= size for part in parts)


def test_turns_are_taken_in_the_order_of_asking() -> None:
    turns, order, threads = Turns(), list[int](), list[threading.Thread]()

    def take(number: int) -> None:
        with turns:
            order.append(number)

    with turns:
        for number in range(20):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            while len(turns._waiting) <= number:
                pass
    for thread in threads:
        thread.join()
    assert order == list(range(20))
    with turns:
        order.append(20)
    assert order[-1] == 20
