# SPDX-License-Identifier: Apache-2.0
"""The reference of all metrics, as a document."""

from collections.abc import Iterator

from synchronizer.metrics.catalogue import SECTIONS
from synchronizer.metrics.declaration import SECONDS, Metric, Section

_HEAD = """\
# Metrics

<!-- Made from synchronizer/metrics/catalogue.py by `make reference`. -->

`GET /metrics` on the monitor's address (`[monitor] listen`, `127.0.0.1:9788` unless told
otherwise) shows these to Prometheus, for all processes of the daemon together:

```yaml
# prometheus.yml
rule_files:
  - /etc/prometheus/synchronizer.rules.yml
scrape_configs:
  - job_name: synchronizer
    static_configs:
      - targets: ["127.0.0.1:9788"]
```

`etc/prometheus/synchronizer.rules.yml` has the alert rules, which look for that job's name, and
`etc/grafana/synchronizer.json` is a dashboard, to be imported in Grafana; an installation has both
below `share/synchronizer`. What each alert means, and what to do, is
[in a table](failures.md#alerts).

Counters begin with 0 when the daemon is started, and go on when one of its processes is. A
series of a type that was taken out of the configuration stays until then, too. Several daemons on
one ledger show the same streams, each from its own sight: take the `max` of these, and the `sum`
of what is counted. Labels hold names of clouds, types, methods, processes and kinds of errors, and
never anything of an entity.

Upper bounds of the histograms' buckets, in seconds: {bounds}.
"""


def reference() -> str:
    """Markdown."""
    head = _HEAD.format(bounds=", ".join(f"{bound:g}" for bound in SECONDS))
    return "\n".join([head, *(line for section in SECTIONS for line in _section(section))])


def _section(section: Section) -> Iterator[str]:
    yield f"## {section.title}\n"
    yield f"{section.text}\n"
    yield "| metric | kind | labels | meaning |"
    yield "| --- | --- | --- | --- |"
    yield from map(_row, section.metrics)
    yield ""


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"
