# SPDX-License-Identifier: Apache-2.0
"""What docs/upgrading.md has an operator type does what it says, on an older version's ledger."""

import pathlib
import re
import shlex

import pytest

from synchronizer.cli.main import main
from tests.upgrades import place

PAGE = pathlib.Path(__file__).parents[3] / "docs/upgrading.md"
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
AS_ITS_USER = "runuser -u synchronizer -- "


def steps() -> list[tuple[str, list[str]]]:
    """Each command of the ledger's database, and what is shown below it."""
    found: list[tuple[str, list[str]]] = []
    for block in BLOCK.findall(PAGE.read_text()):
        for text in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            typed, *shown = text.splitlines()
            command = typed.partition(" #")[0].removeprefix(AS_ITS_USER).strip()
            if command.startswith("synchronizer db "):
                found.append((command.removeprefix("synchronizer "), shown))
    return found


def test_the_page_has_each_command() -> None:
    typed = {command.split()[1] for command, _ in steps()}
    assert typed == {"check", "upgrade", "compact"}


def test_each_command_is_done_and_says_what_is_shown(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.place("0.1.0", tmp_path)
    file = tmp_path / "synchronizer.conf"
    file.write_text(
        f"[DEFAULT]\nclouds = boston\nstate_path = {tmp_path}\nruntime_path = {tmp_path}\n"
    )
    for command, shown in steps():
        assert main(["--config-file", str(file), *shlex.split(command)]) == 0, command
        said = alike(capsys.readouterr().out)
        if command == "db check" and shown:
            continue  # of a ledger of the next version; see below
        for line in shown:
            assert alike(line.replace("/var/lib/synchronizer", str(tmp_path))) in said, command
    check = next(shown for command, shown in steps() if command == "db check" and shown)
    assert main(["--config-file", str(file), "db", "check"]) == 0
    said = alike(capsys.readouterr().out)
    for line in check[1:]:
        assert alike(line.replace("boston/", "east/")) in said


def alike(text: str) -> str:
    """With any number for another, but those of schemas."""
    return re.sub(r"(?<![\d.])\d{1,3}\b|\b\d{5,}", "N", text)
