# SPDX-License-Identifier: Apache-2.0
"""Built once, installed twice: the base alone, and everything with a stranger's plugin."""

import dataclasses
import pathlib
import shutil
import sys

import pytest

from tests.acceptance.packaging.installation import Installation, run
from tests.support.checkout import copy_to

EXAMPLE = "examples/synchronizer-plugin-files"


@dataclasses.dataclass(frozen=True)
class Built:
    """What `python -m build` made: the wheel by way of the source distribution."""

    wheel: pathlib.Path
    sdist: pathlib.Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if pathlib.Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The repository's files as they are now, in a place of their own."""
    return copy_to(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def built(checkout: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    out = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--outdir", str(out), str(checkout)], cwd=out)
    (wheel,) = out.glob("*.whl")
    (sdist,) = out.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="session")
def base(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel, and no extra."""
    installation = Installation(tmp_path_factory.mktemp("base"))
    installation.install(str(built.wheel))
    return installation


@pytest.fixture(scope="session")
def example(checkout: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The example of a plugin, as a stranger has it: somewhere else."""
    elsewhere = tmp_path_factory.mktemp("stranger") / "files"
    return pathlib.Path(shutil.copytree(checkout / EXAMPLE, elsewhere))


@pytest.fixture(scope="session")
def full(
    built: Built, example: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """The wheel with all that the demonstration needs, and the example with its tests' needs."""
    installation = Installation(tmp_path_factory.mktemp("full"))
    installation.install(
        f"synchronizer[demo,conformance] @ {built.wheel.as_uri()}", f"{example}[test]"
    )
    return installation
