# SPDX-License-Identifier: Apache-2.0
"""What a client needs to know to log in: an entry of clouds.yaml."""

from __future__ import annotations

import json
from pathlib import Path

from synchronizer.simulator.accounts import PASSWORD


def administrator(auth_url: str, password: str = PASSWORD) -> dict[str, str]:
    """The `auth` of the simulated cloud's administrator."""
    return {
        "auth_url": auth_url,
        "username": "admin",
        "password": password,
        "project_name": "admin",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }


def write_clouds(path: Path, name: str, auth_url: str, password: str = PASSWORD) -> None:
    """Writes a clouds.yaml with one entry of that name; JSON is YAML, too."""
    entry = {"region_name": "RegionOne", "auth": administrator(auth_url, password)}
    path.write_text(json.dumps({"clouds": {name: entry}}, indent=2) + "\n")
