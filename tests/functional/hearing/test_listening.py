# SPDX-License-Identifier: Apache-2.0
"""A listener on a service's bus hears everything, and others there do not notice it."""

import logging
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from synchronizer.hearing import Channel
from synchronizer.hearing.queue import MOST_BYTES, MOST_MESSAGES, QUEUES
from tests.engines.rabbit import RabbitBroker
from tests.functional.hearing.conftest import EXCHANGE, Ours
from tests.functional.hearing.service import PATIENCE, TOPIC, Other, Service

Listen = Callable[..., Ours]

MARKER = "a-password-of-somebody"


def ours(vhost: RabbitBroker) -> list[str]:
    return [name for name in vhost.queues() if name.startswith(QUEUES)]


def wait_until(what: str, met: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_everybody_receives_every_message(
    vhost: RabbitBroker, service: Service, others: list[Other], listen: Listen
) -> None:
    mine = listen(vhost.url)
    mine.states.wait_for(None)
    service.send(range(300))
    mine.inbox.wait(range(300))
    for other in others:
        other.inbox.wait(range(300))


def test_what_fails_is_heard_too(vhost: RabbitBroker, service: Service, listen: Listen) -> None:
    mine = listen(vhost.url)
    mine.states.wait_for(None)
    service.fail(7)
    mine.inbox.wait(range(7, 8))
    assert mine.inbox.events == ["thing.create.error"]


@pytest.mark.parametrize(
    "options", [{"driver": "messaging"}, {"kombu_compression": "gzip"}], ids=["bare", "packed"]
)
def test_other_forms_on_the_wire_are_understood(
    vhost: RabbitBroker,
    make_service: Callable[..., Service],
    listen: Listen,
    options: dict[str, str],
) -> None:
    service = make_service(**options)
    service.send(range(-1, 0))
    mine = listen(vhost.url)
    mine.states.wait_for(None)
    service.send(range(3))
    mine.inbox.wait(range(3))


def test_our_queue_is_bounded_and_goes_with_the_listener(
    vhost: RabbitBroker, service: Service, listen: Listen
) -> None:
    mine = listen(vhost.url)
    mine.states.wait_for(None)
    (name,) = ours(vhost)
    assert vhost.arguments()[name] == {
        "x-max-length": MOST_MESSAGES,
        "x-max-length-bytes": MOST_BYTES,
    }
    assert mine.listener.stop(PATIENCE)
    wait_until("the queue is there still", lambda: not ours(vhost))


def test_after_a_kill_nothing_of_ours_is_left_and_nobody_else_loses(
    vhost: RabbitBroker, service: Service, others: list[Other]
) -> None:
    argv = [sys.executable, "-m", "tests.functional.hearing.doomed", vhost.url, EXCHANGE, TOPIC]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as doomed:
        try:
            assert doomed.stdout is not None
            assert doomed.stdout.readline() == "listening\n"
            service.send(range(100))
            assert ours(vhost)
        finally:
            doomed.kill()
    wait_until("the queue is there still", lambda: not ours(vhost))
    service.send(range(100, 200))
    for other in others:
        other.inbox.wait(range(200))
    assert not ours(vhost)


@pytest.mark.parametrize("durable", ["true", "false"])
def test_a_service_keeps_its_own_kind_of_exchange(
    vhost: RabbitBroker, make_service: Callable[..., Service], listen: Listen, durable: str
) -> None:
    mine = listen(vhost.url)
    mine.states.wait_for("no exchange nova")
    service = make_service(amqp_durable_queues=durable)
    service.send(range(-1, 0))
    mine.states.wait_for(None)
    service.send(range(10))
    mine.inbox.wait(range(10))


def test_one_exchange_that_is_missing_keeps_no_other_from_being_heard(
    vhost: RabbitBroker, service: Service, listen: Listen
) -> None:
    mine = listen(vhost.url, Channel("nowhere", TOPIC), Channel(EXCHANGE, TOPIC))
    mine.states.wait_for("no exchange nowhere")
    assert mine.states.all[0] is None
    service.send(range(10))
    mine.inbox.wait(range(10))


def test_after_the_brokers_restart_it_listens_again_and_says_so(
    vhost: RabbitBroker, service: Service, listen: Listen
) -> None:
    mine = listen(vhost.url)
    mine.states.wait_for(None)
    vhost.kill()
    mine.states.wait_for("is away")
    heard = len(mine.states.all)
    vhost.start()
    # The exchange is there again with the service's first message, which we may not hear.
    numbers = iter(range(1000, 2000))
    first = range(next(numbers), 1001)
    service.send(first)
    mine.states.wait_for(None, since=heard)
    service.send(range(10))
    mine.inbox.wait(range(10))


def test_what_is_no_notification_is_ignored_and_not_shown(
    vhost: RabbitBroker, service: Service, listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    mine = listen(vhost.url)
    mine.states.wait_for(None)
    from kombu import Connection

    with Connection(vhost.url.replace("rabbit://", "amqp://")) as connection:
        producer = connection.Producer()
        for body, kind in (
            (f'{{"half": "{MARKER}"', "application/json"),
            (f'["{MARKER}"]', "application/json"),
            (f'{{"oslo.message": "{MARKER}"}}', "application/json"),
            (MARKER.encode(), "application/x-python-serialize"),
            (b"\xff\xfe" + MARKER.encode(), "text/plain"),
        ):
            producer.publish(
                body,
                exchange=EXCHANGE,
                routing_key=f"{TOPIC}.info",
                content_type=kind,
                content_encoding="utf-8",
            )
    service.send(range(3), password=MARKER)
    mine.inbox.wait(range(3))
    from_us = [record for record in caplog.records if record.name.startswith("synchronizer")]
    assert any("no notification is ignored" in record.getMessage() for record in from_us)
    assert MARKER not in "".join(record.getMessage() for record in from_us)
