# SPDX-License-Identifier: Apache-2.0
"""What a watch does beyond following: patterns, repairs, verifying, and sleeping consumers."""

from collections.abc import Callable

import pytest

from synchronizer import errors
from synchronizer.bus.subscription import Delivery
from synchronizer.client import Added, Client, Resynced, Synced, Updated, watch
from synchronizer.client.watch import Subscribed
from synchronizer.model import StreamKey
from tests.functional.client.consumer import Consumer
from tests.functional.client.service import STREAM, Service

Consume = Callable[..., Consumer]


class Lying:
    """A subscription that gives the first change of one entity another content."""

    def __init__(self, subscription: Subscribed, id_: str) -> None:
        self._subscription = subscription
        self._id = id_

    def get(self, timeout: float | None = None) -> Delivery | None:
        delivery = self._subscription.get(timeout)
        for change in delivery.payload.get("changes", ()) if delivery is not None else ():
            if change["id"] == self._id:
                change["entity"] = {"id": self._id, "name": "a lie"}
                change["fingerprint"] = "xxh3:" + "0" * 32
        return delivery

    def close(self) -> None:
        self._subscription.close()


def test_what_was_told_wrong_is_put_right_without_describing_all_anew(
    service: Service, client: Client, consume: Consume
) -> None:
    service.fill(300)
    consumer = consume(client.watch(["nova.server"], wrap=lambda s: Lying(s, "e7")))
    consumer.wait_for("c1", "nova.server", service.live[STREAM])
    service.put({"id": "e7", "name": "the truth"}, {"id": "e8", "name": "another truth"})
    consumer.wait(
        lambda me: me.events[-1].__class__ is Updated and me.events[-1].repaired, "mended"
    )
    lie, other, truth = consumer.told(Updated)
    assert isinstance(lie, Updated) and lie.new["name"] == "a lie"
    assert isinstance(other, Updated) and not other.repaired
    assert isinstance(truth, Updated) and truth.new["name"] == "the truth"
    assert truth.revision == 302
    assert consumer.told(Resynced) == []
    assert consumer.copy.of("c1", "nova.server") == service.live[STREAM]


def test_a_pattern_follows_what_there_is_and_what_comes(
    service: Service, client: Client, consume: Consume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_AGAIN", 0.2)
    flavors, volumes = StreamKey("c2", "nova.flavor"), StreamKey("c1", "cinder.volume")
    for key in (flavors, volumes):
        service.list_anew(key)
        service.put({"id": "x", "of": str(key)}, key=key)
    service.fill(3)
    consumer = consume(client.watch(["*.nova.*"]))
    consumer.wait(lambda me: len(me.copy.synced) == 2, "both are synced")
    assert set(consumer.watch.streams) == {STREAM, flavors}
    later = StreamKey("c3", "nova.keypair")
    service.list_anew(later)
    service.put({"id": "k"}, key=later)
    consumer.wait_for("c3", "nova.keypair", service.live[later])
    assert set(consumer.watch.streams) == {STREAM, flavors, later}
    service.put({"id": "k", "n": 1}, key=later)
    service.drop("e0")
    consumer.wait_for("c3", "nova.keypair", service.live[later])
    consumer.wait_for("c1", "nova.server", service.live[STREAM])
    assert consumer.told(Resynced) == []


def test_verify_tells_what_was_compared(service: Service, client: Client, consume: Consume) -> None:
    service.fill(4)
    consumer = consume(client.watch(["nova.server"]))
    consumer.wait_for("c1", "nova.server", service.live[STREAM])
    verified = consumer.watch.verify().result(60)
    assert verified.keys() == {STREAM}
    found = verified[STREAM]
    assert (found.revision, found.count, found.repaired, found.resynced) == (4, 4, 0, False)


def test_verify_of_a_watch_that_ends_is_cancelled(
    service: Service, client: Client, consume: Consume
) -> None:
    consumer = consume(client.watch(["nova.server"]))
    consumer.wait(lambda me: bool(me.copy.synced), "it is synced")
    consumer.close()
    assert consumer.watch.verify().cancelled()


def test_a_client_verifies_what_somebody_keeps(service: Service, client: Client) -> None:
    service.fill(300)
    snapshot = client.get_all("nova.server")
    held = {item.id: item.fingerprint for item in snapshot.items()}
    at = {"epoch": snapshot.info.epoch, "revision": snapshot.info.revision}
    assert not client.verify("nova.server", held, **at)
    service.put({"id": "e1", "name": "later"})
    assert not client.verify("nova.server", held, **at)
    del held["e5"]
    held["e6"] = bytes(16)
    held["never"] = bytes(16)
    differences = client.verify("nova.server", held, **at)
    assert set(differences.missing) == {"e5"}
    assert set(differences.differing) == {"e6"}
    assert differences.surplus == ("never",)
    service.begin_anew()
    with pytest.raises(errors.EpochChanged):
        client.verify("nova.server", held, **at)


def test_a_sleeping_consumer_is_brought_up_to_date_by_revision(
    service: Service, client: Client, consume: Consume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synchronizer.client.client.INBOX", 3)
    service.fill(5)
    subscriptions: list[Subscribed] = []

    def keep(subscription: Subscribed) -> Subscribed:
        subscriptions.append(subscription)
        return subscription

    events = client.watch(["nova.server"], wrap=keep)
    for event in events:
        if isinstance(event, Synced):
            break
    for number in range(40):
        service.put({"id": "e1", "n": number}, {"id": f"n{number}"})
        service.wait_published()
    consumer = consume(events)
    consumer.wait(
        lambda me: len(me.told(Added)) == 40 and len(me.told(Updated)) == 40, "all is told"
    )
    assert subscriptions[0].skipped > 0  # type: ignore[attr-defined]
    told = [event.revision for event in consumer.events]  # type: ignore[union-attr]
    assert told == list(range(6, 86))
