# SPDX-License-Identifier: Apache-2.0
"""The RabbitMQ and the database of one world, and what goes wrong with them."""

from collections.abc import Callable
from typing import Self

from tests.acceptance.fire.plan import Engine
from tests.engines import mariadb, postgresql, rabbit


def installed() -> bool:
    """Whether worlds on servers can be played here."""
    return rabbit.installed() and postgresql.installed() and mariadb.installed()


class Servers:
    """Both run when it is made."""

    def __init__(self, engine: Engine) -> None:
        self._node = rabbit.RabbitNode()
        try:
            self.transport_url = rabbit.RabbitBroker(self._node).url
            made = postgresql.PostgresServer if engine == "postgresql" else mariadb.MariaServer
            self._database = made()
        except BaseException:
            self._node.close()
            raise
        self.database_url = self._database.create_database()

    def begin(self, outage: str) -> None:
        """From now on it lasts, until `end`."""
        node, database = self._node, self._database
        parts: dict[str, Callable[[], object]] = {
            "broker kill": node.kill,
            "broker restart": node.stop,
            "broker alarm": lambda: node.alarm(True),
            "broker pause": node.pause,
            "database kill": database.kill,
            "database restart": database.stop,
            "database cut": database.terminate_connections,
            "database pause": database.pause,
        }
        parts[outage]()

    def end(self, outage: str) -> None:
        """All is well again, also as far as the server itself can tell."""
        node, database = self._node, self._database
        parts: dict[str, Callable[[], object]] = {
            "broker kill": node.start,
            "broker restart": node.start,
            "broker alarm": lambda: node.alarm(False),
            "broker pause": node.resume,
            "database kill": database.start,
            "database restart": database.start,
            "database cut": lambda: None,
            "database pause": database.resume,
        }
        parts[outage]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()
        self._node.close()
