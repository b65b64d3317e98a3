# SPDX-License-Identifier: Apache-2.0
"""Every name of a metric, a label or an alert that operators are handed exists, and the other way
round."""

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from synchronizer.metrics.catalogue import METRICS, SECTIONS
from synchronizer.metrics.declaration import PREFIX
from synchronizer.metrics.reference import reference
from tests.support import monitoring
from tests.support.checkout import ROOT
from tests.support.monitoring import Query

SERIES = {series: metric for metric in METRICS.values() for series in metric.series}
#: What else begins as a metric does.
NO_METRICS = re.compile(r"synchronizer_(plugins?\b|plugin_|fanout_|test)\w*")
#: Labels that Prometheus adds.
ADDED = {"instance", "job"}
QUERIES = [*monitoring.alert_queries(), *monitoring.dashboard_queries()]


def documents() -> Iterator[tuple[str, str]]:
    """All that people read, with its path."""
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "etc").rglob("*")]
    for path in paths:
        if path.is_file() and "_build" not in path.parts:
            yield str(path.relative_to(ROOT)), path.read_text()


def test_the_reference_is_made_from_the_catalogue() -> None:
    text = (ROOT / "docs" / "operating" / "metrics.md").read_text()
    assert text == reference(), "make reference"
    assert all(f"`{name}`" in text for name in METRICS)


def test_every_metric_is_declared_once_with_its_unit() -> None:
    names = [metric.name for section in SECTIONS for metric in section.metrics]
    assert len(names) == len(set(names))
    for metric in METRICS.values():
        assert metric.name.startswith(PREFIX)
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert bool(metric.buckets) == (metric.kind == "histogram")
        assert list(metric.buckets) == sorted(set(metric.buckets))
        assert metric.help.endswith(".")


def test_documents_name_only_metrics_that_exist() -> None:
    for path, text in documents():
        for name in set(re.findall(rf"\b{PREFIX}\w+", text)):
            known = name in METRICS or name in SERIES or NO_METRICS.fullmatch(name)
            assert known, f"{path} names {name}"


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.where)
def test_a_query_selects_what_exists_by_labels_that_it_has(query: Query) -> None:
    selected = list(query.selected())
    assert selected or query.text.startswith("up{"), query.text
    for series, labels in selected:
        assert series in SERIES, f"{query.where} names {series}"
        known = {*SERIES[series].labels, *ADDED, "le"}
        assert labels <= known, f"{query.where} selects {series} by {labels - known}"
    grouped = {
        label for of in re.findall(r"by \(([^)]*)\)", query.text) for label in of.split(", ")
    }
    known = {label for series, _ in selected for label in SERIES[series].labels}
    assert grouped <= {*known, *ADDED, "le"}, query.text


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {SERIES[series].name for query in QUERIES for series, _ in query.selected()}
    on_board = monitoring.dashboard_queries()
    assert shown - set(METRICS) == set()
    assert {SERIES[s].name for query in on_board for s, _ in query.selected()} == set(METRICS)


def test_panels_of_the_dashboard_lie_side_by_side() -> None:
    board = json.loads(monitoring.DASHBOARD.read_text())
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_every_alert_is_tested_as_it_fires_and_as_it_does_not() -> None:
    cases = yaml.safe_load(monitoring.CASES.read_text())["tests"]
    fires: set[str] = set()
    rests: set[str] = set()
    for case in cases:
        for one in case.get("alert_rule_test", ()):
            (fires if one["exp_alerts"] else rests).add(one["alertname"])
    assert fires == set(monitoring.alerts())
    assert rests == set(monitoring.alerts())


def test_every_alert_is_in_the_handbook_and_no_other() -> None:
    handbook = (ROOT / "docs" / "operating" / "failures.md").read_text()
    assert set(re.findall(r"\bSynchronizer[A-Z]\w+", handbook)) >= set(monitoring.alerts())
    for path, text in documents():
        for name in re.findall(r"`(Synchronizer[A-Z]\w+)`", text):
            assert name in monitoring.alerts(), f"{path} names the alert {name}"
