# SPDX-License-Identifier: Apache-2.0
"""What a whole daemon says of a cloud, overheard beside its consumers, is as the schemas say."""

from collections.abc import Callable
from pathlib import Path

from synchronizer import errors
from synchronizer.model import StreamKey
from synchronizer.simulator import Fault
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.schemas import check, check_notification
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud
from tests.support.waiting import until
from tests.support.wire import Calling, Listening, Message

SERVERS = {"type": TYPE, "cloud": CLOUD}


def has(op: str) -> Callable[[Message], bool]:
    return lambda message: any(
        change["op"] == op for change in message["payload"].get("changes", ())
    )


def is_bookmark(message: Message) -> bool:
    return bool(message["event_type"].endswith(".bookmark"))


def walk(calling: Calling, encoding: str) -> int:
    """Entities on all pages."""
    page = calling.answer("get_all", **SERVERS, limit=25, encoding=encoding)
    pages, first = [page], page
    while page["cursor"] is not None:
        page = calling.answer("get_all", **SERVERS, encoding=encoding, cursor=page["cursor"])
        pages.append(page)
    assert {page["digest"] for page in pages} == {first["digest"]}
    return int(first["count"])


def test_a_daemon_says_nothing_that_the_schemas_do_not(tmp_path: Path) -> None:
    with SimulatedCloud(tmp_path, servers=60) as cloud:
        daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options())
        with daemon, Copying(daemon.transport_url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            listening = Listening(daemon.transport_url, StreamKey(CLOUD, TYPE))
            calling = Calling(daemon.transport_url)
            try:
                cloud.control.churn(rate=20)
                for op in ("create", "update", "delete"):
                    listening.overheard.wait(op, has(op))
                listening.overheard.wait("a bookmark", is_bookmark)
                for encoding in ("json", "zlib"):
                    assert walk(calling, encoding) > 0
                answers_and_errors(calling, next(iter(consumer.copy.of(CLOUD, TYPE))))
                cloud.control.churn(rate=0)
                cloud.control.add_fault(Fault(kind="error", status=500))
                until("a problem", lambda: is_failing(calling), PATIENCE)
            finally:
                calling.close()
                listening.close()
            for message in listening.overheard.messages:
                check("notification", message)
                check_notification(message["event_type"], message["payload"])


def answers_and_errors(calling: Calling, id_: str) -> None:
    answer = calling.answer("changes", **SERVERS)
    calling.answer("changes", **SERVERS, epoch=answer["epoch"], since=answer["last"], limit=1)
    calling.answer("get", **SERVERS, id=answer["changes"][0]["id"], revision=answer["first"])
    then = {"epoch": answer["epoch"], "revision": answer["last"]}
    digests = calling.answer("digests", **SERVERS, **then, bits=4)
    assert sum(bucket["count"] for bucket in digests["buckets"]) == answer["count"]
    assert len(calling.answer("roster", **SERVERS, **then)["items"]) == answer["count"]
    history = calling.answer("history", **SERVERS, id=answer["changes"][0]["id"])
    assert history["versions"][-1]["revision"] == answer["first"]
    until("a barrier", lambda: is_barred(calling), PATIENCE)
    assert calling.failure("get_all", type="nova.nothing")["class"] == "UnknownType"
    assert calling.failure("get_all", type=TYPE, cloud="nowhere")["class"] == "UnknownCloud"
    assert calling.failure("get", **SERVERS, id=f"{id_}-not")["class"] == "NotFound"
    assert calling.failure("changes", **SERVERS, epoch="old")["class"] == "EpochChanged"
    assert calling.failure("get_all", **SERVERS, cursor="made up")["class"] == "BadCursor"
    assert calling.failure("get_all", **SERVERS, limit=-1)["class"] == "BadRequest"


def is_barred(calling: Calling) -> bool:
    try:
        calling.answer("barrier", **SERVERS, nonce="n-1")
    except errors.ServiceUnavailable:  # changes are under way
        return False
    return True


def is_failing(calling: Calling) -> bool:
    return calling.answer("describe")["clouds"][CLOUD][TYPE]["condition"] is not None
