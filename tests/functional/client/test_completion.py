# SPDX-License-Identifier: Apache-2.0
"""bash, as it completes the command's words."""

import io
import pathlib
import subprocess

import pytest

from synchronizer.cli.main import Synchronizer

ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_synchronizer
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(tmp_path: pathlib.Path) -> pathlib.Path:
    out = io.StringIO()
    assert Synchronizer(stdout=out, stderr=io.StringIO()).run(["complete"]) == 0
    path = tmp_path / "synchronizer"
    path.write_text(out.getvalue())
    return path


def completed(script: pathlib.Path, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK, "ask", str(script), "synchronizer", *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=script.parent,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("get",), ["get", "get-all"]),
        (("held", ""), ["confirm", "list", "release"]),
        (("--cloud", "watch", "held", "li"), ["list"]),
        (("--config-file", "syn"), ["synchronizer"]),
        (("get-all", "nova.server_"), ["nova.server_group"]),
        (("watch", "--wait", "nova.fl"), ["nova.flavor"]),
        (("get-all", "--wait", "5", "nova.fl"), ["nova.flavor"]),
        (("get-all", "--wait", ""), []),
        (("get-all", "nova.server", "-f", "json"), ["json", "jsonl"]),
        (("watch", "nova.server", "--res"), ["--resume"]),
        (("watch", "nova.server", "--resume", "syn"), ["synchronizer"]),
        (("status", "-f", ""), ["text", "json"]),
        (("--color", "n"), ["never"]),
        (("schema", "change-"), ["change-set"]),
        (("help", "des"), ["describe"]),
        (("status", "--transport"), ["--transport-url"]),
    ],
)
def test_words_are_completed(
    script: pathlib.Path, words: tuple[str, ...], offered: list[str]
) -> None:
    assert completed(script, *words) == offered


def test_every_command_is_offered(script: pathlib.Path) -> None:
    names = {name.split()[0] for name, _ in Synchronizer().command_manager}
    assert set(completed(script, "")) == names
