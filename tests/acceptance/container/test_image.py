# SPDX-License-Identifier: Apache-2.0
"""What is in the image, and what is not."""

import os
import pathlib
import stat

import synchronizer
from synchronizer.plugin.loader import available
from tests.acceptance.container.image import Image

#: Beyond its base, uncompressed. It is 190 MB; who makes it larger is to know.
MOST = 260_000_000


def installed(image: Image) -> pathlib.Path:
    return image.root / "opt/synchronizer"


def test_the_script_that_builds_tries_what_it_built(image: Image) -> None:
    assert f"synchronizer {synchronizer.__version__}\n" in image.told


def test_it_runs_the_daemon_as_a_user_without_rights(image: Image) -> None:
    settings = image.settings()
    user, group = settings.identity
    assert user != 0 and group != 0
    assert settings.command == ["synchronizer", "run"]
    assert image.run("id", "-u").strip() == str(user)
    for directory in ("var/lib/synchronizer", "run/synchronizer"):
        found = (image.root / directory).stat()
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (user, 0o700)


def test_it_has_a_health_check_that_its_engine_runs(image: Image) -> None:
    check = image.settings().config["Healthcheck"]
    assert image.settings().check == ["synchronizer", "--timeout", "5", "health"]
    assert check["Timeout"] < check["Interval"]


def test_what_it_runs_belongs_to_root_and_nobody_else_writes_it(image: Image) -> None:
    for directory, _, files in os.walk(installed(image)):
        for name in (".", *files):
            found = pathlib.Path(directory, name).lstat()
            assert (found.st_uid, found.st_gid) == (0, 0), f"{directory}/{name}"
            if not stat.S_ISLNK(found.st_mode):
                foreign = stat.S_IWGRP | stat.S_IWOTH | stat.S_ISUID | stat.S_ISGID
                assert not found.st_mode & foreign, f"{directory}/{name}: {found.st_mode:o}"


def test_nothing_of_the_build_is_left(image: Image) -> None:
    site = next(installed(image).glob("lib/python3*/site-packages"))
    assert not (site / "pip").exists()
    assert not list(site.glob("*/tests"))
    assert not list(site.glob("hatchling*"))
    for left in ("pip", "src", "etc/pip.conf", "root/.cache"):
        assert not (image.root / left).exists(), left


def test_what_led_to_packages_is_not_told(image: Image) -> None:
    said = str(image.settings().history) + str(image.settings().config)
    assert "pip.conf,src" not in said
    assert "PIP_" not in said


def test_it_is_small(image: Image) -> None:
    whole, base = image.sizes()
    print(f"{whole - base:,} bytes beyond {base:,} of its base")
    assert whole - base < MOST


def test_every_plugin_of_the_distribution_can_be_used(image: Image) -> None:
    listed = image.run("synchronizer", "plugins", "-f", "value", "-c", "name", "-c", "state")
    assert listed.splitlines() == [f"{name} ok" for name in ours()]


def ours() -> list[str]:
    return sorted(p.name for p in available() if p.distribution.startswith("synchronizer "))


def test_each_engine_of_a_ledger_can_be_used(image: Image) -> None:
    image.run("/opt/synchronizer/bin/python", "-c", "import sqlite3, psycopg, pymysql")
