# SPDX-License-Identifier: Apache-2.0
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from synchronizer.bus.subscription import Subscription
from tests.functional.bus.brokers import eventually
from tests.functional.publishing.processes import Process
from tests.unit.publishing.support import VOLUMES, Author, Reader

RELAY = "tests.functional.publishing.relay_process"


def read_to(
    subscription: Subscription, reader: Reader, revision: int, seconds: float = 60.0
) -> list[dict[str, Any]]:
    """Apply what comes until a revision is reached; the change sets."""
    taken = []
    end = time.monotonic() + seconds
    while reader.revision < revision:
        delivery = subscription.get(end - time.monotonic())
        assert delivery is not None, f"only {reader.revision} of {revision} came"
        if delivery.event_type.endswith(".changes"):
            taken.append(delivery.payload)
            reader.take(delivery.payload)
    return taken


def bookmark_at(subscription: Subscription, revision: int, seconds: float = 60.0) -> dict[str, Any]:
    """The first bookmark of a revision."""
    end = time.monotonic() + seconds
    while True:
        delivery = subscription.get(end - time.monotonic())
        assert delivery is not None, f"no bookmark at {revision} came"
        if delivery.event_type.endswith(".bookmark") and delivery.payload["revision"] == revision:
            return delivery.payload


@pytest.mark.parametrize("step", ["record_high_water", "publish_batch", "mark_batch"])
def test_a_relay_killed_at_any_step_loses_nothing(
    tmp_path: Path, broker, author: Author, subscription: Subscription, step: str
) -> None:
    author.fill(23)
    with Process(RELAY, str(tmp_path), broker.url, step, "3") as victim:
        assert victim.wait() == -signal.SIGKILL
    marked = author.ledger.state(author.state.id).published
    assert marked == (15 if step == "mark_batch" else 10)
    reader = Reader()
    with Process(RELAY, str(tmp_path), broker.url):
        taken = read_to(subscription, reader, 23)
    assert reader.entities == author.live
    repeated = [one for one in taken if (one["first"], one["last"]) == (11, 15)]
    assert len(repeated) == (2 if step == "publish_batch" else 1)


def test_what_was_committed_while_the_bus_was_away_arrives_in_order(
    tmp_path: Path, broker, author: Author, subscription: Subscription
) -> None:
    reader = Reader()
    with Process(RELAY, str(tmp_path), broker.url):
        author.fill(3)
        read_to(subscription, reader, 3)
        broker.kill()
        for number in range(12):
            author.put({"id": "e0", "n": number})
        broker.start()
        # What the relay sent before the subscription was back is not seen (it listens
        # again on its own time): this is a loss that a consumer notices by the bookmarks.
        bookmark = bookmark_at(subscription, 15)
    assert bookmark["count"] == 3
    assert author.ledger.state(author.state.id).published == 15


def test_a_bus_that_stands_still_delays_and_loses_nothing(
    tmp_path: Path, broker, author: Author, subscription: Subscription
) -> None:
    reader = Reader()
    with Process(RELAY, str(tmp_path), broker.url):
        author.fill(3)
        read_to(subscription, reader, 3)
        broker.pause()
        author.drop("e1")
        author.put({"id": "e0", "n": 1}, {"id": "new"})
        time.sleep(3.0)  # longer than the relay's deadline: it must give up and try again
        broker.resume()
        read_to(subscription, reader, 6)
    assert reader.entities == author.live


def test_two_relays_repeat_and_lose_nothing(
    tmp_path: Path, broker, author: Author, subscription: Subscription
) -> None:
    reader = Reader()
    one = Process(RELAY, str(tmp_path), broker.url)
    two = Process(RELAY, str(tmp_path), broker.url)
    with one, two:
        for number in range(60):
            author.put({"id": f"e{number % 7}", "n": number})
        read_to(subscription, reader, 60)
        assert bookmark_at(subscription, 60)["count"] == 7
    assert reader.entities == author.live


def test_bookmarks_come_while_nothing_changes(
    tmp_path: Path, broker, author: Author, subscription: Subscription
) -> None:
    author.fill(2)
    author.listed()
    with Process(RELAY, str(tmp_path), broker.url):
        bookmarks = [bookmark_at(subscription, 2) for _ in range(4)]
    assert {bookmark["next_within"] for bookmark in bookmarks} == {0.5}
    assert all(bookmark["listed_at"] for bookmark in bookmarks)


def test_a_second_stream_is_published_while_the_first_has_a_long_backlog(
    tmp_path: Path, broker, author: Author, subscription: Subscription
) -> None:
    volumes = Author(author.ledger, VOLUMES)
    author.fill(2000)
    volumes.put({"id": "v"})
    with Process(RELAY, str(tmp_path), broker.url):
        eventually(lambda: author.ledger.state(volumes.state.id).published == 1, "its turn")
        assert author.ledger.state(author.state.id).published < 2000
        read_to(subscription, Reader(), 2000)
