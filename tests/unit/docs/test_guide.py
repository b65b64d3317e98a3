# SPDX-License-Identifier: Apache-2.0
"""What the operators' guide shows and quotes is what there is."""

import ast
import pathlib
import re
from collections.abc import Iterator

import pytest

from synchronizer.conf import load
from synchronizer.plugin.loader import available
from tests.support.examples import ROOT, Block, every_block
from tests.support.guide import FOLDER, ON_THE_HOST, PAGES, SHOWN, configurations, to_run

#: Pages whose commands other tests run than those of a host with the service.
ELSEWHERE = {
    f"{FOLDER}/rabbitmq.md": "tests/acceptance/docs/test_guide.py",
    f"{FOLDER}/notifications.md": "tests/acceptance/docs/test_guide.py",
    f"{FOLDER}/permissions.md": "tests/acceptance/cloud/test_policies.py",
}
#: What stands for a part of a message that differs.
GAP = "…"
QUOTED = re.compile(r'"([^"\n]+)"')


def readable(block: Block) -> str:
    return f"{block.document}:{block.line}"


@pytest.mark.parametrize("block", list(configurations()), ids=readable)
def test_a_configuration_that_is_shown_is_taken(
    block: Block, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = block.text
    for option in re.findall(r"^(\w+_file) = ", text, re.MULTILINE):
        secret = tmp_path / option
        secret.write_text("sqlite:////x" if option.startswith("connection") else "local:///x")
        text = re.sub(rf"^{option} = .*", f"{option} = {secret}", text, flags=re.MULTILINE)
    file = tmp_path / "synchronizer.conf"
    file.write_text(text)
    declarations = {plugin.name: plugin.settings for plugin in available()}
    assert load([file], declarations=declarations).clouds


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_run_by_a_test(page: str) -> None:
    for block in every_block(page):
        if block.not_run is None and block.language not in SHOWN:
            assert block.language in {"console", "ini", "yaml", "sql"}, readable(block)
    if to_run(page, "console"):
        assert page in ON_THE_HOST or (ROOT / ELSEWHERE[page]).exists()


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_is_shown_is_named(page: str) -> None:
    for block in every_block(page):
        if block.language in {"ini", "yaml"}:
            assert block.name is not None, readable(block)


def test_every_message_that_the_failures_quote_is_one_of_ours() -> None:
    ours = "\n".join(messages())
    lines = (ROOT / FOLDER / "failures.md").read_text().splitlines()
    quoted = [text for line in lines if line.startswith("|") for text in QUOTED.findall(line)]
    assert quoted
    wrong = [
        text
        for text in quoted
        if not all(part.strip() in ours for part in text.split(GAP) if len(part.strip()) > 3)
    ]
    assert not wrong


def messages() -> Iterator[str]:
    """Every text in our programs, with a gap where something is put in."""
    for folder in ("synchronizer", "plugins"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    yield "".join(
                        str(part.value) if isinstance(part, ast.Constant) else GAP
                        for part in node.values
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield re.sub(r"%[-+ .\d]*[a-z]|\{\w*\}", GAP, node.value)
