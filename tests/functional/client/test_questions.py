# SPDX-License-Identifier: Apache-2.0
"""Questions and answers between the client and a real snapshot server."""

from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.client import Client
from synchronizer.model import StreamKey
from tests.functional.client.service import STREAM, Service


def test_get_all_reads_every_page_and_says_how_fresh_it_is(
    service: Service, client: Client
) -> None:
    service.fill(40)
    snapshot = client.get_all("nova.server")
    assert {entity["id"]: entity for entity in snapshot} == service.live[STREAM]
    assert (snapshot.info.count, snapshot.info.revision, snapshot.info.held) == (40, 40, 0)
    assert snapshot.info.listed_at == 1_700_000_001_000_000


def test_items_come_with_their_revisions(service: Service, client: Client) -> None:
    service.fill(3)
    service.put({"id": "e0", "name": "new"})
    items = list(client.get_all("nova.server", cloud="c1").items())
    assert [(item.id, item.revision) for item in items] == [("e1", 2), ("e2", 3), ("e0", 4)]


def test_fields_and_where_give_a_subset(service: Service, client: Client) -> None:
    service.fill(20)
    found = client.get_all("nova.server", where={"name": "server 3"}, fields=["name"])
    assert [entity["name"] for entity in found] == ["server 3"]


def test_an_entity_too_big_for_a_message_comes_whole(service: Service, client: Client) -> None:
    big = {"id": "big", "text": "x" * 200_000}
    service.put(big, {"id": "small"})
    assert list(client.get_all("nova.server")) == [big, {"id": "small"}]
    assert client.get("nova.server", "big").entity == big


def test_fields_of_an_entity_too_big_for_a_message_are_not_lost(
    service: Service, client: Client
) -> None:
    service.put({"id": "big", "text": "x" * 200_000, "more": 1})
    (entity,) = client.get_all("nova.server", fields=["text"])
    assert entity["text"] == "x" * 200_000 and "more" not in entity


def test_get_gives_the_newest_or_exactly_one_revision(service: Service, client: Client) -> None:
    service.put({"id": "a", "n": 1})
    service.put({"id": "a", "n": 2})
    newest = client.get("nova.server", "a")
    assert (newest.entity, newest.revision, newest.changed) == ({"id": "a", "n": 2}, 2, ("n",))
    assert client.get("nova.server", "a", revision=1).entity == {"id": "a", "n": 1}
    with pytest.raises(errors.NotFound):
        client.get("nova.server", "b")


def test_changes_come_in_parts_up_to_the_present(service: Service, client: Client) -> None:
    service.fill(10)
    answer = client.changes("nova.server", since=1)
    assert [change.revision for change in answer.changes] == list(range(2, 9))
    answer = client.changes("nova.server", since=answer.last, epoch=answer.epoch)
    assert (answer.last, answer.revision) == (10, 10)
    assert client.changes("nova.server", since=10).changes == ()


def test_errors_keep_their_type_and_details(service: Service, client: Client) -> None:
    with pytest.raises(errors.UnknownType) as unknown:
        client.get_all("nova.sever")
    assert unknown.value.kwargs["known"] == ["nova.server"]
    with pytest.raises(errors.EpochChanged):
        client.changes("nova.server", since=0, epoch="another")


def test_describe_says_where_every_stream_stands(service: Service, client: Client) -> None:
    service.fill(2)
    (stream,) = client.describe()
    assert (stream.stream, stream.revision, stream.count) == (STREAM, 2, 2)
    assert stream.problem is None
    state = service.ledger.find(STREAM)
    assert state is not None
    service.ledger.set_condition(state.id, "no route to the service")
    assert client.describe()[0].problem == "no route to the service"


def test_where_nobody_answers_the_error_names_url_and_topic(service: Service) -> None:
    service.stop_daemon()
    with Client(service.url, timeout=5) as client, pytest.raises(errors.NobodyAnswers) as nobody:
        client.describe()
    assert service.url in str(nobody.value)
    assert "topic synchronizer" in str(nobody.value)


def test_where_there_is_no_bus_the_error_names_its_url(tmp_path: Path) -> None:
    url = f"local://{tmp_path}/none.sock"
    with Client(url, timeout=2) as client, pytest.raises(errors.Retry) as away:
        client.describe()
    assert url in str(away.value)


def test_a_watch_of_what_does_not_exist_says_what_does(service: Service, client: Client) -> None:
    with (
        client.watch(["nova.sever"]) as watch,
        pytest.raises(errors.UnknownType, match=r"nova\.server"),
    ):
        next(watch)
    with (
        client.watch(["nova.server"], cloud="c2") as watch,
        pytest.raises(errors.UnknownCloud, match="c1"),
    ):
        next(watch)


def test_a_watch_without_a_daemon_says_so_at_once(service: Service) -> None:
    service.stop_daemon()
    with (
        Client(service.url, timeout=5) as client,
        client.watch(["nova.server"]) as watch,
        pytest.raises(errors.NobodyAnswers),
    ):
        next(watch)


def test_a_stream_of_another_cloud_has_to_be_named(service: Service, client: Client) -> None:
    service.list_anew(StreamKey("c2", "nova.server"))
    with pytest.raises(errors.SynchronizerError, match="c1, c2"):
        client.get_all("nova.server")
    assert list(client.get_all("nova.server", cloud="c2")) == []
