# SPDX-License-Identifier: Apache-2.0
"""The alert rules and the dashboard's queries, by Prometheus itself."""

import pathlib

import yaml

from tests.acceptance.metrics.conftest import Promtool
from tests.support import monitoring
from tests.support.examples import every_block


def test_each_alert_is_raised_when_it_should_and_not_otherwise(promtool: Promtool) -> None:
    promtool("check", "rules", monitoring.RULES)
    promtool("test", "rules", monitoring.CASES)


def test_the_dashboard_asks_what_prometheus_understands(
    promtool: Promtool, tmp_path: pathlib.Path
) -> None:
    queries = monitoring.dashboard_queries()
    rules = [{"record": f"panel:{n}", "expr": query.text} for n, query in enumerate(queries)]
    file = tmp_path / "dashboard.rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", file)


def test_the_configuration_that_is_documented_is_one(
    promtool: Promtool, tmp_path: pathlib.Path
) -> None:
    (shown,) = (
        block.text for block in every_block("docs/operating/metrics.md") if block.language == "yaml"
    )
    installed = "/etc/prometheus/synchronizer.rules.yml"
    assert installed in shown
    file = tmp_path / "prometheus.yml"
    file.write_text(shown.replace(installed, str(monitoring.RULES)))
    promtool("check", "config", file)
