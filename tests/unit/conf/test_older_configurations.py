# SPDX-License-Identifier: Apache-2.0
"""A configuration that an older version took is taken."""

import gzip
import pathlib
import re

import pytest

from synchronizer.daemon.main import read
from tests.upgrades import ledgers, place

SAMPLE = pathlib.Path(__file__).parents[3] / "etc/synchronizer.conf.sample"
OPTION = re.compile(r"^#(\w+) *= *(.*)$")

#: What the sample of 0.1.0 showed, and 0.1.0 itself refused as not known.
NEVER_TAKEN = {("[DEFAULT]", "fatal_deprecations")}

pytestmark = pytest.mark.parametrize("version", ledgers.VERSIONS)


def older(version: str) -> str:
    """The sample of a version."""
    return gzip.decompress(
        (place.HERE / version / "synchronizer.conf.sample.gz").read_bytes()
    ).decode()


def options(sample: str) -> dict[tuple[str, str], str]:
    """Every option, by section and name, with what the sample shows."""
    found: dict[tuple[str, str], str] = {}
    section = ""
    for line in sample.splitlines():
        if line.startswith("["):
            section = line
        elif option := OPTION.match(line):
            found[section, option[1]] = option[2]
    assert found
    return found


def test_no_option_is_gone(version: str) -> None:
    gone = options(older(version)).keys() - options(SAMPLE.read_text()).keys()
    assert gone <= NEVER_TAKEN


def test_what_an_older_sample_shows_is_still_taken(version: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "synchronizer.conf"
    sections: dict[str, list[str]] = {}
    for (section, name), value in options(older(version)).items():
        lines = sections.setdefault(section, [section])
        # What is shown in angle brackets stands for something.
        if not value.startswith("<") and (section, name) not in NEVER_TAKEN:
            lines.append(f"{name} = {value}")
    file.write_text("\n".join(line for lines in sections.values() for line in lines))
    assert [cloud.name for cloud in read([file]).clouds] == ["openstack1"]
