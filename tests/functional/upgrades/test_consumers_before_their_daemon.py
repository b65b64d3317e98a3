# SPDX-License-Identifier: Apache-2.0
"""This version's client with a daemon of an older version, as far as one answers as recorded."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from synchronizer import errors
from synchronizer.bus import topics
from synchronizer.client import Client, Resynced, Synced
from tests.functional.client.consumer import Consumer
from tests.functional.upgrades.broker import local_broker
from tests.functional.upgrades.standin import Standin
from tests.upgrades import ledgers, place

TYPE = "nova.server"


class Older(NamedTuple):
    daemon: Standin
    client: Client
    lines: list[dict[str, Any]]


@pytest.fixture(params=ledgers.VERSIONS)
def older(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Older]:
    """An older daemon, and a client of this version."""
    monkeypatch.setattr(topics, "RPC_OFFERED", "1.0")
    lines = place.left(request.param, "sqlite")["lines"]
    with ExitStack() as stack:
        # Not tmp_path: a socket's path may have 107 bytes.
        socket = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "bus.sock"
        stack.enter_context(local_broker(socket))
        url = f"local://{socket}"
        standin = stack.enter_context(Standin(url, lines, version=request.param))
        yield Older(standin, stack.enter_context(Client(url, timeout=60)), lines)
        assert standin.refused == []


@pytest.fixture
def consumer(older: Older) -> Iterator[Consumer]:
    """It has its first copies."""
    made = Consumer(older.client.watch([TYPE]))
    made.wait(lambda me: len(me.told(Synced)) == 2, "the first copies")
    yield made
    made.close()


def test_it_watches(older: Older, consumer: Consumer) -> None:
    older.daemon.tell()
    last = older.daemon.revisions["east"]
    consumer.wait(lambda me: getattr(me.events[-1], "revision", 0) == last, "what is told")
    assert consumer.told(Resynced) == []


def test_it_gets_all_where_it_would_have_compared(older: Older, consumer: Consumer) -> None:
    older.daemon.contradict("east")
    consumer.wait(lambda me: len(me.told(Resynced)) == 1, "a new beginning")
    consumer.wait(lambda me: len(me.told(Synced)) == 3, "a copy")


def test_it_describes_what_an_older_daemon_tells(older: Older) -> None:
    streams = older.client.describe()
    assert [stream.cloud for stream in streams] == ["east", "west"]
    assert {stream.activity for stream in streams} == {None}
    assert {stream.owner for stream in streams} == {None}


def test_it_gets_all_and_says_what_an_older_daemon_lacks(older: Older) -> None:
    (page,) = (
        line["answer"]
        for line in older.lines
        if line.get("method") == "get_all" and line["answer"]["cloud"] == "east"
    )
    assert len(list(older.client.get_all(TYPE, cloud="east"))) == page["count"]
    with pytest.raises(errors.ServerTooOld, match="history"):
        older.client.history(TYPE, "one", cloud="east")
