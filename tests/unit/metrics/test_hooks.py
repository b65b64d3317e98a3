# SPDX-License-Identifier: Apache-2.0
"""What is counted of the work that others do."""

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger
from synchronizer.metrics import Recorder, catalogue
from synchronizer.metrics.catalogue import METRICS
from synchronizer.metrics.families import recorded
from synchronizer.metrics.hooks import (
    CallTally,
    CommitTally,
    CountedSend,
    HangTally,
    SamplingTally,
)
from synchronizer.metrics.numbers import Numbers
from synchronizer.model import EntityType, StreamKey
from synchronizer.plugin import Page, Plugin, PluginContext
from synchronizer.sampling import Counts, TypeSettings
from synchronizer.sampling.clock import SystemClock
from synchronizer.sampling.counters import Counters
from synchronizer.sampling.typesampling import TypeSampling
from tests.unit.sampling.source import raw

KEY = StreamKey("c1", "things.thing")
TOPIC = "synchronizer.c1.things.thing"


@pytest.fixture
def numbers() -> Numbers:
    return Numbers(["this"])


@pytest.fixture
def recorder(numbers: Numbers) -> Recorder:
    return Recorder(numbers.of("this"))


def told(numbers: Numbers) -> dict[tuple[str, ...], float]:
    """What is not 0, by name and labels, without buckets."""
    return {
        (one.name.removeprefix("synchronizer_"), *one.labels.values()): one.value
        for family in recorded(numbers.all(), METRICS).values()
        for one in family.samples
        if one.value and not one.name.endswith(("_bucket", "_sum"))
    }


def test_every_counter_of_sampling_is_a_metric_or_told_otherwise(
    numbers: Numbers, recorder: Recorder
) -> None:
    counters = Counters(KEY, SamplingTally(recorder))
    elsewhere = {"held", "last_listing", "errors"}
    names = {field.name for field in dataclasses.fields(Counts)} - elsewhere
    for name in names:
        counters.add(**{name: 2})
    assert len(told(numbers)) == len(names)
    assert set(told(numbers).values()) == {2}


def test_a_stream_is_shown_before_anything_happens(numbers: Numbers, recorder: Recorder) -> None:
    SamplingTally(recorder, [KEY])
    families = recorded(numbers.all(), METRICS)
    assert catalogue.CHANGES.name in families
    assert {one.value for family in families.values() for one in family.samples} == {0}


def test_a_failure_is_told_by_the_kinds_of_its_poll_and_error(
    numbers: Numbers, recorder: Recorder
) -> None:
    counters = Counters(KEY, SamplingTally(recorder))
    counters.failed("listing", errors.SourceUnavailable("a secret"))
    name = "poll_failures_total"
    assert told(numbers) == {(name, *("c1", KEY.type), "listing", "SourceUnavailable"): 1}


class Things(Plugin):
    service: ClassVar[str] = "things"

    def types(self) -> tuple[EntityType, ...]:
        return (EntityType(KEY.type),)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        yield Page([raw({"id": "a"}), raw({"id": "b"})], last=True)


def test_a_listing_and_its_commits_are_counted(
    numbers: Numbers, recorder: Recorder, tmp_path: Path
) -> None:

    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    commits = CommitTally(recorder)
    ledger = Ledger.open(url, state_path=tmp_path, migrate=True, on_commit=commits)
    sampling = TypeSampling(
        Things(PluginContext("c1")),
        ledger,
        EntityType(KEY.type),
        TypeSettings(),
        stop=threading.Event(),
        on_fatal=lambda _: None,
        clock=SystemClock(),
        uniform=lambda _low, high: high,
        tally=SamplingTally(recorder),
    )
    sampling.open("me")
    sampling.listing.run()
    found = told(numbers)
    stream = ("c1", KEY.type)
    assert found[("changes_total", *stream, "create")] == 2
    assert found[("listings_total", *stream)] == 1
    assert found[("api_requests_total", *stream)] == 1
    assert found[("entities_observed_total", *stream)] == 2
    assert found[("ledger_commit_seconds_count",)] == 2  # the page, and the proof
    state = ledger.find(KEY)
    assert state is not None
    with pytest.raises(errors.Refused):
        ledger.commit(dataclasses.replace(state, revision=state.revision - 1), (), listed_at=1)
    assert told(numbers)[("ledger_commit_failures_total", "Refused")] == 1
    ledger.close()


def test_calls_are_told_by_method_and_outcome(numbers: Numbers, recorder: Recorder) -> None:
    tally = CallTally(recorder)
    tally("get_all", "ok", 0.01)
    tally("get_all", "Compacted", 0.01)
    assert told(numbers) == {
        ("rpc_seconds_count", "get_all", "ok"): 1,
        ("rpc_seconds_count", "get_all", "Compacted"): 1,
    }


def test_hangs_are_told_by_process(numbers: Numbers, recorder: Recorder) -> None:
    tally = HangTally(recorder, ["relay", "worker c1/nova"])
    families = recorded(numbers.all(), METRICS)
    assert len(families[catalogue.PROCESS_HANGS.name].samples) == 2
    tally("relay")
    assert told(numbers) == {("process_hangs_total", "relay"): 1}


class Bus:
    """Takes messages while it is up."""

    def __init__(self) -> None:
        self.up = True

    def send(self, topic: str, event_type: str, payload: dict[str, Any], deadline: float) -> None:
        if not self.up:
            raise errors.BusUnavailable("it is away")


def test_an_outage_is_one_outage_even_for_the_next_relay(numbers: Numbers) -> None:
    bus = Bus()

    def relay() -> CountedSend:
        return CountedSend(Recorder(numbers.of("this")), bus.send)

    def fails(send: CountedSend) -> None:
        with pytest.raises(errors.BusUnavailable):
            send(TOPIC, "things.thing.changes", {}, 1.0)

    send = relay()
    send(TOPIC, "things.thing.bookmark", {}, 1.0)
    assert told(numbers)[("bus_up",)] == 1
    bus.up = False
    for _ in range(2):
        fails(send)
    send = relay()  # the first one was killed
    fails(send)
    assert ("bus_up",) not in told(numbers)
    bus.up = True
    send(TOPIC, "things.thing.changes", {}, 1.0)
    assert told(numbers) == {
        ("bus_up",): 1,
        ("bus_outages_total",): 1,
        ("bus_publish_failures_total", "changes"): 3,
        ("bus_publish_seconds_count", "bookmark"): 1,
        ("bus_publish_seconds_count", "changes"): 1,
    }


def test_a_bus_that_was_never_there_is_an_outage(numbers: Numbers, recorder: Recorder) -> None:
    bus = Bus()
    bus.up = False
    with pytest.raises(errors.BusUnavailable):
        CountedSend(recorder, bus.send)(TOPIC, "things.thing.bookmark", {}, 1.0)
    assert told(numbers)[("bus_outages_total",)] == 1
