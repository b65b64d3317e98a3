# SPDX-License-Identifier: Apache-2.0
import io

from synchronizer import errors
from synchronizer.cli.progress import Progress
from synchronizer.cli.terminal import Terminal
from tests.unit.cli.looked import Look


def test_the_wait_for_a_listing_is_shown_on_a_terminal_and_leaves_it_clean() -> None:
    screen = Look()
    progress = Progress(Terminal(screen, environment={}))
    progress.waiting("nova.server")(errors.Listing(listed_at="2026-01-02T03:04:05Z"), 31.4)
    assert "nova.server is being listed; waited 31 s, the last" in screen.getvalue()
    progress.end()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_the_wait_for_a_listing_is_not_written_into_files() -> None:
    file = io.StringIO()
    progress = Progress(Terminal(file, environment={}))
    progress.waiting("nova.server")(errors.Listing(), 31.4)
    progress.end()
    assert file.getvalue() == ""
