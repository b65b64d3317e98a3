# SPDX-License-Identifier: Apache-2.0
"""Who exists in the simulated cloud: projects, users and their roles, all from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

NAMED_PROJECTS = ("admin", "demo1", "demo2")
PROJECT_COUNT = 20
USERS_PER_PROJECT = 4
PASSWORD = "secret"
DOMAIN = {"id": "default", "name": "Default"}


@dataclass(frozen=True)
class Project:
    """`index` is the project's place in `Accounts.projects`; server i belongs to i mod count."""

    index: int
    id: str
    name: str


@dataclass(frozen=True)
class User:
    """A user who can log in, to one project and with one role there."""

    id: str
    name: str
    password: str
    project: Project
    role: str


class Accounts:
    """The projects and users of one seed.

    `admin` has the role admin in the project admin; `demo1` and `demo2` are plain members of
    theirs.  The other projects only own servers.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        names = NAMED_PROJECTS + tuple(
            f"project-{number:02d}" for number in range(len(NAMED_PROJECTS), PROJECT_COUNT)
        )
        self.projects = tuple(
            Project(index, self._hex("project", name), name) for index, name in enumerate(names)
        )
        self.users = tuple(
            User(
                self.user_id(index, 0),
                name,
                PASSWORD,
                self.projects[index],
                "admin" if name == "admin" else "member",
            )
            for index, name in enumerate(NAMED_PROJECTS)
        )

    def role_id(self, role: str) -> str:
        return self._hex("role", role)

    def user_id(self, project: int, number: int) -> str:
        """Return the id of a project's user; number 0 is the one who can log in."""
        return self._hex("user", f"{project}/{number}")

    def _hex(self, kind: str, name: str) -> str:
        return blake2b(f"{self._seed}/{kind}/{name}".encode(), digest_size=16).hexdigest()
