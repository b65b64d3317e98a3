# SPDX-License-Identifier: Apache-2.0
"""What is in the wheel and in the source distribution."""

import email
import pathlib
import re
import sys
import tarfile
import zipfile

import pytest

import synchronizer
from synchronizer import schemas
from tests.acceptance.packaging.conftest import Built
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

#: Installed beside the modules, and from there by an administrator.
SHARED = ("etc/grafana", "etc/policy", "etc/prometheus", "etc/systemd")


def files(checkout: pathlib.Path, *under: str) -> set[str]:
    """The repository's files below some paths."""
    return {
        found.relative_to(checkout).as_posix()
        for top in under
        for found in [checkout / top, *(checkout / top).rglob("*")]
        if found.is_file()
    }


@pytest.fixture(scope="session")
def wheel(built: Built) -> zipfile.ZipFile:
    return zipfile.ZipFile(built.wheel)


@pytest.fixture(scope="session")
def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return email.message_from_string(wheel.read(name).decode())


def test_the_wheel_has_every_file_of_the_packages(
    checkout: pathlib.Path, wheel: zipfile.ZipFile
) -> None:
    names = set(wheel.namelist())
    ours = files(checkout, "synchronizer") | {
        name.removeprefix("plugins/") for name in files(checkout, "plugins/synchronizer_plugins")
    }
    assert ours - names == set()
    assert set(RELIED_ON) - names == set()
    assert {f"synchronizer/schemas/{name}.json" for name in schemas.names()} - names == set()


def test_the_wheel_has_the_files_for_systemd_and_for_policies(
    checkout: pathlib.Path, wheel: zipfile.ZipFile
) -> None:
    place = f"synchronizer-{synchronizer.__version__}.data/data/share/synchronizer/"
    shared = {
        name.removeprefix(place): wheel.read(name) for name in wheel.namelist() if ".data/" in name
    }
    assert shared == {
        f"{directory.name}/{path.name}": path.read_bytes()
        for directory in (checkout / name for name in SHARED)
        for path in directory.iterdir()
    }


def test_the_wheel_has_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    version = synchronizer.__version__
    ours = {f"synchronizer-{version}.{kind}" for kind in ("data", "dist-info")}
    assert tops == {"synchronizer", "synchronizer_plugins", *ours}
    assert not [name for name in wheel.namelist() if "__pycache__" in name or ".sqlite" in name]


def test_the_metadata_says_what_it_is(
    checkout: pathlib.Path, wheel: zipfile.ZipFile, metadata: email.message.Message
) -> None:
    text = (checkout / "CHANGELOG.md").read_text()
    changelog = re.search(r"^## \[(\d.*)\]", text, re.MULTILINE)
    assert changelog
    assert metadata["Name"] == "synchronizer"
    assert metadata["Version"] == synchronizer.__version__ == changelog[1]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload() == (checkout / "README.md").read_text()
    extras = {"daemon", "openstack", "postgresql", "mysql", "demo", "conformance"}
    assert extras <= set(metadata.get_all("Provides-Extra") or ())
    (licence,) = (n for n in wheel.namelist() if n.endswith(".dist-info/licenses/LICENSE"))
    assert wheel.read(licence) == (checkout / "LICENSE").read_bytes()


def test_the_source_distribution_has_what_a_developer_needs(
    checkout: pathlib.Path, built: Built
) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = files(
        checkout,
        "synchronizer", "plugins", "examples", "docs", "etc", "tests", "benchmarks",
        "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml",
    )  # fmt: skip
    assert wanted - names == set()


def test_the_source_distribution_builds_the_same_wheel(
    checkout: pathlib.Path, built: Built, wheel: zipfile.ZipFile, tmp_path: pathlib.Path
) -> None:
    # `wheel` was built from the source distribution already; this one from the checkout.
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(checkout)]
    run(build, cwd=tmp_path)
    (direct,) = tmp_path.glob("*.whl")
    assert direct.name == built.wheel.name
    assert contents(zipfile.ZipFile(direct)) == contents(wheel)


def contents(wheel: zipfile.ZipFile) -> dict[str, int]:
    """The checksum of each file."""
    return {info.filename: info.CRC for info in wheel.infolist()}
