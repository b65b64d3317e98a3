# SPDX-License-Identifier: Apache-2.0
"""Help that helps: examples everywhere, no wider than a screen; suggestions; statuses."""

import io
import pathlib
import re
import shlex

import pytest

from synchronizer import errors
from synchronizer.cli import main, status
from synchronizer.cli.helping import with_suggestion
from synchronizer.cli.main import Synchronizer

COMMANDS = sorted(name for name, _ in Synchronizer().command_manager)
DOCUMENT = pathlib.Path(__file__).parents[3] / "docs" / "commands.md"


def help_of(*words: str) -> str:
    out = io.StringIO()
    app = Synchronizer(stdout=out, stderr=io.StringIO())
    try:
        assert app.run([*words, "--help"]) == 0
    except SystemExit as end:
        assert not end.code
    return out.getvalue()


def examples(text: str) -> list[str]:
    """The command lines of the paragraph with examples, without the name of the command."""
    (paragraph,) = [part for part in text.split("\n\n") if part.startswith("Example")]
    found = [re.search(r"synchronizer ([^|<>()]*)", line) for line in paragraph.splitlines()]
    assert all(found), paragraph
    return [match[1].strip() for match in found if match]


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_help_has_examples_and_fits_eighty_columns(name: str) -> None:
    text = help_of(*name.split())
    assert max(map(len, text.splitlines())) < 80
    if name:
        assert any(f" {name} " in f" {example} " for example in examples(text))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_a_command_line_that_is_taken(name: str) -> None:
    app = Synchronizer(stdout=io.StringIO(), stderr=io.StringIO())
    for example in examples(help_of(*name.split())):
        app.options, words = app.parser.parse_known_args(shlex.split(example))
        command, found, rest = app.command_manager.find_command(words)
        command(app, app.options).get_parser(found).parse_args(rest)


def test_how_a_command_is_used_takes_one_line() -> None:
    assert help_of("get-all").splitlines()[0] == "usage: synchronizer get-all [options] TYPE"
    assert help_of("watch").splitlines()[0] == "usage: synchronizer watch [options] TYPE [TYPE ...]"


def test_every_command_and_exit_status_is_documented() -> None:
    document = DOCUMENT.read_text()
    for name in COMMANDS:
        assert f"`{name}" in document or f"synchronizer {name}" in document, name
    table = document.partition("## Exit statuses")[2]
    documented = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert documented == {
        status.WELL,
        status.NOT_WELL,
        main.USAGE,
        main.UNAVAILABLE,
        main.INTERRUPTED,
        main.CLOSED_PIPE,
    }
    assert status.AWAY == main.UNAVAILABLE


def test_a_name_that_was_probably_meant_is_told_instead_of_all() -> None:
    error = errors.UnknownType("there is no a.x; there are: ...", known=["a.b", "nova.server"])
    told = with_suggestion(error, ["", "nova.server", "nova.sever"])
    assert str(told) == "there is no a.x; did you mean nova.server?"
    assert isinstance(told, errors.UnknownType)
    assert with_suggestion(error, ["zzz.zzz", None]) is error
