# SPDX-License-Identifier: Apache-2.0
"""Notifications that a real Nova sent (2026.2, both forms), their longer fields cut out."""

import json
import pathlib
from typing import Any

_FILE = pathlib.Path(__file__).with_name("recorded.jsonl")

#: Fields that name what a notification speaks of, in either form.
_IDS = ("flavorid", "server_group_id", "instance_uuid", "uuid", "instance_id")


def recorded() -> list[tuple[str, dict[str, Any]]]:
    """Each as (event_type, payload)."""
    lines = (json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines())
    return [(line["event_type"], line["payload"]) for line in lines]


def subject_of(payload: dict[str, Any]) -> str | None:
    """The id of what a payload is about; None where it has none that is a text."""
    data = payload.get("nova_object.data", payload)
    return next((data[name] for name in _IDS if name in data), None)
