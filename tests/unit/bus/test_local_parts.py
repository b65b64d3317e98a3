# SPDX-License-Identifier: Apache-2.0
"""The local bus's parts that do no I/O."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer.bus.local import message, protocol
from synchronizer.bus.local.limits import Limits
from synchronizer.bus.local.queues import Queue
from synchronizer.bus.local.routing import Routes, matches
from synchronizer.bus.local.store import Store

words = st.sampled_from(["a", "b", "nova"])
keys = st.lists(words, min_size=1, max_size=5)
patterns = st.lists(words | st.sampled_from(["*", "#"]), min_size=1, max_size=5)


def _by_regex(pattern: list[str], key: list[str]) -> bool:
    """AMQP's rules as a regular expression over words that each end with a dot."""
    part = {"*": r"[^.]+\.", "#": r"(?:[^.]+\.)*"}
    expression = "".join(part.get(word, re.escape(word + ".")) for word in pattern)
    return re.fullmatch(expression, "".join(f"{word}." for word in key)) is not None


@given(patterns, keys)
def test_topics_match_as_amqp_says(pattern: list[str], key: list[str]) -> None:
    assert matches(pattern, key) == _by_regex(pattern, key)


def test_a_hostile_pattern_takes_no_exponential_time() -> None:
    assert not matches(["#", "a"] * 30, ["a"] * 200 + ["b"])


def test_routes_follow_bindings_and_forget_deleted_queues() -> None:
    routes = Routes()
    routes.bind("topic", "x", "a.*", "q1")
    routes.bind("topic", "x", "a.b", "q2")
    routes.bind("topic", "other", "a.b", "q3")
    routes.bind("fanout", "all", "all", "q2")
    assert routes.find("topic", "x", "a.b") == ("q1", "q2")
    assert routes.find("topic", "x", "a.c") == ("q1",)
    assert routes.find("fanout", "all", "anything") == ("q2",)
    assert routes.find("direct", "", "q3") == ("q3",)
    routes.unbind("q2")
    assert routes.find("topic", "x", "a.b") == ("q1",)
    assert routes.find("fanout", "all", "anything") == ()
    assert routes.find("direct", "", "q2") == ()


@given(
    st.lists(st.tuples(st.integers(min_value=0, max_value=2**31), st.binary(max_size=200))),
    st.integers(min_value=1, max_value=50),
)
def test_frames_survive_any_cutting(sent: list[tuple[int, bytes]], size: int) -> None:
    stream = b"".join(protocol.head(protocol.Deliver(1, n), body) + body for n, body in sent)
    frames = protocol.Frames(protocol.answers, 200)
    got = []
    for start in range(0, len(stream), size):
        frames.feed(stream[start : start + size])
        while (frame := frames.next()) is not None:
            got.append(frame)
    assert got == [(protocol.Deliver(1, n), body) for n, body in sent]


@given(st.binary(min_size=1))
def test_bytes_that_are_no_frame_are_a_bad_frame_or_an_unfinished_one(data: bytes) -> None:
    frames = protocol.Frames(protocol.requests, 100)
    frames.feed(data)
    try:
        assert frames.next() is None
    except protocol.BadFrame:
        return
    assert len(data) < 8 or data[:2] == protocol.head(protocol.Status())[:2]


def test_a_frame_beyond_the_limit_is_refused_before_its_body_came() -> None:
    frames = protocol.Frames(protocol.requests, 100)
    frames.feed(protocol.head(protocol.Publish("direct", "", "k"), b"x" * 101))
    with pytest.raises(protocol.BadFrame, match="101 bytes"):
        frames.next()


class Taker:
    """A consumer that takes so many messages."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.took: list[bytes] = []

    def ready(self) -> bool:
        return self.room > 0

    def take(self, queue: Queue, number: int, body: bytes) -> None:
        self.room -= 1
        self.took.append(body)


def _subscribe(store: Store, name: str, taker: Taker) -> Queue:
    return store.subscribe(protocol.Subscribe(0, "topic", "x", "k", name, True), taker)


@given(
    st.lists(st.binary(max_size=20), max_size=40),
    st.integers(min_value=1, max_value=10),
    st.integers(min_value=1, max_value=200),
    st.integers(min_value=0, max_value=5),
)
def test_a_store_never_holds_more_than_its_limits(
    bodies: list[bytes], queue_messages: int, total: int, room: int
) -> None:
    store = Store(Limits(queue_messages=queue_messages, queue_bytes=80, bytes=total))
    queues = [_subscribe(store, name, Taker(room)) for name in ("a", "b")]
    for body in bodies:
        assert store.publish(protocol.Publish("topic", "x", "k"), body) == 2
        assert store.held == sum(queue.held for queue in queues)
        assert store.held <= total
        for queue in queues:
            assert queue.waiting + queue.unacked <= max(queue_messages, room)
    assert store.dropped == sum(queue.dropped for queue in queues)


def test_a_queue_hands_out_in_order_and_takes_back_at_its_head() -> None:
    store = Store(Limits())
    taker = Taker(2)
    queue = _subscribe(store, "q", taker)
    for body in (b"1", b"2", b"3"):
        store.publish(protocol.Publish("topic", "x", "k"), body)
    assert taker.took == [b"1", b"2"]
    queue.returned(b"2")
    queue.returned(b"1")
    successor = Taker(5)
    queue.subscribe(successor, 0)
    store.leave(taker, [queue])
    assert successor.took == [b"1", b"2", b"3"]


def test_a_message_is_the_json_object_inside_oslos_envelope() -> None:
    inner = '{"method": "echo", "args": {"é": 1}}'
    body = message.encode({"oslo.version": "2.0", "oslo.message": inner})
    settled: list[bool] = []
    received = message.Message(body, settled.append)
    assert received == {"method": "echo", "args": {"é": 1}}
    received.requeue()
    received.acknowledge()
    assert settled == [True, False]
    assert message.Message(message.encode({"plain": 1}), settled.append) == {"plain": 1}


@pytest.mark.parametrize("body", [b"", b"[1]", b"\xff\xfe", b"{"])
def test_a_body_that_is_no_json_object_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        message.Message(body, lambda again: None)
