# SPDX-License-Identifier: Apache-2.0
"""Who looks, and what is done for them."""

import io

import pytest

from synchronizer.cli.progress import PATIENCE, Progress
from synchronizer.cli.terminal import Terminal
from tests.unit.cli.looked import Look


@pytest.mark.parametrize(
    ("colour", "environment", "coloured"),
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("never", {}, False),
        ("always", {"NO_COLOR": "1"}, True),
    ],
)
def test_a_terminal_has_colours_unless_they_are_unwanted(
    colour: str, environment: dict[str, str], coloured: bool
) -> None:
    styled = Terminal(Look(), colour, environment).styled("x", "bad")
    assert styled == ("\x1b[31mx\x1b[0m" if coloured else "x")


def test_a_pipe_has_none_unless_they_are_asked_for() -> None:
    assert Terminal(io.StringIO(), "auto", {}).styled("x", "bad") == "x"
    assert Terminal(io.StringIO(), "always", {}).styled("x", "bad") != "x"


def test_signs_that_an_encoding_lacks_are_replaced() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as ascii_:
        Terminal(ascii_).line("✔ a → b…")
        assert raw.getvalue() == b"+ a > b~\n"
    out = io.StringIO()
    Terminal(out).line("✔ a → b…")
    assert out.getvalue() == "✔ a → b…\n"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_progress_is_shown_to_people_when_something_takes_its_time() -> None:
    out, clock = Look(), Clock()
    progress = Progress(Terminal(out, environment={}), clock)
    counted = progress.counting(range(300), "things", 1000)
    assert next(counted) == 0
    clock.now = PATIENCE
    assert len(list(counted)) == 299
    assert "100 of 1,000 things" in out.getvalue()
    assert "200 of" not in out.getvalue(), "one line in a tenth of a second is enough"
    assert out.getvalue().endswith("\r\x1b[K"), "the line is left empty"


def test_what_is_done_at_once_shows_no_progress() -> None:
    out = Look()
    progress = Progress(Terminal(out, environment={}), Clock())
    assert list(progress.counting(range(300), "things", None)) == list(range(300))
    assert out.getvalue() == ""


@pytest.mark.parametrize("out", [io.StringIO(), Look()])
def test_progress_is_not_written_into_files_nor_to_what_cannot_write_over(out: io.StringIO) -> None:
    progress = Progress(Terminal(out, environment={"TERM": "dumb"}), Clock())
    progress.show("something")
    with progress.ticking("something"):
        progress.show("else")
    progress.end()
    assert out.getvalue() == ""
