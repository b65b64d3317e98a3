# SPDX-License-Identifier: Apache-2.0
"""Topics within one process."""

import threading

import pytest

from synchronizer import errors
from synchronizer.embedded.direct import Gate
from synchronizer.embedded.exchange import Exchange

TOPIC = "synchronizer.c1.things.thing"
EVENT = "things.thing.changes"


def send(exchange: Exchange, payload: dict[str, object], topic: str = TOPIC) -> None:
    exchange.send(topic, EVENT, payload, 1.0)


def test_each_subscriber_gets_what_is_sent_on_its_topics_in_order() -> None:
    exchange = Exchange()
    one, both = exchange.subscribe([TOPIC]), exchange.subscribe([TOPIC, "other"])
    send(exchange, {"n": 1})
    send(exchange, {"n": 2}, "other")
    send(exchange, {"n": 3})
    told = [inbox.get(0) for inbox in (one, one, both, both, both)]
    assert [(d.topic, d.event_type, d.payload["n"]) for d in told if d is not None] == [
        (TOPIC, EVENT, 1),
        (TOPIC, EVENT, 3),
        (TOPIC, EVENT, 1),
        ("other", EVENT, 2),
        (TOPIC, EVENT, 3),
    ]
    assert one.get(0) is None


def test_a_slow_subscriber_loses_the_oldest_and_holds_up_nobody() -> None:
    exchange = Exchange(most_bytes=1000)
    slow, quick = exchange.subscribe([TOPIC]), exchange.subscribe([TOPIC])
    for number in range(100):
        send(exchange, {"n": number, "text": "x" * 100})
        delivery = quick.get(0)
        assert delivery is not None and delivery.payload["n"] == number
    left = []
    while (delivery := slow.get(0)) is not None:
        left.append(delivery.payload["n"])
    assert left == list(range(100 - len(left), 100))
    assert 5 <= len(left) <= 9
    send(exchange, {"n": 100, "text": "x" * 5000})
    delivery = slow.get(0)
    assert delivery is not None and delivery.payload["n"] == 100


def test_closing_wakes_who_waits_and_what_is_sent_afterwards_is_held_by_nobody() -> None:
    exchange = Exchange()
    inbox = exchange.subscribe([TOPIC])
    returned = threading.Event()
    waiting = threading.Thread(target=lambda: inbox.get() is None and returned.set())
    waiting.start()
    inbox.close()
    assert returned.wait(60)
    waiting.join(60)
    send(exchange, {"n": 1})
    assert inbox.get() is None


def test_a_failure_is_raised_to_who_waits_and_to_who_comes_later() -> None:
    exchange = Exchange()
    before = exchange.subscribe([TOPIC])
    exchange.fail(errors.Fenced("taken over"))
    for inbox in (before, exchange.subscribe([TOPIC])):
        with pytest.raises(errors.Fenced):
            inbox.get()


def test_a_gate_lets_those_inside_finish_and_nobody_else_in() -> None:
    gate = Gate()
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with gate:
            inside.set()
            leave.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    assert inside.wait(60)
    gate.shut(errors.Stop("first"))
    gate.shut(errors.Stop("second"))
    assert not gate.drain(0.01)
    with pytest.raises(errors.Stop, match="first"), gate:
        raise AssertionError("got in")
    leave.set()
    assert gate.drain(60)
    thread.join(60)
