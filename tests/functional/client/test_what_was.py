# SPDX-License-Identifier: Apache-2.0
"""Questions about what was, to a real snapshot server over the local bus."""

from collections.abc import Iterator

import pytest

from synchronizer import errors
from synchronizer.bus import topics, transport
from synchronizer.bus.rpc import RpcClient
from synchronizer.client import Client
from synchronizer.client.requests import Requests
from synchronizer.fingerprint import DIGEST_MODULUS
from synchronizer.model import StreamKey
from tests.functional.client.service import STREAM, Service, server


@pytest.fixture
def requests(service: Service) -> Iterator[Requests]:
    made = transport.rpc_transport(service.url)
    yield Requests(RpcClient(made, timeout=60), 60)
    made.cleanup()


def test_digests_and_rosters_tell_what_lived_when_a_snapshot_was_taken(
    service: Service, client: Client, requests: Requests
) -> None:
    service.fill(40)
    snapshot = client.get_all("nova.server")
    there = {item.id: (item.revision, item.fingerprint) for item in snapshot.items()}
    service.put({**server(1), "status": "ERROR"}, server(99))
    service.drop("e7")
    info = snapshot.info
    roster = requests.roster(STREAM, info.epoch, info.revision)
    assert {item.id: (item.revision, item.fingerprint) for item in roster} == there
    digests = requests.digests(STREAM, info.epoch, info.revision, bits=10)
    assert sum(bucket.count for bucket in digests.buckets) == info.count
    assert sum(bucket.digest for bucket in digests.buckets) % DIGEST_MODULUS == info.digest


def test_history_tells_versions_across_epochs(service: Service, client: Client) -> None:
    service.put(server(1))
    service.put({**server(1), "status": "ERROR"})
    service.begin_anew()
    service.put({**server(1), "status": "ACTIVE"})
    service.drop("e1")
    versions = list(client.history("nova.server", "e1"))
    assert [(version.op, version.differences) for version in versions] == [
        ("delete", {}),
        ("update", {"status": ("ERROR", "ACTIVE")}),
        ("update", {"status": ("ACTIVE", "ERROR")}),
        ("create", {}),
    ]
    assert versions[0].revision > versions[1].revision > 2 == versions[2].revision
    assert [v.revision for v in client.history("nova.server", "e1", limit=1)] == [
        versions[0].revision
    ]


def test_errors_about_what_was_keep_their_type(
    service: Service, client: Client, requests: Requests
) -> None:
    service.fill(2)
    service.put({**server(1), "status": "ERROR"})
    service.wait_published()
    service.compact()
    state = service.ledger.find(STREAM)
    assert state is not None
    with pytest.raises(errors.Compacted) as compacted:
        requests.digests(STREAM, state.epoch, 2)
    assert compacted.value.kwargs == {"floor": 3}
    with pytest.raises(errors.EpochChanged):
        next(requests.roster(STREAM, "another", 3))
    with pytest.raises(errors.NotFound):
        client.history("nova.server", "never")
    with pytest.raises(errors.UnknownCloud):
        client.history("nova.server", "e1", cloud="c2")
    with pytest.raises(errors.UnknownType):
        requests.digests(StreamKey("c1", "nova.sever"), state.epoch, 3)


def test_an_older_server_is_told_from_one_that_knows_nothing(
    service: Service, client: Client, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.fill(2)
    service.stop_daemon()
    with monkeypatch.context() as old:
        old.setattr(topics, "RPC_OFFERED", "1.0")
        service.start_daemon()
    assert len(list(client.get_all("nova.server"))) == 2
    epoch = client.describe()[0].epoch
    with pytest.raises(errors.ServerTooOld, match="history"):
        client.history("nova.server", "e1")
    for ask in (
        lambda: requests.digests(STREAM, epoch, 2),
        lambda: requests.roster_page(STREAM, epoch, 2),
    ):
        with pytest.raises(errors.ServerTooOld):
            ask()
