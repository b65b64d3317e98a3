# SPDX-License-Identifier: Apache-2.0
"""What is in the wheel and in the source distribution."""

import email
import pathlib
import subprocess
import sys
import tarfile
import zipfile

import pytest

import synchronizer
from synchronizer import schemas
from tests.acceptance.packaging.conftest import ROOT, Built
from tests.acceptance.packaging.installation import run

#: Of the wheel: what a user of it relies on, beside the modules.
RELIED_ON = (
    "synchronizer/py.typed",
    "synchronizer/ledger/migrations/env.py",
    "synchronizer/ledger/migrations/versions/v0001_the_temporal_table.py",
    "synchronizer/plugin/conformance/suite.py",
    "synchronizer/schemas/change-set.json",
    "synchronizer_plugins/nova/plugin.py",
)


def tracked(*under: str) -> set[str]:
    """The files of the repository, as they are in the checkout."""
    done = subprocess.run(
        ["git", "ls-files", "-z", *under], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name for name in done.stdout.split("\0") if name and (ROOT / name).exists()}


@pytest.fixture(scope="session")
def wheel(built: Built) -> zipfile.ZipFile:
    return zipfile.ZipFile(built.wheel)


@pytest.fixture(scope="session")
def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return email.message_from_string(wheel.read(name).decode())


def test_the_wheel_has_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    ours = tracked("synchronizer") | {
        name.removeprefix("plugins/") for name in tracked("plugins/synchronizer_plugins")
    }
    assert ours - names == set()
    assert set(RELIED_ON) - names == set()
    assert {f"synchronizer/schemas/{name}.json" for name in schemas.names()} - names == set()


def test_the_wheel_has_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    version = synchronizer.__version__
    assert tops == {"synchronizer", "synchronizer_plugins", f"synchronizer-{version}.dist-info"}
    assert not [name for name in wheel.namelist() if "__pycache__" in name or ".sqlite" in name]


def test_the_metadata_says_what_it_is(
    wheel: zipfile.ZipFile, metadata: email.message.Message
) -> None:
    assert metadata["Name"] == "synchronizer"
    assert metadata["Version"] == synchronizer.__version__ == "0.1.0"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload() == (ROOT / "README.md").read_text()
    extras = {"daemon", "openstack", "postgresql", "mysql", "demo", "conformance"}
    assert extras <= set(metadata.get_all("Provides-Extra") or ())
    (licence,) = (n for n in wheel.namelist() if n.endswith(".dist-info/licenses/LICENSE"))
    assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()


def test_the_source_distribution_has_what_a_developer_needs(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = tracked(
        "synchronizer", "plugins", "examples", "docs", "etc", "tests", "benchmarks", "README.md",
        "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml",
    )  # fmt: skip
    assert wanted - names == set()


def test_the_source_distribution_builds_the_same_wheel(
    built: Built, wheel: zipfile.ZipFile, tmp_path: pathlib.Path
) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    # `wheel` was built from the source distribution already; this one from the checkout.
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    run(build, cwd=source)
    (direct,) = tmp_path.glob("*.whl")
    assert direct.name == built.wheel.name
    assert contents(zipfile.ZipFile(direct)) == contents(wheel)


def contents(wheel: zipfile.ZipFile) -> dict[str, int]:
    """The checksum of each file."""
    return {info.filename: info.CRC for info in wheel.infolist()}
