# SPDX-License-Identifier: Apache-2.0
"""Plays the demonstration, on a screen or without one, and judges how it went."""

import contextlib
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.live import Live

from synchronizer.demo.notices import Notices
from synchronizer.demo.performance import Options, Performance
from synchronizer.demo.screen import Scene
from synchronizer.demo.signals import Told, endings_as_interrupts
from synchronizer.demo.stage import Stage
from synchronizer.demo.summary import summary
from synchronizer.plugin.openstack import open_cloud

INTERRUPTED = 130

__all__ = ["Options", "play"]


def play(options: Options) -> int:
    """The whole demonstration; its exit status: 0 if the copy was exact in the end."""
    if options.os_cloud is not None:
        open_cloud(options.os_cloud, "compute")  # says what is wrong before anything starts
    try:
        with endings_as_interrupts(), contextlib.ExitStack() as stack:
            stage = stack.enter_context(Stage())
            screen = Display(Console(), shown=not options.json)
            performance = Performance(options, stage, screen.show)
            stack.callback(performance.close)
            with screen.on(performance):
                performance.begin()
                hurry = False
                try:
                    performance.play()
                except Told:
                    raise
                except KeyboardInterrupt:
                    hurry = True
                converged = performance.converge(hurry)
            report = performance.report(converged)
    except Told as told:
        return 128 + told.number
    if options.json:
        print(json.dumps(report), flush=True)
    else:
        for line in summary(report):
            print(line)
    if converged is None and hurry and options.os_cloud is None:
        print("Interrupted before the last changes arrived.", file=sys.stderr)
        return INTERRUPTED
    return 1 if converged is False or report["false_deletes"] else 0


class Display:
    """A live screen on a terminal, a line for each phase elsewhere, nothing if not `shown`."""

    def __init__(self, console: Console, *, shown: bool) -> None:
        self._console = console
        self._shown = shown
        self._draw: Callable[[Scene], None] | None = None
        self._note = ""

    @contextlib.contextmanager
    def on(self, performance: Performance) -> Iterator[None]:
        if not self._shown or not self._console.is_terminal:
            yield
            return
        notices = Notices()
        live = Live(console=self._console, auto_refresh=False, redirect_stderr=False)

        def draw(scene: Scene) -> None:
            shown = dataclasses.replace(scene, warning=notices.recent)
            live.update(performance.screen.draw(shown), refresh=True)

        with notices.instead_of_others(), live:
            self._draw = draw
            try:
                yield
            finally:
                self._draw = None

    def show(self, scene: Scene) -> None:
        if self._draw is not None:
            self._draw(scene)
        elif self._shown and scene.note != self._note:
            self._note = scene.note
            print(scene.note, flush=True)
