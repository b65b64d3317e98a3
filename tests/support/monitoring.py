# SPDX-License-Identifier: Apache-2.0
"""What operators are handed to watch the daemon with: its queries, and the names in them."""

import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.support.checkout import ROOT

RULES = ROOT / "etc" / "prometheus" / "synchronizer.rules.yml"
CASES = ROOT / "tests" / "acceptance" / "metrics" / "alerts.yml"
DASHBOARD = ROOT / "etc" / "grafana" / "synchronizer.json"

#: In a query of the dashboard, what Grafana puts there before it asks.
_VARIABLES = {"$__rate_interval": "5m", "$instance": ".*", "$cloud": ".*", "$type": ".*"}
_SELECTED = re.compile(r"(synchronizer_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")


@dataclasses.dataclass(frozen=True)
class Query:
    """A query in PromQL; `where` it stands."""

    where: str
    text: str

    def selected(self) -> Iterator[tuple[str, set[str]]]:
        """Each series that it selects, and the labels that it selects by."""
        for found in _SELECTED.finditer(self.text):
            yield found[1], set(_MATCHER.findall(found[2] or ""))


def alerts() -> dict[str, dict[str, Any]]:
    """The alert rules, by name."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def alert_queries() -> list[Query]:
    return [Query(name, rule["expr"]) for name, rule in alerts().items()]


def dashboard_queries() -> list[Query]:
    """Those of its panels, annotations and variables, as Grafana asks them."""
    board = json.loads(DASHBOARD.read_text())
    found = [
        Query(panel["title"], target["expr"])
        for panel in board["panels"]
        for target in panel.get("targets", ())
    ]
    found += [Query(one["name"], one["expr"]) for one in board["annotations"]["list"]]
    variables = [one for one in board["templating"]["list"] if one["type"] == "query"]
    found += [Query(one["name"], _listed(one["definition"])) for one in variables]
    return [Query(query.where, _asked(query.text)) for query in found]


def _listed(definition: str) -> str:
    """The query in `label_values(QUERY, LABEL)`, by which its label is one of its own."""
    found = re.fullmatch(r"label_values\((.*), (\w+)\)", definition)
    assert found is not None, definition
    return f"group by ({found[2]}) ({found[1]})"


def _asked(text: str) -> str:
    for variable, value in _VARIABLES.items():
        text = text.replace(variable, value)
    assert "$" not in text, text
    return text
