# SPDX-License-Identifier: Apache-2.0
"""How it went, in plain words."""

from typing import Any

from synchronizer.demo.screen import duration


def summary(report: dict[str, Any]) -> list[str]:
    """Lines for a person; `report` is what `--json` prints."""
    entities, changes = report["entities"], report["changes"]
    lines = {
        True: [f"The copy equals the cloud: all {entities:,} servers, field for field."],
        False: [f"The copy of {entities:,} servers DIFFERS from the cloud."],
        None: [f"The copy holds {entities:,} servers."],
    }[report["converged"]]
    told = f"{changes:,} changes were received"
    if report["lag_p50_ms"] is not None:
        told += (
            f", half of them within {duration(report['lag_p50_ms'])} of happening in the cloud,"
            f" 99 % within {duration(report['lag_p99_ms'])}"
        )
    lines.append(told + ".")
    if report["api_calls"] is not None:
        lines.append(f"The daemon sent {report['api_calls']:,} requests to the cloud's API.")
        false = report["false_deletes"]
        lines.append(
            f"{false} servers were reported as deleted that were THERE."
            if false
            else "No server was reported as deleted that was there."
        )
    return lines
