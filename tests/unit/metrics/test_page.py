# SPDX-License-Identifier: Apache-2.0
"""The page, from what it is made of to what Prometheus reads."""

import dataclasses
import math
import os
import pathlib
import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

import synchronizer
from synchronizer import errors
from synchronizer.ledger import Ledger, StreamOverview, StreamState
from synchronizer.metrics import Numbers, Page, Recorder, catalogue, processes
from synchronizer.metrics.hooks import SamplingTally
from synchronizer.metrics.streams import Streams
from synchronizer.model import StreamKey
from synchronizer.vitals import Phase, Vital

KEY, OTHER = StreamKey("c1", "nova.server"), StreamKey("c1", "nova.flavor")
NOW = 1_767_323_045_000_000
PATIENCE = 60.0

Series = dict[tuple[str, ...], float]


def series(page: bytes) -> Series:
    """Each value of the page, by its name and labels, which are in their alphabetical order."""
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in parsed(page.decode())
        for one in family.samples
    }


def overview(key: StreamKey = KEY, **of: object) -> StreamOverview:
    state = StreamState(1, key, "e", 12, 12, 0, NOW - 30_000_000, 7, 0, "r", "me", 1)
    fields = {name: of.pop(name) for name in list(of) if hasattr(state, name)}
    plain = StreamOverview(
        dataclasses.replace(state, **fields),  # type: ignore[arg-type]
        held=0,
        failing=False,
        listing=1.5,
        unpublished_since=None,
    )
    return dataclasses.replace(plain, **of)  # type: ignore[arg-type]


def of_streams(*overviews: StreamOverview) -> Series:
    """What is told of streams, of which the first one's type alone is configured."""
    told = Streams(lambda: (list(overviews), 4096), lambda: {KEY: 600.0}, now=lambda: NOW)
    return {
        (one.name.removeprefix("synchronizer_"), *one.labels.values()): one.value
        for family in told.families().values()
        for one in family.samples
    }


def test_a_stream_is_told_with_all_that_the_ledger_knows() -> None:
    since = NOW - 4_000_000
    full = overview(held=3, failing=True, published=10, unpublished_since=since)
    assert of_streams(full) == {
        ("stream_entities", "c1", "nova.server"): 7,
        ("stream_revision", "c1", "nova.server"): 12,
        ("stream_staleness_seconds", "c1", "nova.server"): 30,
        ("stream_interval_seconds", "c1", "nova.server"): 600,
        ("stream_listing_seconds", "c1", "nova.server"): 1.5,
        ("stream_held_deletes", "c1", "nova.server"): 3,
        ("stream_failing", "c1", "nova.server"): 1,
        ("outbox_changes", "c1", "nova.server"): 2,
        ("outbox_age_seconds", "c1", "nova.server"): 4,
        ("ledger_up",): 1,
        ("ledger_bytes",): 4096,
    }


def test_a_stream_that_was_never_listed_is_infinitely_stale() -> None:
    told = of_streams(overview(listed_at=None, listing=None))
    assert told[("stream_staleness_seconds", "c1", "nova.server")] == math.inf
    assert ("stream_listing_seconds", "c1", "nova.server") not in told


def test_streams_that_are_not_configured_are_not_shown() -> None:
    told = of_streams(overview(), overview(OTHER))
    assert not [labels for labels in told if "nova.flavor" in labels]


def test_a_ledger_that_is_away_leaves_no_old_value(caplog: pytest.LogCaptureFixture) -> None:
    away = [False]

    def read() -> tuple[list[StreamOverview], int | None]:
        if away[0]:
            raise errors.LedgerUnavailable("it is away")
        return [overview()], None

    streams = Streams(read, lambda: {KEY: 600.0}, patience=PATIENCE)
    assert len(streams.families()) > 5
    away[0] = True
    for _ in range(2):
        (up,) = streams.families().values()
        assert [(one.name, one.value) for one in up.samples] == [("synchronizer_ledger_up", 0)]
    away[0] = False
    assert len(streams.families()) > 5
    assert [record.levelname for record in caplog.records if "metrics" in record.message] == [
        "WARNING"
    ]


def test_a_ledger_that_hangs_holds_up_no_page() -> None:
    hangs = threading.Event()
    asked: list[int] = []

    def read() -> tuple[list[StreamOverview], int | None]:
        asked.append(1)
        hangs.wait(PATIENCE)
        return [overview()], None

    streams = Streams(read, lambda: {KEY: 600.0}, patience=0.05)
    for _ in range(3):
        assert list(streams.families()) == ["synchronizer_ledger_up"]
    assert len(asked) == 1, "one question hangs, and others do not come after it"
    hangs.set()
    patient = Streams(read, lambda: {KEY: 600.0}, patience=PATIENCE)
    assert "synchronizer_stream_entities" in patient.families()


def test_a_page_without_room_for_a_thread_is_made_and_the_next_one_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    streams = Streams(lambda: ([overview()], None), lambda: {KEY: 600.0}, patience=PATIENCE)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", full)
        assert list(streams.families()) == ["synchronizer_ledger_up"]
    assert "synchronizer_stream_entities" in streams.families()


def test_the_page_of_a_ledger_and_its_processes(tmp_path: pathlib.Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    ledger = Ledger.open(url, state_path=tmp_path, migrate=True)
    ledger.ensure_stream(KEY, "rules")
    numbers = Numbers(["worker c1/nova", "relay"])
    tally = SamplingTally(Recorder(numbers.of("worker c1/nova")), [KEY])
    tally.added(KEY, {"creates": 2, "calls": 1, "held": 9})
    vitals = [
        Vital("worker c1/nova", pid=os.getpid(), starts=3, phase=Phase.RUNNING),
        Vital("relay", starts=0),
    ]
    page = Page(numbers, url, intervals=lambda: {KEY: 600.0}, processes=lambda: vitals)
    try:
        kind, body = page.read()
    finally:
        page.close()
        ledger.close()
    assert kind.startswith("text/plain; version=0.0.4")
    found = series(body)
    assert found[("synchronizer_changes_total", "c1", "create", "nova.server")] == 2
    assert found[("synchronizer_changes_total", "c1", "delete", "nova.server")] == 0
    assert found[("synchronizer_stream_entities", "c1", "nova.server")] == 0
    assert found[("synchronizer_ledger_up",)] == 1
    assert found[("synchronizer_ledger_bytes",)] > 4096
    assert found[("synchronizer_build_info", synchronizer.__version__)] == 1
    worker, relay = ("worker c1/nova",), ("relay",)
    assert found[("synchronizer_process_up", *worker)] == 1
    assert found[("synchronizer_process_up", *relay)] == 0
    assert found[("synchronizer_process_starts_total", *worker)] == 3
    assert found[("synchronizer_process_resident_memory_bytes", *worker)] > 1 << 20
    assert found[("synchronizer_process_open_fds", *worker)] >= 3
    assert ("synchronizer_process_resident_memory_bytes", *relay) not in found
    assert found[("synchronizer_process_phase", "running", *worker)] == 1
    assert found[("synchronizer_process_phase", "absent", *worker)] == 0
    assert found[("synchronizer_process_phase", "absent", *relay)] == 1


def test_a_process_whose_files_cannot_be_counted_is_up_all_the_same(
    tmp_path: pathlib.Path,
) -> None:
    own = tmp_path / "7"
    own.mkdir()
    (own / "statm").write_text("900 100 50 1 0 90 0\n")
    vital = Vital("relay", pid=7, starts=1, phase=Phase.RUNNING)
    found = processes.families([vital], proc=tmp_path)
    assert [one.value for one in found[catalogue.PROCESS_UP.name].samples] == [1]
    assert [one.value > 0 for one in found[catalogue.PROCESS_MEMORY.name].samples] == [True]
    assert not found[catalogue.PROCESS_FILES.name].samples


def test_a_page_of_nothing_is_a_page(tmp_path: pathlib.Path) -> None:
    page = Page(Numbers([]), "nonsense", intervals=dict, processes=list)
    found = series(page.read()[1])
    assert found[("synchronizer_ledger_up",)] == 0
    assert catalogue.STREAM_ENTITIES.name not in {name for name, *_ in found}
