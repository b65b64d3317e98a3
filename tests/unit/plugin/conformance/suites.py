# SPDX-License-Identifier: Apache-2.0
"""The checks, run with pytest as an author runs them: on the good plugins and on each broken one.

Not collected with the other tests: those run this file, and look at what comes of it.
"""

from collections.abc import Iterator

import pytest

from synchronizer.plugin.conformance import PluginConformance, Source
from tests.unit.plugin.conformance import broken, broken_capabilities
from tests.unit.plugin.conformance.things import Good, HookedThings, Listed, Mixed, Things


def kinds(of: type[broken.Faulty] = broken.Faulty) -> Iterator[type[broken.Faulty]]:
    """Every class with a fault."""
    for kind in of.__subclasses__():
        if kind is not broken_capabilities.FaultyCapability:
            yield kind
        yield from kinds(kind)


def suite(plugin: type[Listed], source_of: type[Things]) -> type[PluginConformance]:
    """What an author writes."""

    class Suite(PluginConformance):
        @pytest.fixture
        def source(self) -> Source:
            return source_of(plugin)

    return Suite


class TestGood(PluginConformance):
    @pytest.fixture
    def source(self) -> Source:
        return HookedThings(Good)


class TestListed(PluginConformance):
    @pytest.fixture
    def source(self) -> Source:
        return HookedThings(Listed)


class TestMixed(PluginConformance):
    @pytest.fixture
    def source(self) -> Source:
        return HookedThings(Mixed)


class TestWithoutSource(PluginConformance):
    """Its author forgot the fixture."""


for _kind in kinds():
    globals()[f"Test{_kind.__name__}"] = suite(_kind, HookedThings if _kind.hooks else Things)
