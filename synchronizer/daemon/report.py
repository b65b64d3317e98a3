# SPDX-License-Identifier: Apache-2.0
"""A guru meditation report at SIGUSR2: what a process is doing, with which configuration.

It goes to stderr, or into a file in [oslo_reports] log_dir. It shows source lines and no
values of variables, and no secret.
"""

import contextlib
import os
import pathlib
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from oslo_reports import report
from oslo_reports.generators import threading as threads
from oslo_reports.models.with_default_views import ModelWithDefaultViews
from oslo_reports.views.text.generic import KeyValueView

from synchronizer import __version__
from synchronizer.conf.differences import Values
from synchronizer.monitor.replacing import state_of

#: What stands before the host in a URL: a user and a password, or a password alone.
_CREDENTIAL = re.compile(r"(?<=://)[^/\s'\"]*@")

#: Sections of a report beside those that all have: by title, what makes it.
Sections = Mapping[str, Callable[[], Mapping[str, Any]]]


class Reports:
    """`values`: the configuration in force."""

    def __init__(self, values: Callable[[], Values]) -> None:
        self._values = values

    def answer(self, name: str, sections: Sections) -> None:
        """Has this process write a report at SIGUSR2; in its main thread. `name`: its own."""
        signal.signal(signal.SIGUSR2, lambda _signal, frame: self._write(name, sections, frame))

    def text(self, name: str, sections: Sections, frame: FrameType | None = None) -> str:
        """The report. `frame`: where the main thread is."""
        made = report.TextReport("Guru Meditation")
        made.add_section("Package", _model(lambda: {"synchronizer": __version__}))
        made.add_section("Process", _model(lambda: _process(name)))
        for title, section in sections.items():
            made.add_section(title, _model(section))
        made.add_section("Threads", threads.ThreadReportGenerator(frame))
        made.add_section("Configuration", _model(lambda: _shown(self._values())))
        return self._without_secrets(made.run())

    def _write(self, name: str, sections: Sections, frame: FrameType | None) -> None:
        # Nothing is logged here: another thread may stand still with the log's lock.
        try:
            text = self.text(name, sections, frame)
            directory = self._directory()
            if directory is None:
                sys.stderr.write(f"{text}\n")
                sys.stderr.flush()
                return
            instant = time.strftime("%Y%m%d%H%M%S", time.gmtime())
            plain = re.sub(r"[^\w.-]+", "-", name)
            path = directory / f"synchronizer-{plain}-{os.getpid()}_gurumeditation_{instant}"
            # Nobody's link is followed, should others be allowed to write there.
            flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW
            with os.fdopen(os.open(path, flags, 0o600), "w") as file:
                file.write(text)
        except Exception as error:
            # A report is a favour: it must not end who was asked for it.
            sys.stderr.write(f"synchronizer: no report can be written: {error!r}\n")

    def _directory(self) -> pathlib.Path | None:
        found = self._values().get(("oslo_reports", "log_dir"))
        return pathlib.Path(found.value) if found is not None and found.value else None

    def _without_secrets(self, text: str) -> str:
        for value in self._values().values():
            if value.option.secret and isinstance(value.value, str) and value.value:
                text = text.replace(value.value, "***")
        return _CREDENTIAL.sub("***@", text)


def _model(make: Callable[[], Mapping[str, Any]]) -> Callable[[], ModelWithDefaultViews]:
    return lambda: ModelWithDefaultViews(make(), text_view=KeyValueView(dict_sep=":"))


def _process(name: str) -> dict[str, Any]:
    names = {str(thread.ident): thread.name for thread in threading.enumerate()}
    return {
        "name": name,
        "pid": os.getpid(),
        "parent": os.getppid(),
        "names of its threads": names,
        "its children": _children(os.getpid()),
    }


def _children(parent: int) -> dict[str, str]:
    """Of a process: pid -> state and title. From what is left of /proc where the service manager
    hides all but processes, as oslo.reports' own section is not."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        state = state_of(int(path.name))
        if state is not None and state[1] == parent:
            with contextlib.suppress(OSError):
                title = (path / "cmdline").read_text(errors="replace")
                found[path.name] = f"{state[0]} {title.replace(chr(0), ' ').strip()}"
    return found


def _shown(values: Values) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for (section, option), value in values.items():
        found.setdefault(section, {})[option] = value.shown()
    return found
