# SPDX-License-Identifier: Apache-2.0
import threading
import time
from pathlib import Path

import oslo_messaging
import pytest

from synchronizer import errors
from synchronizer.bus.rpc import RpcClient
from synchronizer.bus.subscription import Subscription
from tests.functional.publishing.processes import Process
from tests.unit.publishing.support import Author, Reader
from tests.unit.snapshot.walking import items_of

SERVER = "tests.functional.snapshot.server_process"
RELAY = "tests.functional.publishing.relay_process"


def walk(client: RpcClient, **question):
    page = first = client.call("get_all", type="nova.server", **question)
    items = items_of(page)
    pages = 1
    while page["cursor"] is not None:
        page = client.call("get_all", type="nova.server", cursor=page["cursor"], **question)
        assert (page["revision"], page["digest"]) == (first["revision"], first["digest"])
        items += items_of(page)
        pages += 1
    return first, items, pages


def test_any_server_process_serves_any_page(tmp_path: Path, broker, author: Author, client) -> None:
    author.fill(300, text="x" * 200)
    expected = dict(author.live)
    with Process(SERVER, str(tmp_path), broker.url, "one"):
        page = client.call("get_all", type="nova.server", limit=20, encoding="zlib")
        items = items_of(page)
    author.drop("e299")
    with Process(SERVER, str(tmp_path), broker.url, "two"):
        assert client.call("describe")["host"] == "two"
        while page["cursor"] is not None:
            page = client.call(
                "get_all", type="nova.server", limit=20, encoding="zlib", cursor=page["cursor"]
            )
            items += items_of(page)
    assert {item["id"]: item["entity"] for item in items} == expected


def test_pages_agree_while_commits_go_on(tmp_path: Path, broker, author: Author, client) -> None:
    author.fill(400, text="x" * 100)
    ended = threading.Event()

    def commit() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            author.put({"id": f"e{number % 400}", "n": -number}, {"id": f"new{number}"})

    one = Process(SERVER, str(tmp_path), broker.url, "one")
    two = Process(SERVER, str(tmp_path), broker.url, "two")
    with one, two:
        committing = threading.Thread(target=commit)
        committing.start()
        try:
            for _ in range(3):
                first, items, pages = walk(client, limit=50, encoding="zlib")
                assert len({item["id"] for item in items}) == len(items) == first["count"]
                assert pages > 5
        finally:
            ended.set()
            committing.join(20)


def test_errors_keep_their_type_at_a_plain_client(
    tmp_path: Path, broker, author: Author, rpc
) -> None:
    target = oslo_messaging.Target(topic="synchronizer", version="1.0")
    plain = oslo_messaging.get_rpc_client(rpc, target, timeout=20)
    with Process(SERVER, str(tmp_path), broker.url, "one"):
        with pytest.raises(errors.UnknownType) as unknown:
            plain.call({}, "get_all", type="nova.flavor")
        assert unknown.value.kwargs["known"] == ["nova.server"]
        with pytest.raises(errors.UnknownCloud):
            plain.call({}, "get_all", type="nova.server", cloud="elsewhere")
        with pytest.raises(errors.BadCursor):
            plain.call({}, "get_all", type="nova.server", cursor="made up")
        with pytest.raises(errors.BadRequest):
            plain.call({}, "get_all", type="nova.server", limit=10**9)
        with pytest.raises(errors.BadRequest):
            plain.call({}, "get_all", type="nova.server", colour="blue")
        with pytest.raises(errors.NotFound):
            plain.call({}, "get", type="nova.server", id="nobody")
        with pytest.raises(errors.EpochChanged) as changed:
            plain.call({}, "changes", type="nova.server", epoch="old", since=0)
        assert changed.value.kwargs["epoch"] == author.state.epoch
        with pytest.raises(errors.ServiceUnavailable):
            plain.call({}, "get_all", type="nova.server", max_age=0)
        page = plain.call({}, "get_all", type="nova.server")
        assert (page["entities"], page["cursor"]) == ([], None)


def test_an_oversized_entity_is_fetched_in_parts(
    tmp_path: Path, broker, author: Author, client
) -> None:
    author.put({"id": "big", "text": "ö" * 100_000})
    with Process(SERVER, str(tmp_path), broker.url, "one"):
        whole = client.call("get", type="nova.server", id="big")
        assert whole["oversized"]
        text = "".join(
            client.call(
                "get", type="nova.server", id="big", revision=whole["revision"], part=number
            )["data"]
            for number in range(whole["parts"])
        )
    assert text == '{"id":"big","text":"' + "ö" * 100_000 + '"}'


def test_a_snapshot_and_the_changes_after_it_make_an_exact_copy(
    tmp_path: Path, broker, author: Author, client, subscription: Subscription
) -> None:
    author.fill(100)
    server = Process(SERVER, str(tmp_path), broker.url, "one")
    relay = Process(RELAY, str(tmp_path), broker.url)
    with server, relay:
        committing = threading.Thread(
            target=lambda: [
                author.put({"id": f"e{number % 150}", "n": -number}) for number in range(300)
            ]
        )
        committing.start()
        first, items, _ = walk(client, limit=10)
        reader = Reader()
        reader.revision = first["revision"]
        reader.held = {item["id"]: (item["fingerprint"], item["entity"]) for item in items}
        committing.join(60)
        end = time.monotonic() + 60
        while reader.revision < author.state.revision:
            delivery = subscription.get(end - time.monotonic())
            assert delivery is not None
            if delivery.event_type.endswith(".changes"):
                reader.take(delivery.payload)
    assert reader.entities == author.live


def test_a_barrier_comes_back_through_the_subscription(
    tmp_path: Path, broker, author: Author, client, subscription: Subscription
) -> None:
    with Process(SERVER, str(tmp_path), broker.url, "one"):
        answer = client.call("barrier", type="nova.server", nonce="n-7")
        delivery = subscription.get(20)
    assert delivery is not None
    assert delivery.event_type == "nova.server.bookmark"
    assert delivery.payload["nonce"] == "n-7"
    assert delivery.payload["epoch"] == answer["epoch"]
