# SPDX-License-Identifier: Apache-2.0
"""A running simulated cloud and the real clients of OpenStack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from keystoneauth1 import session
from keystoneauth1.identity import v3
from novaclient import client

from synchronizer.simulator import PASSWORD, Running, Simulator

Serve = Callable[..., Running]
LogIn = Callable[..., Any]


def log_in(running: Running, user: str = "admin", **options: Any) -> session.Session:
    auth = v3.Password(
        running.auth_url,
        username=user,
        password=PASSWORD,
        project_name=user,
        user_domain_name="Default",
        project_domain_name="Default",
    )
    return session.Session(auth, **options)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts simulators, with the arguments of `Simulator`; they end with the test."""
    with ExitStack() as stack:

        def start(**options: Any) -> Running:
            return stack.enter_context(Simulator(**options).serving())

        yield start


@pytest.fixture(scope="session")
def session_of() -> LogIn:
    """Makes keystoneauth sessions: `session_of(running, user="admin", timeout=...)`."""
    return log_in


@pytest.fixture(scope="session")
def nova_of() -> LogIn:
    """Makes novaclients: `nova_of(running, user="admin", version="2.96")`."""

    def make(running: Running, user: str = "admin", version: str = "2.96", **options: Any) -> Any:
        return client.Client(version, session=log_in(running, user, **options))

    return make
