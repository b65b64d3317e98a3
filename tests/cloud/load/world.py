# SPDX-License-Identifier: Apache-2.0
"""What a load works on: a cloud's projects, and the kinds that its services can make."""

import logging
import random
from collections.abc import Callable
from pathlib import Path

from keystoneauth1 import exceptions

from tests.cloud.cloud import Cloud
from tests.cloud.load.entity import Entity
from tests.cloud.load.identity import Domain, Region, RoleAssignment, Tenant, User
from tests.cloud.load.kinds import Image, Server, ServerWithVolumes, Stack, Volume
from tests.cloud.load.listing import write_present
from tests.cloud.load.networking import (
    FloatingIp,
    Network,
    Port,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)
from tests.cloud.load.rest import Project, RefusedError, ingredients
from tests.cloud.load.truth import Truth
from tests.cloud.settings import PROJECTS

LOG = logging.getLogger(__name__)
ALL_KINDS: tuple[type[Entity], ...] = (
    ServerWithVolumes,
    Server,
    Volume,
    Stack,
    Network,
    Subnet,
    Port,
    Router,
    FloatingIp,
    SecurityGroup,
    SecurityGroupRule,
    Image,
    User,
    Tenant,
    Domain,
    Region,
    RoleAssignment,
)


class World:
    """A cloud, its truth and one source of chance."""

    def __init__(self, cloud: Cloud, path: Path, seed: int | None) -> None:
        self.chance = random.Random(seed)
        self.truth = Truth(path)
        self.services = cloud.settings.services
        self.projects = [
            Project(name, cloud.connect().connect_as_project(name).session)
            for name in ("admin", *PROJECTS)
        ]
        self.admin = self.projects[0]
        self._ingredients = ingredients(self.admin)
        self.kinds: dict[str, type[Entity]] = {}
        for kind in ALL_KINDS:
            if kind.needs <= self.services:
                self.kinds.setdefault(kind.kind, kind)

    def entity(self, kind: str, project: Project | None = None) -> Entity:
        """Return an entity that is yet to be made, or whose id is yet to be set."""
        where = project or self.chance.choice(self.projects)
        return self.kinds[kind](where, self._ingredients, self.truth, self.chance)

    def finish(self) -> None:
        """Write down what there is now, and close the truth."""
        with self.truth:
            write_present(self.admin, self.truth, self.services)


def guarded(work: Callable[[], str | None]) -> str | None:
    """Do the work; a refusal or a broken connection is logged, not fatal."""
    try:
        return work()
    except (RefusedError, exceptions.ClientException, KeyError) as error:
        LOG.warning("%s: %.300s", type(error).__name__, error)
        return None
