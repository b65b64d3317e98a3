# SPDX-License-Identifier: Apache-2.0
"""Series as prometheus_client shows them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import Metric as Family

from synchronizer.metrics.declaration import Metric
from synchronizer.metrics.recorder import SUM, Key

#: The values of one metric, by those of its labels. Of a histogram: by bucket, and its sum.
Values = Mapping[tuple[str, ...], float]
Histograms = Mapping[tuple[str, ...], Mapping[str, float]]


def family(metric: Metric, values: Values) -> Family:
    """A counter or gauge with these values."""
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    made: Family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in sorted(values.items()):
        made.add_metric(labels, value)  # type: ignore[attr-defined]
    return made


def histogram_family(metric: Metric, histograms: Histograms) -> Family:
    made = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    bounds = [*(str(bound) for bound in metric.buckets), "+Inf"]
    for labels, parts in sorted(histograms.items()):
        buckets, count = [], 0.0
        for number, bound in enumerate(bounds):
            count += parts.get(str(number), 0.0)
            buckets.append((bound, count))
        made.add_metric(labels, buckets, parts.get(SUM, 0.0))
    return made


def recorded(
    numbers: Iterable[tuple[str, float]], metrics: Mapping[str, Metric]
) -> dict[str, Family]:
    """What processes counted, added up, by the metric's name."""
    values: dict[str, dict[tuple[str, ...], float]] = defaultdict(lambda: defaultdict(float))
    parts: dict[str, dict[tuple[str, ...], dict[str, float]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(float))
    )
    for name, number in numbers:
        key = msgspec.json.decode(name, type=Key)
        if key.part:
            parts[key.metric][key.labels][key.part] += number
        else:
            values[key.metric][key.labels] += number
    families = {name: family(metrics[name], of) for name, of in values.items()}
    families |= {name: histogram_family(metrics[name], of) for name, of in parts.items()}
    return families
