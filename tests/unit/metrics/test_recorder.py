# SPDX-License-Identifier: Apache-2.0
"""Counting, and what the page makes of it."""

import logging
import threading

import pytest
from prometheus_client.core import Metric as Family

from synchronizer.metrics import catalogue
from synchronizer.metrics.catalogue import METRICS
from synchronizer.metrics.families import recorded
from synchronizer.metrics.numbers import Numbers, Region
from synchronizer.metrics.recorder import Recorder

STREAM = {"cloud": "c1", "type": "nova.server"}


def samples(numbers: Numbers, name: str) -> dict[tuple[str, ...], float]:
    """The values of a metric's series, by their names and labels."""
    family: Family = recorded(numbers.all(), METRICS)[name]
    return {(one.name, *one.labels.values()): one.value for one in family.samples}


def test_processes_are_added_up() -> None:
    numbers = Numbers(["one", "two"])
    for name in ("one", "two"):
        Recorder(numbers.of(name)).count(catalogue.API_REQUESTS, 2, **STREAM)
    Recorder(numbers.of("two")).count(catalogue.API_REQUESTS, 3, cloud="c2", type="nova.server")
    name = "synchronizer_api_requests_total"
    assert samples(numbers, name) == {
        (name, "c1", "nova.server"): 4,
        (name, "c2", "nova.server"): 3,
    }


def test_a_process_goes_on_with_the_numbers_of_the_one_before_it() -> None:
    numbers = Numbers(["one"])
    for _ in range(3):
        recorder = Recorder(numbers.of("one"))
        recorder.count(catalogue.HINTS, **STREAM)
        recorder.put(catalogue.BUS_UP, 1.0)
    assert samples(numbers, catalogue.HINTS.name).popitem()[1] == 3
    assert Recorder(numbers.of("one")).value(catalogue.BUS_UP) == 1.0
    assert Recorder(Region()).value(catalogue.BUS_UP) is None


def test_a_histogram_counts_what_is_at_most_its_bound() -> None:
    numbers = Numbers(["one", "two"])
    for process, seconds in (("one", 0.001), ("one", 0.0011), ("two", 0.5), ("two", 1000.0)):
        Recorder(numbers.of(process)).observe(catalogue.COMMIT_SECONDS, seconds)
    found = samples(numbers, "synchronizer_ledger_commit_seconds")
    buckets = {key[1]: value for key, value in found.items() if key[0].endswith("_bucket")}
    assert len(buckets) == len(catalogue.COMMIT_SECONDS.buckets) + 1
    assert [buckets[bound] for bound in ("0.001", "0.0025", "0.25", "0.5", "30.0", "+Inf")] == [
        *(1, 2, 2, 3, 3, 4)
    ]
    assert found[("synchronizer_ledger_commit_seconds_count",)] == 4
    assert found[("synchronizer_ledger_commit_seconds_sum",)] == pytest.approx(1000.5021)


def test_threads_lose_no_count() -> None:
    numbers = Numbers(["one"])
    recorder = Recorder(numbers.of("one"))

    def work() -> None:
        for _ in range(2000):
            recorder.count(catalogue.HINTS, **STREAM)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert samples(numbers, catalogue.HINTS.name).popitem()[1] == 8000


def test_what_has_no_room_is_left_out_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(Region(4096))
    with caplog.at_level(logging.WARNING):
        for number in range(200):
            recorder.count(catalogue.COMMIT_FAILURES, error=f"Error{number}")
    assert len(caplog.records) == 1
    recorder.count(catalogue.COMMIT_FAILURES, error="Error0")


def test_nothing_is_counted_under_labels_that_are_not_declared() -> None:
    recorder = Recorder(Region())
    with pytest.raises(ValueError, match="with labels"):
        recorder.count(catalogue.HINTS, cloud="c1")
    with pytest.raises(ValueError, match="is a histogram"):
        recorder.count(catalogue.COMMIT_SECONDS)
    with pytest.raises(ValueError, match="never falls"):
        recorder.count(catalogue.HINTS, -1, **STREAM)
    with pytest.raises(ValueError, match="no gauge"):
        recorder.put(catalogue.HINTS, 1, **STREAM)


def test_odd_names_of_clouds_arrive_as_they_are() -> None:
    numbers = Numbers(["one"])
    odd = 'a "b"\\c\nd,{e}=Ü'
    Recorder(numbers.of("one")).count(catalogue.HINTS, cloud=odd, type="nova.server")
    assert list(samples(numbers, catalogue.HINTS.name)) == [
        ("synchronizer_hints_total", odd, "nova.server")
    ]
