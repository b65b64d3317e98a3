# SPDX-License-Identifier: Apache-2.0
"""A real OpenStack, one for all tests of a run, wherever they are.

It lives in a temporary directory and is wiped at the end, unless
``$SYNCHRONIZER_TEST_CLOUD_ROOT`` names a root: then it is used as it is found (brought up if
need be) and left running.

Where the cloud is not installed, the tests are skipped; under CI they fail.

All tests know these fixtures, so what only a cloud needs is imported with the cloud.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.cloud.running import RunningCloud

# Nova sends both of its kinds of notifications: listeners exist for either.
OPTIONS = {"nova_notifications": "both"}
# Servers and volumes that every test finds at least, and a tenth as many of the others.
SEEDED = 8


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[RunningCloud]":
    """The cloud of this run."""
    from tests.acceptance.cloud.running import RunningCloud
    from tests.cloud.catalogue import SERVICES
    from tests.cloud.cloud import Cloud
    from tests.cloud.errors import NotInstalledError
    from tests.cloud.install import require
    from tests.cloud.settings import cache

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
def whole(world: "RunningCloud") -> "RunningCloud":
    """The cloud, with some of everything in it."""
    from tests.acceptance.cloud.furnishing import furnish

    if len(world.listing()) < SEEDED:  # a root that was named may have been filled before
        world.seed(SEEDED)
    furnish(world.session())
    return world
