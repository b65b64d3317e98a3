# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.acceptance.simulated.hanging FILE ...` is the command `synchronizer`, with a
Nova plugin that waits for itself for ever once that file is there. Who hangs removes it.
"""

import pathlib
import sys
import threading
from collections.abc import Iterator

from synchronizer.cli.main import main
from synchronizer.plugin import EntityType, Page
from synchronizer.plugin.openstack import OpenStackPlugin
from synchronizer_plugins.nova.plugin import NovaPlugin

#: Seconds that are waited for the one that hangs: no API is asked by then.
PATIENCE = 1.0


class Trap:
    """Whose patience is short is the one to hang."""

    def __init__(self, file: pathlib.Path) -> None:
        self._file = file
        self._of_thread = threading.local()

    def patience(self, plugin: NovaPlugin) -> float:
        self._of_thread.caught = self._file.exists()
        return PATIENCE if self._of_thread.caught else OpenStackPlugin.patience.fget(plugin)  # type: ignore[attr-defined]

    def get_all(self, plugin: NovaPlugin, type_: EntityType) -> Iterator[Page]:
        for page in OpenStackPlugin.get_all(plugin, type_):
            if getattr(self._of_thread, "caught", False):
                self._file.unlink(missing_ok=True)
                lock = threading.Lock()
                with lock, lock:
                    raise AssertionError("nobody gets here")
            yield page


if __name__ == "__main__":
    trap = Trap(pathlib.Path(sys.argv.pop(1)))
    replaced = {
        "patience": property(lambda plugin: trap.patience(plugin)),
        "get_all": lambda plugin, type_: trap.get_all(plugin, type_),
    }
    for name, value in replaced.items():
        setattr(NovaPlugin, name, value)
    sys.exit(main())
