# SPDX-License-Identifier: Apache-2.0
"""The plugins that the documents show conform, checked by the suite that they show."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from synchronizer.conf import PluginSettings, load
from synchronizer.plugin import Setting

pytestmark = pytest.mark.timeout(300)

ROOT = pathlib.Path(__file__).parents[3]


def block(document: str, word: str) -> str:
    """The document's first Python block with this word, as it stands there."""
    text = (ROOT / document).read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return next(found for found in blocks if word in found)


def run(path: pathlib.Path, plugin: str) -> subprocess.CompletedProcess[str]:
    (path / "my_racks.py").write_text(plugin)
    (path / "test_racks.py").write_text(block("docs/plugins.md", "PluginConformance"))
    paths = os.pathsep.join([str(path), str(ROOT)])
    return subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-rA", "--tb=short", "-p", "no:cacheprovider",
            "-p", "tests.functional.plugin.racks", "test_racks.py",
        ],
        cwd=path,
        env={**os.environ, "PYTHONPATH": paths, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("document", ["README.md", "docs/plugins.md"])
def test_the_documents_plugin_passes_the_documents_suite(
    document: str, tmp_path: pathlib.Path
) -> None:
    done = run(tmp_path, block(document, "class RacksPlugin"))
    assert done.returncode == 0, done.stdout
    assert "PASSED test_racks.py::TestRacks::test_an_unreachable_service_cannot_be_listed" in (
        done.stdout
    )
    single = "TestRacks::test_a_single_entity_looks_as_in_a_listing"
    assert (f"PASSED test_racks.py::{single}" in done.stdout) == (document != "README.md")


def test_the_failure_that_the_document_shows_is_what_is_said(tmp_path: pathlib.Path) -> None:
    plugin = block("docs/plugins.md", "class RacksPlugin")
    forgetful = plugin.replace(', volatile=frozenset({"temperature"})', "")
    assert forgetful != plugin
    done = run(tmp_path, forgetful)
    shown = re.search(r"^```text\n(NotConforming.*?)^```", (ROOT / "docs/plugins.md").read_text(),
                      re.MULTILINE | re.DOTALL)  # fmt: skip
    assert shown is not None
    for line in shown[1].splitlines():
        assert line.removeprefix("NotConforming: ").strip() in done.stdout, done.stdout


def test_the_configuration_that_the_document_shows_is_read_as_it_says(
    tmp_path: pathlib.Path,
) -> None:
    text = (ROOT / "docs/plugins.md").read_text()
    (shown,) = re.findall(r"^```ini\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    file = tmp_path / "synchronizer.conf"
    file.write_text(shown)
    declared = {"racks": (Setting("url", "", "where"),), "nova": ()}
    settings = load([file], declarations=declared)
    (cloud, here) = settings.clouds
    assert [plugin.name for plugin in cloud.plugins] == ["nova"]
    assert here.plugins == (PluginSettings("racks", {"url": "http://racks.dc1.example"}),)
    assert settings.of_type("dc1", "racks.rack").interval == 60
