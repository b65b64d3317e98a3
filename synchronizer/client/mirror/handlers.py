# SPDX-License-Identifier: Apache-2.0
"""Functions that are told what becomes of a mirror, and the thread that tells them."""

import collections
import dataclasses
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.client.events import Added, Deleted, Updated
from synchronizer.client.mirror.contents import Change

LOG = logging.getLogger(__name__)

#: Bytes that changes which wait for handlers may take before the mirror waits for these.
MOST_WAITING = 32 << 20
#: Bytes that a change takes by itself, with the names of a few fields. Of its entities only the
#: old one counts: the new one is in the mirror, or the old one of a later change.
EACH = 700

OnAdded = Callable[[Added], object]
OnUpdated = Callable[[Updated], object]
OnDeleted = Callable[[Deleted], object]


class Handlers:
    """What one `Mirror.subscribe` has made. For all threads."""

    def __init__(
        self,
        teller: "Teller",
        added: OnAdded | None,
        updated: OnUpdated | None,
        deleted: OnDeleted | None,
    ) -> None:
        self._teller = teller
        self._added = added
        self._updated = updated
        self._deleted = deleted
        self._closed = False

    def wait(self, timeout: float | None = None) -> bool:
        """Until all that the mirror knows by now was told; False after `timeout` seconds, or
        when it is closed. Not for a handler to call."""
        return self._teller.flush(timeout)

    def close(self) -> None:
        """Nothing more is told; what is being told just now is told to its end."""
        self._closed = True
        self._teller.remove(self)

    def tell(self, change: Change) -> None:
        """Calls the function for this kind of change; what it raises is logged."""
        function = self._function(change)
        if function is None or self._closed:
            return
        try:
            function(change.event())
        except (Exception, SystemExit):
            LOG.exception(
                "a handler failed on %s %s at revision %d; the mirror goes on",
                change.stream,
                change.id,
                change.revision,
            )

    def _function(self, change: Change) -> Callable[[Any], object] | None:
        if change.new is None:
            return self._deleted
        return self._added if change.old is None else self._updated


@dataclasses.dataclass(frozen=True, slots=True)
class _Told:
    """Changes, for these. `size`: the bytes that they count as."""

    handlers: tuple[Handlers, ...]
    changes: Iterable[Change]
    size: int


class Teller:
    """Tells handlers in the order of `tell`, in a thread of its own. `lock`: its owner's, held
    by whoever calls `add` and `tell`, so that what is told to whom is settled at once."""

    def __init__(self, lock: threading.RLock) -> None:
        self._handlers: tuple[Handlers, ...] = ()
        self._waiting: collections.deque[_Told | threading.Event] = collections.deque()
        self._size = 0
        self._lock = lock
        self._changed = threading.Condition(lock)
        self._closed = False
        self._complained = False
        self._thread = threading.Thread(target=self._run, name="mirror handlers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, handlers: Handlers, there: Iterable[Change]) -> None:
        """From now on they are told, too; of what is there, first, which takes no room."""
        self._handlers = (*self._handlers, handlers)
        self._put(_Told((handlers,), there, 0))

    def remove(self, handlers: Handlers) -> None:
        with self._lock:
            self._handlers = tuple(one for one in self._handlers if one is not handlers)

    @property
    def anybody(self) -> bool:
        """Is there anybody to be told?"""
        return bool(self._handlers)

    def tell(self, changes: Sequence[Change]) -> None:
        """All changes that were made to the mirror, in order."""
        if self._handlers and changes:
            self._put(_Told(self._handlers, changes, sum(map(_size, changes))))

    def wait_for_room(self) -> None:
        """Until handlers have kept up; at once if they do, or nothing is told any more."""
        with self._changed:
            while not self._closed and self._size >= MOST_WAITING:
                if not self._complained:
                    self._complained = True
                    LOG.warning(
                        "handlers are slow: %d MiB of changes wait for them, and the mirror "
                        "waits, too",
                        self._size >> 20,
                    )
                self._changed.wait()
            self._complained = False

    def flush(self, timeout: float | None) -> bool:
        """Until all that was to be told at the time of the call was told."""
        self.check_not_told()
        told = threading.Event()
        with self._changed:
            if self._closed:
                return False
            self._put(told)
        return told.wait(timeout) and not self._closed

    def check_not_told(self) -> None:
        """`errors.BadRequest` where the caller is being told something just now."""
        if threading.current_thread() is self._thread:
            raise errors.BadRequest("a handler would wait for itself")

    def close(self, timeout: float) -> None:
        """Tells nothing more. Waits so many seconds for what is being told just now."""
        with self._changed:
            self._closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for one in waiting:
            if isinstance(one, threading.Event):
                one.set()
        if self._thread.ident is None or threading.current_thread() is self._thread:
            return
        self._thread.join(timeout)
        if self._thread.is_alive():
            LOG.warning("a handler has not returned yet; it is left to end by itself")

    # --- inside ----------------------------------------------------------------

    def _put(self, one: _Told | threading.Event) -> None:
        if isinstance(one, _Told):
            self._size += one.size
        self._waiting.append(one)
        self._changed.notify_all()

    def _run(self) -> None:
        while (one := self._next()) is not None:
            if isinstance(one, threading.Event):
                one.set()
                continue
            for change in one.changes:
                for handlers in one.handlers:
                    if not self._closed:
                        handlers.tell(change)
            with self._changed:
                self._size -= one.size
                self._changed.notify_all()

    def _next(self) -> _Told | threading.Event | None:
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return None if self._closed else self._waiting.popleft()


def _size(change: Change) -> int:
    return EACH + (0 if change.old is None else len(change.old.text))
