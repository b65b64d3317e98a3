# SPDX-License-Identifier: Apache-2.0
"""The base install: all that a consumer needs, and nothing of the daemon's."""

import json

import synchronizer
from tests.acceptance.packaging.installation import Installation

ENGINES = {"sqlalchemy", "alembic", "cotyledon", "zstandard", "keystoneauth1", "openstack"}

LOADED = """
import importlib.util, json, pathlib, sys
import synchronizer, synchronizer.client, synchronizer.plugin, synchronizer.schemas
import synchronizer.cli.main
print(json.dumps({
    "where": synchronizer.__file__,
    "typed": pathlib.Path(synchronizer.__file__).with_name("py.typed").exists(),
    "loaded": sorted({name.partition(".")[0] for name in sys.modules}),
    "findable": [name for name in %r if importlib.util.find_spec(name)],
    "schemas": [name for name in synchronizer.schemas.names() if synchronizer.schemas.load(name)],
}))
"""


def test_the_command_says_its_version_and_its_help(base: Installation) -> None:
    told = base.run(base.synchronizer, "--version").stdout
    assert told == f"synchronizer {synchronizer.__version__}\n"
    for command in (
        "run",
        "watch",
        "get-all",
        "describe",
        "schema",
        "status",
        "history",
        "complete",
    ):
        assert command in base.run(base.synchronizer, "--help").stdout


def test_a_consumer_imports_none_of_the_daemons_engines(base: Installation) -> None:
    found = json.loads(base.run(base.python, "-c", LOADED % sorted(ENGINES)).stdout)
    assert found["where"].startswith(str(base.path)), "the wheel's, and not the checkout's"
    assert found["findable"] == [], "none is installed"
    assert ENGINES.isdisjoint(found["loaded"])
    assert found["typed"]
    assert "change-set" in found["schemas"]


def test_what_needs_an_extra_says_which(base: Installation) -> None:
    for command, extra in (
        (["run"], "openstack"),
        (["held", "list"], "daemon"),
        (["demo"], "demo"),
    ):
        done = base.run(base.synchronizer, *command, status=1)
        assert f"[{extra}]" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
    done = base.run(base.python, "-c", "import synchronizer.plugin.conformance", status=1)
    assert (
        "needs pytest; install pytest, or Synchronizer with its extra [conformance]" in done.stderr
    )


def test_plugins_without_their_libraries_are_listed_with_what_is_missing(
    base: Installation,
) -> None:
    listed = json.loads(base.run(base.synchronizer, "plugins", "-f", "json").stdout)
    assert {"nova", "cinder", "neutron"} <= {plugin["name"] for plugin in listed}
    for plugin in listed:
        assert "install synchronizer with its extra [openstack]" in plugin["state"]
