# SPDX-License-Identifier: Apache-2.0
"""A running cloud as the acceptance tests use it."""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.acceptance.cloud.listings import LISTINGS, pages
from tests.cloud.cloud import Cloud
from tests.cloud.load import churn as churn_cloud
from tests.cloud.load import seed as seed_cloud

# The highest microversion of the Nova that the cloud runs.
MICROVERSION = "2.104"


class RunningCloud:
    """A cloud that is up, and what tests do with it."""

    name = "cloud"  # the admin's entry in clouds.yaml; demo1 and demo2 are plain members

    def __init__(self, cloud: Cloud, scratch: Path) -> None:
        self.cloud = cloud
        self._scratch = scratch
        self._numbers = itertools.count(1)

    @property
    def clouds_yaml(self) -> Path:
        return self.cloud.settings.clouds_yaml

    @property
    def auth_url(self) -> str:
        return self.cloud.settings.auth_url

    @property
    def compute_url(self) -> str:
        """Nova's endpoint, with /v2.1."""
        return self.cloud.settings.url("nova")

    def session(self, name: str = "cloud") -> Any:
        """Return a keystoneauth session of an entry in clouds.yaml, with a token of its own."""
        return self.cloud.connect(name).session

    def seed(self, amount: int, *, seed: int = 1, kinds: Iterable[str] | None = None) -> Path:
        """Make servers (and the rest); return the ground truth's path."""
        path = self._truth("seed")
        seed_cloud(self.cloud, amount, path, seed=seed, kinds=kinds)
        return path

    def churn(self, seconds: float, *, seed: int = 1, kinds: Iterable[str] | None = None) -> Path:
        """Change things at random for so long; return the ground truth's path."""
        path = self._truth("churn")
        churn_cloud(self.cloud, seconds, path, seed=seed, kinds=kinds)
        return path

    def stop(self, *names: str) -> None:
        """Take services or processes away: nova, nova-api, keystone, rabbitmq, mariadb ..."""
        self.cloud.stop(*names)

    def start(self, *names: str) -> None:
        """Bring them back, and wait until they answer."""
        self.cloud.start(*names)

    def listing(
        self, kind: str = "server", *, microversion: str = MICROVERSION, page: int = 200
    ) -> dict[str, dict[str, Any]]:
        """Return Nova's own complete listing, {id: entity}, read page by page."""
        assert kind == "server"
        path = f"/servers/detail?all_tenants=1&limit={page}"
        headers = {"OpenStack-API-Version": f"compute {microversion}"}
        walked = pages(self.session(), LISTINGS["nova.server"], path, headers)
        return {server["id"]: server for servers in walked for server in servers}

    def _truth(self, what: str) -> Path:
        return self._scratch / f"{what}-{next(self._numbers)}.jsonl"
