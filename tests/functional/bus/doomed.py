# SPDX-License-Identifier: Apache-2.0
"""A user of the bus in a process of its own, to be killed.

Arguments: what it is ("subscription", "server", "caller" or "stock listener"), the bus's
URL, a topic. Its queues go after SECONDS and hold at most MOST bytes. Prints a line when
the broker knows it.
"""

import sys
import threading

import oslo_messaging
from oslo_config import cfg

from synchronizer.bus import ephemeral, topics, transport
from synchronizer.bus.rpc import RpcClient, RpcServer
from synchronizer.bus.subscription import Subscription

SECONDS = 4
MOST = 100_000

POOL = "my-consumer"


class Endpoint:
    """Hears and answers."""

    def echo(self, ctxt: object, value: object) -> object:
        return value

    def info(self, *_: object) -> None:
        """Fine."""


def subscription(url: str, topic: str) -> object:
    made = Subscription(transport.notification_transport(url), [topic], pool=POOL)
    assert made.wait_started(60)
    return made


def server(url: str, topic: str) -> object:
    made = RpcServer(transport.rpc_transport(url), [Endpoint()], "host1", topic=topic)
    made.start()
    assert made.wait_started(60)
    return made


def caller(url: str, topic: str) -> object:
    """Its reply queue goes when oslo.messaging's option says."""
    ttl = {"rabbit_transient_queues_ttl": str(SECONDS)}
    made = RpcClient(transport.rpc_transport(url, ttl), timeout=60, topic=topic)
    assert made.call("echo", value=1) == 1
    return made


def stock_listener(url: str, topic: str) -> object:
    oslo_messaging.set_transport_defaults(control_exchange=topics.EXCHANGE)
    made = oslo_messaging.get_notification_listener(
        oslo_messaging.get_notification_transport(cfg.CONF, url),
        [oslo_messaging.Target(topic=topic)],
        [Endpoint()],
        executor="threading",
        pool=POOL,
    )
    made.start(override_pool_size=1)
    return made


def main() -> None:
    kind, url, topic = sys.argv[1:]
    ephemeral.GRACE, ephemeral.MOST_WAITING = SECONDS, MOST
    kinds = {
        "subscription": subscription,
        "server": server,
        "caller": caller,
        "stock listener": stock_listener,
    }
    _kept = kinds[kind](url, topic)
    print("there", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
