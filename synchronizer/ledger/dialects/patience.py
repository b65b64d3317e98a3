# SPDX-License-Identifier: Apache-2.0
"""A connection to PostgreSQL that does not wait for ever.

A server that stands still, or a host that is gone, ends no connection, and libpq has no
time-out for an answer. psycopg's generators wake up every tenth of a second: there is
where the clock is looked at.
"""

import time
from typing import Any, ClassVar, TypeVar

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")


class PatientConnection(psycopg.Connection[Any]):
    """Gives up, and closes itself, when the server was silent for `patience` seconds."""

    patience: ClassVar[float]

    def wait(self, gen: PQGen[T], *args: Any, **options: Any) -> T:
        return super().wait(self._while_it_answers(gen), *args, **options)

    def _while_it_answers(self, gen: PQGen[T]) -> PQGen[T]:
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready:
                    heard = now
                elif now - heard > self.patience:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"no answer for {self.patience:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result


def patient(seconds: float) -> type[PatientConnection]:
    """Connections with this much patience."""
    return type("PatientConnection", (PatientConnection,), {"patience": seconds})
