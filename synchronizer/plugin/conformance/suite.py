# SPDX-License-Identifier: Apache-2.0
"""All checks together, and the fixtures they take."""

from collections.abc import Iterator

import pytest

from synchronizer.plugin.base import Plugin
from synchronizer.plugin.conformance.agreement import AgreementChecks
from synchronizer.plugin.conformance.changes import ChangesChecks
from synchronizer.plugin.conformance.declarations import DeclarationChecks
from synchronizer.plugin.conformance.failing import bounded
from synchronizer.plugin.conformance.life import LifeChecks
from synchronizer.plugin.conformance.listing import ListingChecks
from synchronizer.plugin.conformance.notifications import NotificationChecks
from synchronizer.plugin.conformance.scope import ScopeChecks
from synchronizer.plugin.conformance.secrecy import SecrecyChecks
from synchronizer.plugin.conformance.single import SingleChecks
from synchronizer.plugin.conformance.source import Source
from synchronizer.plugin.conformance.subject import Subject
from synchronizer.plugin.conformance.together import TogetherChecks
from synchronizer.plugin.conformance.unreachable import UnreachableChecks


class PluginConformance(
    DeclarationChecks,
    ListingChecks,
    TogetherChecks,
    SingleChecks,
    ChangesChecks,
    ScopeChecks,
    NotificationChecks,
    AgreementChecks,
    SecrecyChecks,
    UnreachableChecks,
    LifeChecks,
):
    """Inherit from this in a class named `Test...`, and define the fixture `source`."""

    @pytest.fixture
    def source(self) -> Source:
        """The service under test."""
        pytest.fail(
            f"{type(self).__name__} has no fixture 'source'; define one that gives a"
            " synchronizer.plugin.conformance.Source",
            pytrace=False,
        )

    @pytest.fixture
    def plugin(self, source: Source) -> Iterator[Plugin]:
        """A plugin of the source's, closed at the end."""
        plugin = bounded("make_plugin", source.deadline, source.make_plugin)
        yield plugin
        plugin.close()

    @pytest.fixture
    def subject(self, source: Source, plugin: Plugin) -> Subject:
        """The plugin, asked as the sampler asks it."""
        return Subject(source, plugin)

    @pytest.fixture
    def unreachable(self, source: Source) -> Iterator[Subject]:
        """A plugin whose service does not answer, closed at the end."""
        plugin = bounded("make_unreachable_plugin", source.deadline, source.make_unreachable_plugin)
        yield Subject(source, plugin)
        plugin.close()
