# SPDX-License-Identifier: Apache-2.0
"""A real OpenStack for the tests of this directory.

One cloud serves a whole run.  It lives in a temporary directory and is wiped at
the end, unless ``$SYNCHRONIZER_TEST_CLOUD_ROOT`` names a root: then it is used
as it is found (brought up if need be) and left running.

Where the cloud is not installed, the tests are skipped; under CI they fail.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.cloud.furnishing import furnish
from tests.acceptance.cloud.running import RunningCloud
from tests.cloud.catalogue import SERVICES
from tests.cloud.cloud import Cloud
from tests.cloud.errors import NotInstalledError
from tests.cloud.install import require
from tests.cloud.settings import cache

HERE = Path(__file__).parent
# Whole seconds; creating a cloud is part of the first test's time.
TIMEOUT = 900
# Nova sends both of its kinds of notifications: listeners exist for either.
OPTIONS = {"nova_notifications": "both"}
# Servers and volumes that every test finds at least, and a tenth as many of the others.
SEEDED = 8


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(pytest.mark.timeout(TIMEOUT))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """The cloud of this run."""
    try:
        venv = require(cache())
    except NotInstalledError as error:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    scratch = tmp_path_factory.mktemp("cloud")
    if root := os.environ.get("SYNCHRONIZER_TEST_CLOUD_ROOT"):
        yield RunningCloud(Cloud.up(Path(root).resolve(), venv, SERVICES, **OPTIONS), scratch)
        return
    # Not under pytest's own directory: a Unix socket's path is at most 107 bytes long.
    own = Path(tempfile.mkdtemp(prefix="synchronizer-cloud-"))
    try:
        yield RunningCloud(Cloud.up(own, venv, SERVICES, **OPTIONS), scratch)
    finally:
        Cloud.at(own).wipe()


@pytest.fixture(scope="session")
def whole(world: RunningCloud) -> RunningCloud:
    """The cloud, with some of everything in it."""
    if len(world.listing()) < SEEDED:  # a root that was named may have been filled before
        world.seed(SEEDED)
    furnish(world.session())
    return world


@pytest.fixture(scope="session")
def cloud(world: RunningCloud, request: pytest.FixtureRequest) -> RunningCloud:
    """The cloud, with Nova's own page maximum or the one asked for.

    ``@pytest.mark.parametrize("cloud", [5], indirect=True)`` gives pages of 5: only
    nova-api restarts.
    """
    world.cloud.set_page(getattr(request, "param", None))
    return world
