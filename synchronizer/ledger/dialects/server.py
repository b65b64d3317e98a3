# SPDX-License-Identifier: Apache-2.0
"""What PostgreSQL and MariaDB have in common."""

import abc
from typing import Any, ClassVar

from sqlalchemy import Engine, ExceptionContext, create_engine, event

from synchronizer import errors
from synchronizer.ledger.dialects import limits
from synchronizer.ledger.dialects.base import Dialect


class Server(Dialect):
    """A database server, for several hosts.

    Connections are tried before each use, so that what the server ended meanwhile (it was
    restarted, an administrator, a fail-over) costs nobody an error.
    """

    driver: ClassVar[str]
    extra: ClassVar[str]
    #: Codes of "this transaction lost; begin it again".
    lost: ClassVar[frozenset[str]]
    #: Codes of "nothing can be written here": a replica, or what was the primary.
    read_only: ClassVar[frozenset[str]]

    def engine(self) -> Engine:
        url = self.url
        if "+" not in url.drivername:
            url = url.set(drivername=self.driver)
        try:
            engine = create_engine(
                url,
                hide_parameters=True,
                connect_args=self._connect_args(),
                pool_pre_ping=True,
                pool_size=8,
                max_overflow=24,
                pool_timeout=limits.LOCK_TIMEOUT,
            )
        except ModuleNotFoundError as error:
            raise self.unusable(
                f"needs the module {error.name}: install Synchronizer with its extra [{self.extra}]"
            ) from None
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "handle_error", self._leave_replica)
        return engine

    @abc.abstractmethod
    def _connect_args(self) -> dict[str, Any]:
        """Arguments for the driver."""

    @abc.abstractmethod
    def _connected(self, connection: Any, _record: object) -> None:
        """Make a driver's new connection mean what we rely on, whatever the server's defaults."""

    @abc.abstractmethod
    def _code(self, error: BaseException) -> str:
        """The number of a driver's error, as in `lost`; empty when it has none."""

    @abc.abstractmethod
    def _explain_code(self, code: str, message: str) -> errors.SynchronizerError | None:
        """The error of ours for one of the driver's that is neither in `lost` nor `read_only`.

        None: its kind alone tells.
        """

    def explain(self, error: BaseException) -> errors.SynchronizerError | None:
        kinds = {kind.__name__ for kind in type(error).__mro__}
        code, message = self._code(error), _one_line(error)
        if code in self.lost:
            return errors.Refused(f"the database gave way to another transaction ({code})")
        if code in self.read_only:
            return self.unavailable(f"cannot be written, as a replica cannot: {message}")
        found = self._explain_code(code, message)
        if found is not None:
            return found
        if kinds & {"OperationalError", "InterfaceError", "InternalError", "OSError"}:
            return self.unavailable(f"did not answer: {message}")
        if kinds & {"IntegrityError", "DataError", "ProgrammingError", "NotSupportedError"}:
            return self.unusable(f"contradicts this program: {message}")
        return None

    def _leave_replica(self, context: ExceptionContext) -> None:
        # The URL may lead to another server by now: every connection is to be made anew.
        error = context.original_exception
        if error is not None and self._code(error) in self.read_only:
            context.is_disconnect = True


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
