# SPDX-License-Identifier: Apache-2.0
"""The plugins keep the promises of all plugins, each against its real service."""

from collections.abc import Iterator
from typing import ClassVar

import pytest

from synchronizer.plugin.conformance import PluginConformance
from tests.acceptance.cloud.running import RunningCloud
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


class TestNova(AgainstReality):
    source_class = NovaSource
