# SPDX-License-Identifier: Apache-2.0
"""oslo.messaging's driver for `local:///path/to/socket`.

Query parameters: `prefetch`, `answer_timeout`, `conn_pool_size`, `reply_timeout`.
"""

import os
import threading
import weakref
from typing import Any

from oslo_config import cfg
from oslo_messaging import transport
from oslo_messaging._drivers import amqpdriver, common, pool

from synchronizer import errors
from synchronizer.bus.local.address import socket_path
from synchronizer.bus.local.connection import Connection, Settings

GROUP = "oslo_messaging_local"

OPTIONS = [
    cfg.IntOpt(
        "prefetch",
        default=100,
        min=1,
        max=1000,
        help="Messages that a consumer takes before it has acknowledged some.",
    ),
    cfg.FloatOpt(
        "answer_timeout",
        default=10.0,
        min=0.1,
        help="Seconds after which a bus that does not answer counts as away.",
    ),
    cfg.IntOpt(
        "conn_pool_size",
        default=30,
        min=2,
        help="Connections for sending, at most; each thread that sends uses one.",
    ),
    cfg.IntOpt(
        "reply_timeout",
        default=5,
        min=0,
        help="Seconds for which a reply is tried while its caller's queue is missing.",
    ),
]

_POOL_MINIMUM = 2
_POOL_TTL = 1200


class LocalDriver(amqpdriver.AMQPDriverBase):
    """RPC and notifications over the embedded broker of this host."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        url: transport.TransportURL,
        default_exchange: str | None = None,
        allowed_remote_exmods: list[str] | None = None,
    ) -> None:
        conf.register_opts(OPTIONS, group=GROUP)
        if any(host.hostname for host in url.hosts) or not url.virtual_host:
            raise transport.InvalidTransportURL(
                str(url), "a local bus has a path and no host: local:///run/synchronizer/bus.sock"
            )
        try:
            path = str(socket_path("/" + url.virtual_host.lstrip("/")))
        except errors.SocketUnusable as error:
            raise transport.InvalidTransportURL(str(url), error.message) from None
        proxy = common.ConfigOptsProxy(conf, url, GROUP)
        options = proxy.oslo_messaging_local
        self.missing_destination_retry_timeout = options.reply_timeout
        self.prefetch_size = options.prefetch
        self._settings = Settings(
            path=path,
            prefetch=options.prefetch,
            answer_timeout=options.answer_timeout,
        )
        self._pool_size = options.conn_pool_size
        self._connections: weakref.WeakSet[Connection] = weakref.WeakSet()
        super().__init__(proxy, url, self._new_pool(), default_exchange, allowed_remote_exmods)
        after_fork = weakref.WeakMethod(self._after_fork)
        os.register_at_fork(after_in_child=lambda: (method := after_fork()) and method())

    def require_features(self, requeue: bool = True) -> None:
        """All that oslo.messaging can ask for is there."""

    def _new_pool(self) -> pool.ConnectionPool:
        return pool.ConnectionPool(None, self._pool_size, _POOL_MINIMUM, _POOL_TTL, None, self._new)

    def _new(self, *_: Any, **__: Any) -> Connection:
        connection = Connection(self._settings)
        self._connections.add(connection)
        return connection

    def _after_fork(self) -> None:
        """In the child: nothing of the parent's connections, threads and locks is of use.

        The descriptors are closed, or the broker would take the parent for alive as long
        as the child is.
        """
        for connection in list(self._connections):
            connection.close()
        self._connections = weakref.WeakSet()
        self._reply_q_lock = threading.Lock()
        self._reply_q = self._reply_q_conn = self._waiter = None
        self._connection_pool = self._new_pool()
