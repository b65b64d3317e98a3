# SPDX-License-Identifier: Apache-2.0
"""The worker with its threads. The source is in memory; what is waited for are its events."""

import threading
from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger
from synchronizer.model import EntityType, StreamKey
from synchronizer.plugin import Page, Plugin, PluginContext
from synchronizer.sampling import SamplingWorker, TypeSettings
from tests.unit.sampling.source import raw

PATIENCE = 30.0
GOOD, BAD = EntityType("two.good"), EntityType("two.bad")


class Two(Plugin):
    """Two types, each with its own script."""

    service: ClassVar[str] = "two"

    def __init__(self) -> None:
        super().__init__(PluginContext("c1"))
        self.scripts: dict[str, Callable[[], list[Page]]] = {
            GOOD.name: lambda: [Page([raw({"id": "a"})], last=True)],
            BAD.name: lambda: [Page(last=True)],
        }
        self.closed = False

    def types(self) -> tuple[EntityType, ...]:
        return (GOOD, BAD)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        yield from self.scripts[type_.name]()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def plugin() -> Two:
    return Two()


@pytest.fixture
def fatal() -> list[BaseException]:
    return []


@pytest.fixture
def worker(plugin: Two, ledger: Ledger, fatal: list[BaseException]) -> Iterator[SamplingWorker]:
    quick = TypeSettings(interval=0.02, early_gap=0.0, backoff_first=0.01, backoff_most=0.05)
    made = SamplingWorker(
        plugin, ledger, {GOOD.name: quick, BAD.name: quick}, owner="me", on_fatal=fatal.append
    )
    yield made
    made.stop()
    assert made.wait(PATIENCE)
    assert plugin.closed


def test_a_type_that_hangs_or_fails_does_not_delay_another(
    worker: SamplingWorker, plugin: Two, ledger: Ledger
) -> None:
    hangs, failed, enough = threading.Event(), threading.Event(), threading.Event()
    listed: list[int] = []

    def bad() -> list[Page]:
        if failed.is_set():
            hangs.wait(PATIENCE)
            return [Page(last=True)]
        failed.set()
        raise errors.SourceUnavailable("it is out")

    def good() -> list[Page]:
        listed.append(1)
        if len(listed) == 10:
            enough.set()
        return [Page([raw({"id": "a", "n": len(listed)})], last=True)]

    plugin.scripts = {GOOD.name: good, BAD.name: bad}
    worker.start()
    assert failed.wait(PATIENCE)
    assert enough.wait(PATIENCE)
    stream = ledger.find(StreamKey("c1", BAD.name))
    assert stream is not None
    condition = ledger.condition(stream.id)
    assert condition is not None
    assert condition.message == "listing: it is out"
    hangs.set()


def test_a_condition_is_cleared_when_the_source_is_back(
    worker: SamplingWorker, plugin: Two, ledger: Ledger
) -> None:
    polls: list[int] = []
    seen: list[str | None] = []
    again = threading.Event()

    def bad() -> list[Page]:
        polls.append(1)
        stream = ledger.find(StreamKey("c1", BAD.name))
        assert stream is not None
        condition = ledger.condition(stream.id)
        seen.append(None if condition is None else condition.message)
        if len(polls) == 1:
            raise RuntimeError("a bug of the plugin's, with a token in it")
        if len(polls) == 3:
            again.set()
        return [Page(problems=("truncated",) if len(polls) == 2 else (), last=True)]

    plugin.scripts[BAD.name] = bad
    worker.start()
    assert again.wait(PATIENCE)
    assert seen[:3] == [
        None,
        "listing: the plugin failed with RuntimeError; see the log",
        "completeness: truncated",
    ]
    worker.list_now(BAD.name)


def test_a_worker_that_is_fenced_off_says_so_once_and_ends(
    worker: SamplingWorker, plugin: Two, ledger: Ledger, fatal: list[BaseException]
) -> None:
    taken = threading.Event()

    def bad() -> list[Page]:
        taken.wait(PATIENCE)
        return [Page(last=True)]

    plugin.scripts[BAD.name] = bad
    worker.start()
    for type_ in (GOOD, BAD):
        stream = ledger.find(StreamKey("c1", type_.name))
        assert stream is not None
        ledger.claim(stream.id, "another")
    taken.set()
    assert worker.wait(PATIENCE)  # all threads end, without being told to
    assert [type(error) for error in fatal] == [errors.Fenced]


def test_a_type_that_the_plugin_does_not_have_is_refused(plugin: Two, ledger: Ledger) -> None:
    with pytest.raises(errors.BadConfiguration, match=r"no type two\.ugly; it has two\.bad"):
        SamplingWorker(
            plugin, ledger, {"two.ugly": TypeSettings()}, owner="me", on_fatal=lambda error: None
        )


def test_counts_tell_what_was_done(worker: SamplingWorker, plugin: Two) -> None:
    enough = threading.Event()
    listed: list[int] = []

    def good() -> list[Page]:
        listed.append(1)
        if len(listed) == 3:
            enough.set()
        return [Page([raw({"id": "a"})], last=True)]

    plugin.scripts[GOOD.name] = good
    worker.start()
    assert enough.wait(PATIENCE)
    counts = worker.counts()[GOOD.name]
    assert counts.listings >= 2
    assert (counts.creates, counts.decoded, counts.held) == (1, 1, 0)
