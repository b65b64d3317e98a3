# SPDX-License-Identifier: Apache-2.0
"""max_age=0 with real processes: shared between servers, and robust against their deaths."""

import concurrent.futures
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from synchronizer import errors
from synchronizer.bus.rpc import RpcClient
from synchronizer.client import Client
from synchronizer.ledger import Ledger, StreamState
from synchronizer.sampling import SamplingWorker
from tests.functional.publishing.processes import Process
from tests.functional.snapshot.scripted_source import SERVER, SETTINGS, Directory, Scripted
from tests.support.waiting import until

SERVES = "tests.functional.snapshot.listing_process"
CLOUD = "openstack1"
TYPE = SERVER.name


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    made = Directory(tmp_path)
    made.put({"id": "a", "n": 1}, {"id": "b", "n": 1})
    return made


@pytest.fixture
def stream(ledger: Ledger, directory: Directory) -> Iterator[StreamState]:
    """Taken over by a worker, which listed once and will not again by itself."""
    plugin = Scripted(directory, "worker", CLOUD)
    worker = SamplingWorker(
        plugin, ledger, {TYPE: SETTINGS}, owner="worker", on_fatal=lambda error: None
    )
    worker.start()
    found = {state.key.type: state for state in ledger.streams()}[TYPE]
    until("the first listing", lambda: ledger.listings.state(found.id).proven == 1)
    yield found
    worker.stop()
    assert worker.wait(60)


class Callers:
    """So many calls with max_age=0 at once, each from a thread of its own."""

    def __init__(self, consumer: Client, count: int) -> None:
        self._consumer = consumer
        self._pool = concurrent.futures.ThreadPoolExecutor(count)
        self._told: set[int] = set()
        self._calls = [self._pool.submit(self._call, number) for number in range(count)]

    def wait_until_all_wait(self) -> None:
        """Until the server has told each caller that its listing is under way."""
        until("all to be told", lambda: len(self._told) == len(self._calls))

    def answers(self) -> list[list[tuple[str, object]]]:
        return [call.result(120) for call in self._calls]

    def _call(self, number: int) -> list[tuple[str, object]]:
        snapshot = self._consumer.get_all(
            TYPE, max_age=0, timeout=120, waiting=lambda told, seconds: self._told.add(number)
        )
        return sorted((server["id"], server["n"]) for server in snapshot)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)


@pytest.fixture
def consumer(broker) -> Iterator[Client]:
    with Client(broker.url, cloud=CLOUD, timeout=60) as client:
        yield client


def test_callers_of_two_servers_share_two_listings_and_see_what_changed_before_they_called(
    tmp_path: Path, broker, directory: Directory, stream: StreamState, consumer: Client
) -> None:
    directory.put({"id": "a", "n": 2}, {"id": "new", "n": 1})
    directory.hold("one")
    directory.hold("two")
    one = Process(SERVES, str(tmp_path), broker.url, "one")
    two = Process(SERVES, str(tmp_path), broker.url, "two")
    with one, two, Callers(consumer, 20) as callers:
        callers.wait_until_all_wait()
        directory.release("one")
        directory.release("two")
        assert callers.answers() == [[("a", 2), ("new", 1)]] * 20
    assert len(directory.listed_by()) <= 3, directory.listed_by()  # the worker's first, and two


def test_the_next_caller_is_served_after_the_one_that_listed_was_killed(
    tmp_path: Path, broker, directory: Directory, stream: StreamState, client: RpcClient
) -> None:
    directory.hold("one")
    one = Process(SERVES, str(tmp_path), broker.url, "one")
    with one:
        with pytest.raises(errors.Listing) as told:
            client.call("get_all", type=TYPE, max_age=0)
        until("a listing", lambda: directory.listed_by() == ["worker", "one"])
        one.kill()
    directory.put({"id": "a", "n": 9})
    with Process(SERVES, str(tmp_path), broker.url, "two"):
        cursor = told.value.cursor

        def answered() -> dict[str, object] | None:
            nonlocal cursor
            try:
                page = client.call("get_all", type=TYPE, cursor=cursor)
            except errors.Listing as error:
                cursor = error.cursor
                return None
            assert isinstance(page, dict)
            return page

        page = until("the snapshot", answered)
    assert [item["entity"] for item in page["entities"]] == [{"id": "a", "n": 9}]
    assert directory.listed_by() == ["worker", "one", "two"]


def test_other_calls_are_answered_while_many_wait_for_a_listing(
    tmp_path: Path, broker, directory: Directory, stream: StreamState, consumer: Client
) -> None:
    directory.hold("one")
    with Process(SERVES, str(tmp_path), broker.url, "one"), Callers(consumer, 12) as callers:
        callers.wait_until_all_wait()
        assert [server["id"] for server in consumer.get_all(TYPE)] == ["a", "b"]
        assert consumer.get(TYPE, "a").entity == {"id": "a", "n": 1}
        directory.release("one")
        assert callers.answers() == [[("a", 1), ("b", 1)]] * 12
    assert len(directory.listed_by()) <= 3


def test_a_worker_that_restarts_amid_a_listing_fences_it_and_the_caller_is_served(
    tmp_path: Path,
    broker,
    directory: Directory,
    ledger: Ledger,
    stream: StreamState,
    consumer: Client,
) -> None:
    directory.hold("one")
    with (
        Process(SERVES, str(tmp_path), broker.url, "one"),
        concurrent.futures.ThreadPoolExecutor(1) as pool,
    ):
        waiting = pool.submit(lambda: list(consumer.get_all(TYPE, max_age=0, timeout=120)))
        until("a listing", lambda: directory.listed_by() == ["worker", "one"])
        ledger.claim(stream.id, "a worker that began anew")
        directory.put({"id": "c", "n": 1})
        directory.release("one")
        assert waiting.result(60) == [{"id": "c", "n": 1}]
