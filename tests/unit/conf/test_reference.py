# SPDX-License-Identifier: Apache-2.0
"""The documented options are those that exist."""

import configparser
import re
from collections.abc import Iterator

import pytest

from synchronizer.conf import list_opts, options
from synchronizer.conf.reference import reference
from tests.support.examples import ROOT, blocks

PAGE = ROOT / "docs" / "operating" / "options.md"
PATHS = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "plugins").rglob("*.md")]
DOCUMENTS = sorted(
    str(path.relative_to(ROOT)) for path in PATHS if path != PAGE and "_build" not in path.parts
)
#: A section and one of its options in running text: `[ledger] connection`.
NAMED = re.compile(r"`\[([a-zA-Z0-9_:.-]+)\] ([a-z_]+)( = [^`]*)?`")
#: Sections of the services' own files.
THEIRS = {
    "oslo_messaging_notifications",
    "notifications",
    "oslo_policy",
    "cache",
    "Service",  # systemd's
}
#: Sections of the plugin that a document shows how to write.
EXAMPLE = re.compile(r"(cloud:\w+:)?racks(\.\w+)?")


def known() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for section, opts in list_opts():
        found.setdefault(section, set()).update(option.dest for option in opts)
    return found


def declared(section: str, known_: dict[str, set[str]]) -> set[str] | None:
    """The options that may stand in a section; None: there is no such section."""
    if not section.startswith("cloud:"):
        return known_.get(section)
    _, _, rest = section.removeprefix("cloud:").partition(":")
    if rest:
        return known_.get(rest)
    plugins = {name for name, found in known_.items() if "max_in_flight" in found}
    common = {option.dest for option in options.CLOUD}
    return common.union(*(known_[name] for name in plugins))


def test_the_reference_is_as_the_options_are_declared() -> None:
    assert PAGE.read_text() == reference(), "it is old: make reference"


def test_every_option_is_in_the_reference() -> None:
    page = PAGE.read_text()
    sections = [section for section in known() if section in options.GROUPS]
    assert [section for section in sections if f"## [{section}]\n" not in page] == []
    names = {option for found in known().values() for option in found}
    assert [option for option in sorted(names) if f"| `{option}` |" not in page] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_option_that_a_document_names_exists(document: str) -> None:
    known_ = known()
    named = [found[:2] for found in NAMED.findall((ROOT / document).read_text())]
    wrong = [
        f"[{section}] {option}"
        for section, option in (*named, *shown(document))
        if section not in THEIRS
        and not EXAMPLE.fullmatch(section)
        and option not in (declared(section, known_) or set())
    ]
    assert not wrong


def shown(document: str) -> Iterator[tuple[str, str]]:
    """The options in the blocks of configuration of a document."""
    for text in blocks(document, "ini"):
        parser = configparser.RawConfigParser(strict=False, interpolation=None, default_section="")
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(re.sub(r"\s+#.*", "", text))
        for section in parser.sections():
            yield from ((section, option) for option in parser.options(section))


def test_a_wrong_option_in_a_document_would_be_seen() -> None:
    known_ = known()
    assert "conection" not in (declared("ledger", known_) or {"conection"})
    assert declared("leger", known_) is None
    assert "region" in (declared("cloud:boston", known_) or set())
    assert "interval" in (declared("cloud:boston:nova.server", known_) or set())
