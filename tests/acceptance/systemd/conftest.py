# SPDX-License-Identifier: Apache-2.0
"""One machine for all tests of this directory, in which the daemon is installed once.

It lives in a temporary directory, unless ``$SYNCHRONIZER_TEST_MACHINE`` names one: then its root is
used as it is found, with the version installed in it (made if need be), and left.

Where none can be booted, the tests are skipped; under CI they fail.
"""

import os
import pathlib
import tempfile
from collections.abc import Iterator

import pytest

from tests.acceptance.systemd.service import Service
from tests.support import debian, nspawn, wheelhouse
from tests.support.checkout import ROOT

HERE = pathlib.Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def machine() -> Iterator[nspawn.Machine]:
    """A Debian that is booted, with nothing of ours in it."""
    if problem := debian.hindrance() or nspawn.hindrance():
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    if named := os.environ.get("SYNCHRONIZER_TEST_MACHINE"):
        with booted(pathlib.Path(named)) as machine:
            yield machine
        return
    # Not on the tmpfs that /tmp may be: it holds some 400 MB.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="synchronizer-machine-", dir="/var/tmp"))
    try:
        with booted(directory) as machine:
            yield machine
    finally:
        debian.remove(directory)


def booted(directory: pathlib.Path) -> nspawn.Machine:
    """A machine that is to be entered; its root and its log are there."""
    tree = directory / "root"
    if not tree.exists():
        debian.copy(debian.root(), tree)
    return nspawn.Machine(tree, directory / "log")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Ours, of this checkout."""
    return wheelhouse.build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(machine: nspawn.Machine, request: pytest.FixtureRequest) -> Service:
    """This version, as the guide says."""
    service = Service(machine, wheelhouse.dependencies())
    if not service.is_installed:
        service.install(request.getfixturevalue("wheel"))
    service.install_units()
    return service


@pytest.fixture
def service(installed: Service) -> Iterator[Service]:
    """As `installed`, not configured, never started; ended after the test."""
    installed.wipe()
    yield installed
    installed.wipe()
