# SPDX-License-Identifier: Apache-2.0
"""The local broker keeps within its bounds, whatever its peers do."""

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator

import pytest

from synchronizer.bus.local import protocol
from synchronizer.bus.local.ask import broker_status
from synchronizer.bus.local.link import Link, Refusal
from synchronizer.bus.local.status import QueueStatus

from .brokers import LocalBroker, eventually

MakeLocal = Callable[..., LocalBroker]


def soon() -> float:
    return time.monotonic() + 30


@contextlib.contextmanager
def linked(broker: LocalBroker) -> Iterator[Link]:
    with Link(broker.path, soon()) as link:
        yield link


def subscribe(link: Link, queue: str, number: int = 0, credit: int = 0) -> None:
    shared = not queue.startswith("own")
    link.request(
        protocol.Subscribe(number, "topic", "x", "key", queue, shared, credit), b"", soon()
    )


def publish(link: Link, body: bytes) -> int:
    return link.request(protocol.Publish("topic", "x", "key"), body, soon())[0].count


def queue_of(broker: LocalBroker, name: str) -> QueueStatus:
    return next(queue for queue in broker_status(broker.path).queues if queue.name == name)


def test_a_publisher_learns_how_many_queues_took_its_message(make_local: MakeLocal) -> None:
    with linked(make_local()) as link:
        assert publish(link, b"a") == 0
        subscribe(link, "one")
        subscribe(link, "two")
        assert publish(link, b"b") == 2


def test_a_full_queue_drops_its_oldest_messages_and_counts_them(make_local: MakeLocal) -> None:
    broker = make_local("--queue-messages", "5")
    with linked(broker) as link:
        subscribe(link, "q", credit=1)
        for number in range(10):
            publish(link, b"%d" % number)
        status = queue_of(broker, "q")
        assert (status.waiting, status.unacked, status.dropped) == (4, 1, 5)
        got = []
        for _ in range(5):
            delivery = link.delivery(soon())
            assert delivery is not None
            got.append(delivery[1])
            link.tell(protocol.Settle(delivery[0].delivery), soon())
        assert got == [b"0", b"6", b"7", b"8", b"9"]


def test_the_whole_broker_has_a_bound_of_bytes(make_local: MakeLocal) -> None:
    broker = make_local("--bytes", "100000")
    with linked(broker) as link:
        subscribe(link, "own-idle", credit=1)
        subscribe(link, "shared-idle", credit=1)
        for _ in range(300):
            publish(link, b"x" * 1000)
        status = broker_status(broker.path)
    assert status.bytes <= 100_000
    assert status.bytes == sum(queue.bytes for queue in status.queues)
    assert status.dropped == sum(queue.dropped for queue in status.queues) > 400


def test_a_peer_that_does_not_read_is_not_served_beyond_its_bounds(make_local: MakeLocal) -> None:
    broker = make_local("--output", "100000", "--queue-bytes", "10000000")
    with linked(broker) as deaf, linked(broker) as other:
        subscribe(deaf, "q", credit=1000)
        for _ in range(500):
            publish(other, b"x" * 10_000)
        status = queue_of(broker, "q")
        # 5 MB are published: the kernel buffers some of it, the broker may send 100 kB more.
        assert status.waiting > 100
        got = 0
        while got < 500:
            delivery = deaf.delivery(soon())
            assert delivery is not None
            deaf.tell(protocol.Settle(delivery[0].delivery), soon())
            got += 1
        eventually(lambda: queue_of(broker, "q").bytes == 0, "all is settled")


def test_a_peer_that_says_no_credit_gets_the_brokers(make_local: MakeLocal) -> None:
    broker = make_local("--credit", "7")
    with linked(broker) as link:
        subscribe(link, "q")
        for _ in range(20):
            publish(link, b"x")
        assert queue_of(broker, "q").unacked == 7


def test_a_peer_that_floods_without_reading_answers_is_held_back(make_local: MakeLocal) -> None:
    broker = make_local("--output", "10000")
    frame = protocol.head(protocol.Publish("topic", "x", "nobody"))
    with socket.socket(socket.AF_UNIX) as flood:
        flood.connect(broker.path)
        flood.setblocking(False)
        sent = 0
        while select.select([], [flood], [], 1.0)[1]:
            assert sent < 100 << 20, "the broker takes requests without end"
            with contextlib.suppress(BlockingIOError):
                sent += flood.send(frame * 1000)
        with linked(broker) as link:
            assert publish(link, b"others are served") == 0


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: bus\r\n\r\n",
        struct.pack("!HHI", 0x5301, 10, 0xFFFFFFFF),
        struct.pack("!HHI", 0x5301, 4, 0) + b"nope",
        struct.pack("!HHI", 0x5301, 15, 0) + b'{"op":"nonesuc"',
        struct.pack("!HHI", 0x5301, 20, 0) + b'{"op":"settle","a":1',
        protocol.head(protocol.Hello(version=1, body=1)),
    ],
    ids=["another protocol", "huge", "not JSON", "cut JSON", "no fields", "not a request"],
)
def test_garbage_closes_the_peer_that_sent_it_and_no_other(
    make_local: MakeLocal, garbage: bytes
) -> None:
    broker = make_local()
    with linked(broker) as link, socket.socket(socket.AF_UNIX) as hostile:
        subscribe(link, "q")
        hostile.settimeout(30)
        hostile.connect(broker.path)
        hostile.sendall(garbage)
        with contextlib.suppress(ConnectionResetError):
            while hostile.recv(4096):
                continue
        assert publish(link, b"still here") == 1


def test_too_many_connections_are_refused_with_a_reason(make_local: MakeLocal) -> None:
    broker = make_local("--peers", "2")
    with linked(broker), linked(broker), pytest.raises(Refusal, match="2 connections"):
        Link(broker.path, soon())


def test_too_many_subscriptions_and_queues_are_refused(make_local: MakeLocal) -> None:
    broker = make_local("--subscriptions", "3", "--queues", "4")
    with linked(broker) as one, linked(broker) as other:
        for name in ("a", "b", "c"):
            subscribe(one, name)
        with pytest.raises(Refusal, match="3 subscriptions"):
            subscribe(one, "d")
        subscribe(other, "d")
        with pytest.raises(Refusal, match="4 queues"):
            subscribe(other, "e")
        assert publish(one, b"x") == 4


def test_a_message_that_is_too_big_is_refused_before_it_is_sent(make_local: MakeLocal) -> None:
    broker = make_local("--body", "1000")
    with linked(broker) as link:
        assert link.longest == 1000
        with pytest.raises(OSError, match="closed"):
            publish(link, b"x" * 1001)


def test_a_shared_queue_outlives_its_consumer_for_the_grace_only(make_local: MakeLocal) -> None:
    broker = make_local("--grace", "0.5")
    with linked(broker) as link:
        with linked(broker) as consumer:
            subscribe(consumer, "q")
            publish(link, b"1")
        eventually(lambda: queue_of(broker, "q").consumers == 0, "the consumer is gone")
        assert queue_of(broker, "q").waiting == 1
        eventually(lambda: not broker.queues(), "the queue is gone")
        assert publish(link, b"2") == 0
        assert broker_status(broker.path).bytes == 0


def test_a_queue_of_its_own_goes_with_its_consumer(make_local: MakeLocal) -> None:
    broker = make_local()
    with linked(broker) as consumer:
        subscribe(consumer, "own")
        publish(consumer, b"1")
    eventually(lambda: not broker.queues(), "the queue is gone")
    assert broker_status(broker.path).bytes == 0


def test_a_returning_consumer_finds_what_it_had_not_settled_in_order(
    make_local: MakeLocal,
) -> None:
    broker = make_local()
    with linked(broker) as link:
        with linked(broker) as consumer:
            subscribe(consumer, "q", credit=3)
            for number in range(5):
                publish(link, b"%d" % number)
            first = consumer.delivery(soon())
            assert first is not None
            consumer.tell(protocol.Settle(first[0].delivery), soon())
            assert consumer.delivery(soon()) is not None
        with linked(broker) as successor:
            subscribe(successor, "q")
            got = [successor.delivery(soon()) for _ in range(4)]
    assert [delivery and delivery[1] for delivery in got] == [b"1", b"2", b"3", b"4"]


def test_a_requeued_message_comes_again(make_local: MakeLocal) -> None:
    with linked(make_local()) as link:
        subscribe(link, "q", number=9)
        publish(link, b"1")
        for again in (True, False):
            delivery = link.delivery(soon())
            assert delivery is not None
            assert (delivery[0].number, delivery[1]) == (9, b"1")
            link.tell(protocol.Settle(delivery[0].delivery, again), soon())
        assert link.delivery(time.monotonic() + 0.2) is None


def test_consumers_of_a_queue_take_turns(make_local: MakeLocal) -> None:
    broker = make_local()
    with linked(broker) as link, linked(broker) as one, linked(broker) as two:
        subscribe(one, "q")
        subscribe(two, "q")
        for number in range(4):
            publish(link, b"%d" % number)
        got = [[link_.delivery(soon()) for _ in range(2)] for link_ in (one, two)]
        assert [[d and d[1] for d in of_one] for of_one in got] == [[b"0", b"2"], [b"1", b"3"]]
