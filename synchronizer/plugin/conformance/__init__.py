# SPDX-License-Identifier: Apache-2.0
"""The checks that a plugin's author runs with pytest: whether it keeps its promises.

Describe the service under test in a subclass of `Source`, and inherit the checks:

    class TestRacks(PluginConformance):
        @pytest.fixture
        def source(self, tmp_path):
            return RacksSource(tmp_path)

Each check that fails says what is wrong, where, and how to mend it. Checks of
capabilities that the plugin does not declare, and of hooks that the `Source` does not
offer, are skipped with the reason. The source has to be quiet while it is checked,
but for what the checks do to it through the hooks.

This package sees a plugin only from outside, through the methods that the sampler
calls, as the sampler calls them. It records nothing, and is imported by nothing else
of Synchronizer: pytest is no dependency of it.
"""

import importlib.util

if importlib.util.find_spec("pytest") is None:
    raise ModuleNotFoundError(
        "synchronizer.plugin.conformance needs pytest; install pytest, or Synchronizer with"
        " its extra [conformance]",
        name="pytest",
    )

from synchronizer.plugin.conformance.failing import NotConforming
from synchronizer.plugin.conformance.source import Notified, Source
from synchronizer.plugin.conformance.suite import PluginConformance

__all__ = ["NotConforming", "Notified", "PluginConformance", "Source"]
