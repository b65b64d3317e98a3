# SPDX-License-Identifier: Apache-2.0
"""How a plugin begins and ends."""

import threading
from typing import cast

import pytest

from synchronizer.plugin.base import Plugin
from synchronizer.plugin.conformance.failing import NotConforming, bounded
from synchronizer.plugin.conformance.subject import Subject


class LifeChecks:
    """Of construction, `check` and `close`."""

    def test_constructing_it_starts_nothing(self, subject: Subject) -> None:
        """No thread: plugins are constructed to be listed, and before processes are forked."""
        before = set(threading.enumerate())
        plugin = subject.source.make_plugin()
        started = [t.name for t in threading.enumerate() if t not in before and t.is_alive()]
        plugin.close()
        if started:
            raise NotConforming(
                f"constructing it starts the thread {started[0]}",
                where=f"{subject.name}.__init__",
                mend="connect when the first question is asked",
            )

    def test_its_check_says_a_line_for_each_thing(self, subject: Subject) -> None:
        """Texts of one line, not empty."""
        plugin = subject.plugin
        if type(plugin).check is Plugin.check:
            pytest.skip(f"{subject.name} does not implement check()")
        where = f"{subject.name}.check"
        lines = bounded(where, subject.source.deadline, lambda: list(plugin.check()))
        wrong = [ln for ln in lines if not isinstance(ln, str) or len(ln.splitlines()) != 1]
        if wrong or not lines:
            raise NotConforming(
                f"it gives {wrong[0]!r}" if wrong else "it says nothing",
                where=where,
                mend="yield a line of text for each thing that works, and raise what does not",
            )

    def test_it_can_be_closed_without_having_been_used(self, subject: Subject) -> None:
        """As `synchronizer plugins` and a worker that could not begin do."""
        plugin = subject.source.make_plugin()
        bounded(f"{subject.name}.close", subject.source.deadline, plugin.close)

    def test_it_can_be_closed_in_the_middle_of_a_listing(self, subject: Subject) -> None:
        """In time, and without harm to another plugin of the same source."""
        type_ = subject.types[0]
        known = subject.listed(type_).entities.keys()
        other = Subject(subject.source, subject.source.make_plugin())
        with other.walk(type_) as walk:
            walk.step()
            bounded(f"{other.name}.close", other.source.deadline, other.plugin.close)
        if subject.listed(type_).entities.keys() != known:
            raise NotConforming(
                "closing one plugin changes what another one lists",
                where=f"{subject.name}.close",
                mend="let each plugin own its connections",
            )

    def test_its_settings_have_defaults_that_fit(self, subject: Subject) -> None:
        """`setting()` gives each; an unknown one is an error."""
        for setting in subject.plugin.settings:
            value = subject.plugin.setting(setting.name)
            fits = (int, float) if isinstance(setting.default, float) else type(setting.default)
            if not isinstance(value, cast("type", fits)):
                raise NotConforming(
                    f"the setting {setting.name} has the value of a {type(value).__name__}",
                    where=f"{subject.name}.setting",
                    mend="construct the plugin, in make_plugin(), with values as declared; read"
                    " them with Plugin.setting()",
                )
