# SPDX-License-Identifier: Apache-2.0
"""One build for all tests, from a checkout as somebody has cloned it."""

import os
import pathlib
import tempfile
from collections.abc import Iterator

import pytest

from tests.acceptance.container.image import PATIENCE, Image
from tests.engines import packages
from tests.support import debian
from tests.support.checkout import copy_to

HERE = pathlib.Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(pytest.mark.timeout(PATIENCE + 60))


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return copy_to(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def image(checkout: pathlib.Path) -> Iterator[Image]:
    missing = packages.missing(("buildah", "runc"))
    problem = f"not installed: {', '.join(missing)}" if missing else ""
    problem = problem or ("" if os.getuid() == 0 else "only root can build as these tests do")
    if problem:
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    try:
        base = debian.root()
    except debian.CannotMakeError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    with tempfile.TemporaryDirectory(prefix="synchronizer-image-", dir="/var/tmp") as path:
        made = Image(pathlib.Path(path), checkout, base)
        yield made
        made.close()
