# SPDX-License-Identifier: Apache-2.0
"""Ends processes that make no progress: their master starts them again."""

import contextlib
import dataclasses
import os
import pathlib
import signal
from collections.abc import Callable, Iterable

from oslo_log import log as logging

from synchronizer.vitals import AS_A_WHOLE, Vital

LOG = logging.getLogger(__name__)

#: Seconds within which a process that was ended is there again, or else everything has to be
#: started again. The master pauses for some after several ends.
REPLACED_WITHIN = 30.0


#: Seconds that a process gets to write a report of what it is doing, before it is killed.
REPORTING = 3.0


@dataclasses.dataclass(slots=True)
class _Late:
    """`since`: when the process of this name was first overdue; `seen`: when this one was."""

    since: float
    seen: float
    starts: int = -1
    ended: bool = False


class Replacing:
    """`master`: pid of the parent of all who may be ended; each writes a report at SIGUSR2.
    `on_replaced` is told the name of each that is."""

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
        self._late: dict[str, _Late] = {}

    def see_to(self, overdue: Iterable[Vital], now: float) -> bool:
        """Ends each of them, once; whether there is still hope for all of them."""
        vitals = {vital.name: vital for vital in overdue}
        for name in self._late.keys() - vitals.keys():
            del self._late[name]
        hope = True
        for name, vital in vitals.items():
            late = self._late.setdefault(name, _Late(now, now))
            if late.starts != vital.starts:
                late.starts, late.seen, late.ended = vital.starts, now, False
                self._ask(vital)
            patience = 0.0 if vital.activity == AS_A_WHOLE else REPORTING
            if not late.ended and now - late.seen >= patience:
                late.ended = True
                self._end(vital, now)
            hope = hope and now - late.since < REPLACED_WITHIN
        return hope

    def _is_ours(self, vital: Vital) -> bool:
        return bool(vital.pid) and self._parent(vital.pid) == self._master

    def _ask(self, vital: Vital) -> None:
        """For a report of what its threads are doing, if any of them still can."""
        if vital.activity != AS_A_WHOLE and self._is_ours(vital):
            with contextlib.suppress(OSError):
                self._kill(vital.pid, signal.SIGUSR2)

    def _end(self, vital: Vital, now: float) -> None:
        silent = now - vital.progress
        if not self._is_ours(vital):
            LOG.error("%s has not been there for %.0f s", vital.name, silent)
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
    found = state_of(pid)
    return None if found is None or found[0] in "ZX" else found[1]


def state_of(pid: int) -> tuple[str, int] | None:
    """The letter of a process's state, see proc(5), and its parent; None if there is none such."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The name, in parentheses, may hold anything.
    state, parent = stat.rpartition(")")[2].split()[:2]
    return state, int(parent)
