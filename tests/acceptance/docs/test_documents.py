# SPDX-License-Identifier: Apache-2.0
"""Every code block of the first documents that people read, run in order on a new machine.

Of a block, its language says what it is: `console` has commands and what they show of themselves,
at a terminal; `python` and `ini` are files, named by their first line, for the commands to use.
"""

import pathlib
import re
import shlex
import time
from collections.abc import Iterator

import pytest

from synchronizer.simulator.churn import DEFAULT_SHARES
from tests.acceptance.docs.place import CLOUD, PATIENCE, Place
from tests.support.examples import ROOT, Block, commands, every_block
from tests.support.simulated import SimulatedCloud

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(3 * PATIENCE)]

DOCUMENTS = ("README.md", "docs/consumers.md")
BLOCKS = {document: every_block(document) for document in DOCUMENTS}
FILES = {"python", "ini"}
#: What consumers.md says: seconds, with the installation.
FIRST_MIRROR = 300.0
#: Blocks that may be marked as not run: make, a picture, a URL.
FEW = 3
#: What is named by one command is still there for the next.
LIFE = {**DEFAULT_SHARES, "delete": 0}
ENGINES = ("sqlalchemy", "alembic", "cotyledon", "zstandard", "keystoneauth1", "openstack")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    path = tmp_path_factory.mktemp("cloud")
    with SimulatedCloud(path, servers=25, name=CLOUD) as cloud, Place(cloud) as place:
        cloud.control.churn(rate=2, shares=LIFE)
        yield place


@pytest.fixture(scope="module")
def began() -> dict[str, float]:
    """When the first block of each document was run."""
    return {}


def readable(block: Block) -> str:
    return f"{block.document}:{block.line}"


@pytest.mark.parametrize(
    "block",
    [block for document in DOCUMENTS for block in BLOCKS[document] if block.not_run is None],
    ids=readable,
)
def test_a_block_does_what_it_shows(block: Block, place: Place, began: dict[str, float]) -> None:
    began.setdefault(block.document, time.monotonic())
    assert block.language in FILES | {"console"}, "mark it, if it cannot be run"
    try:
        if block.language == "console":
            for command, shown in commands(block):
                place.run(command, shown)
            if any("first_mirror.py" in command for command, _ in commands(block)):
                assert time.monotonic() - began[block.document] < FIRST_MIRROR
        else:
            place.write(block)
            if not used(block):
                place.run(alone(block), [])
    except AssertionError as error:
        error.add_note(place.told())
        raise


def test_the_consumers_programs_had_the_base_install_alone(place: Place) -> None:
    """The last document's environment is still in use."""
    code = f"import importlib.util as i; print([n for n in {ENGINES} if i.find_spec(n)])"
    place.run(f"python -c {shlex.quote(code)}", ["[]"])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_few_blocks_are_not_run_and_it_is_said_why(document: str) -> None:
    text = (ROOT / document).read_text()
    marks = [block.not_run for block in BLOCKS[document] if block.not_run is not None]
    assert text.count("not run:") == len(marks), "a mark stands right above its block"
    assert sum(b.not_run is not None for d in DOCUMENTS for b in BLOCKS[d]) <= FEW
    fenced = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"^(    |\t)", fenced, re.MULTILINE), "code stands in fences"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_of_a_document_has_a_name_of_its_own(document: str) -> None:
    files = [block for block in BLOCKS[document] if block.language in FILES]
    names = [block.name for block in files]
    assert None not in names, "its first line is a comment with its name"
    assert len(set(names)) == len(names)


def used(block: Block) -> bool:
    """Does a later command of its document name it? The daemon reads its own by itself."""
    assert block.name is not None
    name = pathlib.Path(block.name).name
    later = [other for other in BLOCKS[block.document] if other.line > block.line]
    named = any(name in other.text for other in later if other.language == "console")
    return named or name == "synchronizer.conf"


def alone(block: Block) -> str:
    """What to do with a file that no command uses: it has to be understood, at least."""
    if block.language == "python":
        return f"python {block.name}"
    return f"python -c 'from synchronizer.conf import load; load([\"{block.name}\"])'"
