# SPDX-License-Identifier: Apache-2.0
"""Ends processes that make no progress: their master starts them again."""

import os
import pathlib
import signal
from collections.abc import Callable, Iterable

from oslo_log import log as logging

from synchronizer.vitals import Vital

LOG = logging.getLogger(__name__)

#: Seconds within which a process that was ended is there again, or else everything has to be
#: started again. The master pauses for some after several ends.
REPLACED_WITHIN = 30.0


class Replacing:
    """`master`: pid of the parent of all who may be ended. `on_replaced` is told the name of
    each that is."""

    def __init__(
        self,
        master: int,
        *,
        on_replaced: Callable[[str], None] = lambda name: None,
        kill: Callable[[int, int], None] = os.kill,
        parent: Callable[[int], int | None] | None = None,
    ) -> None:
        self._master = master
        self._on_replaced = on_replaced
        self._kill = kill
        self._parent = parent or parent_of
        self._ended: dict[str, tuple[int, float]] = {}  # name -> starts, when first overdue

    def see_to(self, overdue: Iterable[Vital], now: float) -> bool:
        """Ends each of them, once; whether there is still hope for all of them."""
        late = {vital.name: vital for vital in overdue}
        for name in self._ended.keys() - late.keys():
            del self._ended[name]
        hope = True
        for name, vital in late.items():
            starts, since = self._ended.get(name, (-1, now))
            if starts != vital.starts:
                self._end(vital, now)
            self._ended[name] = vital.starts, since
            hope = hope and now - since < REPLACED_WITHIN
        return hope

    def _end(self, vital: Vital, now: float) -> None:
        silent = now - vital.progress
        if not vital.pid or self._parent(vital.pid) != self._master:
            LOG.error("%s has not been started again for %.0f s", vital.name, silent)
            return
        LOG.error(
            "%s (pid %d) makes no progress for %.0f s (%s); it is killed and started again",
            *(vital.name, vital.pid, silent, vital.activity),
        )
        try:
            self._kill(vital.pid, signal.SIGKILL)
        except OSError as error:
            LOG.error("%s cannot be killed: %s", vital.name, error.strerror)
        else:
            self._on_replaced(vital.name)


def parent_of(pid: int) -> int | None:
    """The parent of a process; None if there is no such process, or it has ended already."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The name, in parentheses, may hold anything.
    state, parent = stat.rpartition(")")[2].split()[:2]
    return None if state in "ZX" else int(parent)
