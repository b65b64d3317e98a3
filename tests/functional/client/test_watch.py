# SPDX-License-Identifier: Apache-2.0
"""A watch against real parts: it converges, whatever happens to them meanwhile."""

import threading
from collections.abc import Callable

from synchronizer.bus.subscription import Delivery
from synchronizer.client import Added, Client, Deleted, Resynced, Synced, Updated
from synchronizer.client.watch import Subscribed
from synchronizer.model import Entity, StreamKey
from tests.functional.client.consumer import Consumer
from tests.functional.client.service import STREAM, Service

Consume = Callable[..., Consumer]


class Losing:
    """A subscription that loses what `lose` says."""

    def __init__(self, subscription: Subscribed, lose: Callable[[Delivery], bool]) -> None:
        self._subscription = subscription
        self._lose = lose

    def get(self, timeout: float | None = None) -> Delivery | None:
        delivery = self._subscription.get(timeout)
        return None if delivery is None or self._lose(delivery) else delivery

    def close(self) -> None:
        self._subscription.close()


def live(service: Service) -> dict[str, Entity]:
    return service.live[STREAM]


def test_a_watch_tells_the_snapshot_and_then_each_change(
    service: Service, client: Client, consume: Consume
) -> None:
    service.fill(20)
    consumer = consume(client.watch(["nova.server"], keep_entities=True))
    consumer.wait_for("c1", "nova.server", live(service))
    assert [type(event) for event in consumer.events] == [Added] * 20 + [Synced]
    service.put({"id": "e3", "name": "another", "status": "ACTIVE"}, {"id": "new"})
    service.drop("e4")
    consumer.wait_for("c1", "nova.server", live(service))
    updated, added, deleted = consumer.events[21:]
    assert isinstance(updated, Updated) and isinstance(added, Added)
    assert (updated.changed, updated.revision) == (("name",), 21)
    assert updated.old is not None and updated.old["name"] == "server 3"
    assert isinstance(deleted, Deleted) and deleted.old is not None
    assert deleted.old["name"] == "server 4"


def test_changes_during_the_snapshot_are_told_after_it(
    service: Service, client: Client, consume: Consume
) -> None:
    service.fill(30)
    watch = client.watch(["nova.server"])
    first = next(watch)
    assert isinstance(first, Added)
    service.put({"id": "e1", "name": "changed"})
    consumer = consume(watch)
    consumer.copy.apply(first)
    consumer.wait_for("c1", "nova.server", live(service))
    assert [event.id for event in consumer.told(Updated)] == ["e1"]  # type: ignore[union-attr]


def test_a_lost_notification_is_mended(service: Service, client: Client, consume: Consume) -> None:
    lost: list[int] = []

    def lose(delivery: Delivery) -> bool:
        first = delivery.payload.get("first", 0)
        if first in (3, 5) and first not in lost:
            lost.append(first)
            return True
        return False

    service.fill(2)
    consumer = consume(client.watch(["nova.server"], wrap=lambda s: Losing(s, lose)))
    consumer.wait_for("c1", "nova.server", live(service))
    for number in range(5):
        service.put({"id": "e0", "n": number})
        service.wait_published()
    consumer.wait_for("c1", "nova.server", live(service))
    revisions = [event.revision for event in consumer.told(Updated)]  # type: ignore[union-attr]
    assert revisions == [3, 4, 5, 6, 7]
    assert consumer.told(Resynced) == []


def test_without_repair_a_lost_notification_leaves_the_copy_wrong(
    service: Service, client: Client, consume: Consume
) -> None:
    service.fill(2)
    watch = client.watch(
        ["nova.server"],
        repair=False,
        wrap=lambda s: Losing(s, lambda d: d.payload.get("first") == 3),
    )
    consumer = consume(watch)
    consumer.wait_for("c1", "nova.server", live(service))
    service.drop("e0")
    service.wait_published()
    service.put({"id": "after"})
    consumer.wait(lambda me: "after" in me.copy.of("c1", "nova.server"), "the next change")
    assert "e0" in consumer.copy.of("c1", "nova.server")


def test_a_deaf_watch_asks_and_subscribes_anew(
    service: Service, client: Client, consume: Consume
) -> None:
    subscriptions: list[Losing] = []

    def wrap(subscription: Subscribed) -> Subscribed:
        number = len(subscriptions)
        proven = threading.Event()

        def lose(delivery: Delivery) -> bool:
            if number == 0 and proven.is_set():
                return True
            if delivery.payload.get("nonce"):
                proven.set()
            return False

        subscriptions.append(Losing(subscription, lose))
        return subscriptions[-1]

    service.fill(3)
    consumer = consume(client.watch(["nova.server"], wrap=wrap))
    consumer.wait_for("c1", "nova.server", live(service))
    service.put({"id": "e0", "n": 1})
    consumer.wait_for("c1", "nova.server", live(service))
    while len(subscriptions) < 2:
        service.put({"id": "e0", "n": len(consumer.events)})
        consumer.wait_for("c1", "nova.server", live(service))
    service.put({"id": "last"})
    consumer.wait_for("c1", "nova.server", live(service))
    assert consumer.told(Resynced) == []


def test_the_daemon_goes_away_and_comes_back(
    service: Service, client: Client, consume: Consume
) -> None:
    service.fill(5)
    consumer = consume(client.watch(["nova.server"]))
    consumer.wait_for("c1", "nova.server", live(service))
    service.stop_daemon()
    service.kill_broker()
    service.put({"id": "e1", "n": 9})
    service.drop("e2")
    service.start()
    service.put({"id": "later"})
    consumer.wait_for("c1", "nova.server", live(service))
    assert consumer.told(Resynced) == []
    assert [event.id for event in consumer.told(Deleted)] == ["e2"]  # type: ignore[union-attr]


def test_a_new_epoch_is_described_anew(service: Service, client: Client, consume: Consume) -> None:
    service.fill(12)
    consumer = consume(client.watch(["nova.server"]))
    consumer.wait_for("c1", "nova.server", live(service))
    service.begin_anew()
    service.drop("e1")
    consumer.wait_for("c1", "nova.server", live(service))
    (resynced,) = consumer.told(Resynced)
    assert resynced.stream == STREAM
    after = consumer.events[consumer.events.index(resynced) + 1 :]
    # It may have got all before the delete, of which it is told then.
    deleted = [event.id for event in after if isinstance(event, Deleted)]
    assert deleted in ([], ["e1"])
    added = [event.id for event in after if isinstance(event, Added)]
    assert sorted(added) == sorted([*live(service), *deleted])
    service.put({"id": "e3", "n": 1})
    consumer.wait_for("c1", "nova.server", live(service))


def test_what_was_compacted_while_away_is_got_again(
    service: Service, client: Client, consume: Consume
) -> None:
    service.fill(3)
    outage = threading.Event()
    consumer = consume(
        client.watch(["nova.server"], wrap=lambda s: Losing(s, lambda _: outage.is_set()))
    )
    consumer.wait_for("c1", "nova.server", live(service))
    service.stop_daemon()
    service.drop("e0")
    service.put({"id": "e1", "n": 1})
    state = service.ledger.find(STREAM)
    assert state is not None
    service.ledger.mark_published(state.id, state.epoch, state.published, state.revision)
    service.compact()
    service.start_daemon()
    consumer.wait_for("c1", "nova.server", live(service))
    assert len(consumer.told(Resynced)) == 1


def test_an_oversized_change_arrives_whole_and_in_order(
    service: Service, client: Client, consume: Consume
) -> None:
    service.fill(1)
    consumer = consume(client.watch(["nova.server"]))
    consumer.wait_for("c1", "nova.server", live(service))
    service.put({"id": "big", "text": "x" * 900_000}, {"id": "small"})
    consumer.wait_for("c1", "nova.server", live(service))
    assert [event.id for event in consumer.told(Added)] == ["e0", "big", "small"]  # type: ignore[union-attr]


def test_several_streams_are_followed_at_once(
    service: Service, client: Client, consume: Consume
) -> None:
    other = StreamKey("c2", "nova.server")
    volumes = StreamKey("c1", "cinder.volume")
    for key in (other, volumes):
        service.list_anew(key)
        service.put({"id": "x", "of": str(key)}, key=key)
    service.fill(10)
    consumer = consume(client.watch(["nova.server", "cinder.volume"]))
    consumer.wait(lambda me: len(me.copy.synced) == 3, "three streams are synced")
    assert set(consumer.watch.streams) == {STREAM, other, volumes}
    service.put({"id": "y"}, key=other)
    service.drop("x", key=volumes)
    consumer.wait_for("c2", "nova.server", service.live[other])
    consumer.wait_for("c1", "cinder.volume", {})
    assert consumer.copy.of("c1", "nova.server") == live(service)


def test_a_patient_watch_waits_for_the_daemon(service: Service, consume: Consume) -> None:
    service.stop_daemon()
    service.fill(2)
    with Client(service.url, timeout=5) as client:
        consumer = consume(client.watch(["nova.server"], patient=True))
        service.start_daemon()
        consumer.wait_for("c1", "nova.server", live(service))
        consumer.close()


def test_close_ends_a_waiting_iteration(service: Service, client: Client, consume: Consume) -> None:
    consumer = consume(client.watch(["nova.server"]))
    consumer.wait(lambda me: bool(me.copy.synced), "it is synced")
    consumer.close()
    assert consumer.ended and consumer.error is None


def test_close_ends_a_watch_whose_question_nobody_answers(service: Service) -> None:
    service.stop_daemon()
    service.kill_broker()
    with Client(service.url, timeout=60) as client:
        consumer = Consumer(client.watch(["nova.server"], patient=True))
        consumer.close()
        assert consumer.error is None
