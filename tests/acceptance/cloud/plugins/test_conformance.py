# SPDX-License-Identifier: Apache-2.0
"""The plugins keep the promises of all plugins, each against its real service."""

from collections.abc import Iterator
from typing import ClassVar

import pytest

from synchronizer.plugin.conformance import PluginConformance
from tests.acceptance.cloud.running import RunningCloud
from tests.acceptance.cloud.sources.cinder import CinderSource
from tests.acceptance.cloud.sources.glance import GlanceSource
from tests.acceptance.cloud.sources.heat import HeatSource
from tests.acceptance.cloud.sources.keystone import KeystoneSource
from tests.acceptance.cloud.sources.neutron import NeutronSource
from tests.acceptance.cloud.sources.nova import NovaSource
from tests.acceptance.cloud.sources.real import RealSource


class AgainstReality(PluginConformance):
    """A subclass says of which service."""

    source_class: ClassVar[type[RealSource]]

    @pytest.fixture
    def source(self, seeded: RunningCloud) -> Iterator[RealSource]:
        source = self.source_class(seeded)
        yield source
        source.close()


class TestCinder(AgainstReality):
    source_class = CinderSource


class TestGlance(AgainstReality):
    source_class = GlanceSource


class TestHeat(AgainstReality):
    source_class = HeatSource


class TestKeystone(AgainstReality):
    source_class = KeystoneSource


class TestNeutron(AgainstReality):
    source_class = NeutronSource


class TestNova(AgainstReality):
    source_class = NovaSource
