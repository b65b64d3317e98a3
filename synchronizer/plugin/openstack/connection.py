# SPDX-License-Identifier: Apache-2.0
"""A service that is connected to when it is first needed, and kept."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from synchronizer import errors
from synchronizer.plugin.budget import asking
from synchronizer.plugin.openstack.answers import translated
from synchronizer.plugin.openstack.service import Service
from synchronizer.plugin.openstack.session import CloudAccess
from synchronizer.plugin.queueing import Queueing

S = TypeVar("S", bound=Service)

#: Seconds between two tokens that are asked for because the catalogue lacks the service.
NEW_CATALOGUE = 20.0


class MicroversionGone(Exception):
    """A service no longer offers the microversion that it offered before."""


class Connection(Generic[S]):
    """Makes a service when it is first asked for. Threads share it.

    `open_`: access to the cloud, talking to nobody. `make`: the service; it may talk.
    `fixed`: its microversion was configured, and is not to be looked for again.
    """

    def __init__(
        self,
        open_: Callable[[], CloudAccess],
        make: Callable[[CloudAccess], S],
        *,
        fixed: bool = False,
    ) -> None:
        self._open = open_
        self._make = make
        self._fixed = fixed
        self._lock = Queueing()
        self._access: CloudAccess | None = None
        self._service: S | None = None
        self._renewed: float | None = None

    @property
    def timeout(self) -> float:
        """Seconds of one request; 0 while that is not known."""
        access = self._access
        return 0.0 if access is None else access.timeout

    def service(self) -> S:
        """The service. Raises what making it raises; the next one who asks tries again."""
        with self._lock:
            if self._service is None:
                if self._access is None:
                    self._access = self._open()
                    asking()  # now that its time-out is known
                with self._asking_anew(self._access):
                    with translated("keystone"):
                        self._access.session.get_token()
                    self._service = self._make(self._access)
            return self._service

    @contextlib.contextmanager
    def using(self) -> Iterator[S]:
        """As `service`, for some requests; after `MicroversionGone` the next one who asks
        gets a service made anew."""
        service = self.service()
        access = self._access
        try:
            with self._asking_anew(access) if access else contextlib.nullcontext():
                yield service
        except MicroversionGone as error:
            if self._fixed:
                raise errors.BadConfiguration(f"{error}, as it is configured") from error
            with self._lock:
                if self._service is service:
                    self._service = None
            raise errors.SourceUnavailable(f"{error}; it is asked anew") from error

    @contextlib.contextmanager
    def _asking_anew(self, access: CloudAccess) -> Iterator[None]:
        """The catalogue comes with the token, and is as old: where it lacks the service, the
        next one who asks gets a token anew."""
        try:
            yield
        except errors.NoSuchService:
            now = time.monotonic()
            # Several threads ask, one for each type.
            if self._renewed is None or now - self._renewed > NEW_CATALOGUE:
                self._renewed = now
                access.session.invalidate()
            raise

    def close(self) -> None:
        """Lets go of connections."""
        with self._lock:
            if self._access is not None:
                self._access.session.close()
            self._access = self._service = None
