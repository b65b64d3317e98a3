# SPDX-License-Identifier: Apache-2.0
"""Records what the services say on RabbitMQ, as one JSON line per message.

Binds queues of its own beside the ``notifications.*`` ones that oslo.messaging
keeps, so that it takes no message away from another consumer, nor from another recorder.
"""

import collections
import json
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.connection import Connection
from kombu.entity import Exchange, Queue

from tests.cloud.settings import Settings

# Cinder's exchange is "openstack", oslo.messaging's default.
EXCHANGES = ("nova", "openstack", "neutron", "heat", "keystone", "glance")
TOPICS = tuple(
    f"{topic}.{level}"
    for topic in ("notifications", "versioned_notifications")
    for level in ("info", "error", "warn", "audit", "critical")
)


def record(settings: Settings, path: Path, ended: threading.Event) -> collections.Counter[str]:
    """Append messages to ``path`` until ``ended``; return how many came of each event.

    Lines are ``{"at": microseconds since the epoch, "exchange", "topic", ...}`` and
    the message's own fields.
    """
    counts: collections.Counter[str] = collections.Counter()
    with (
        Connection(  # type: ignore[no-untyped-call]
            f"amqp://{settings.transport_url}"
        ) as connection,
        path.open("a", buffering=1, encoding="utf-8") as out,
    ):

        def received(body: Any, message: Any) -> None:
            line = {
                "at": time.time_ns() // 1000,
                "exchange": message.delivery_info["exchange"],
                "topic": message.delivery_info["routing_key"],
                **_inner(body),
            }
            counts[f"{line['exchange']} {line.get('event_type')}"] += 1
            out.write(json.dumps(line) + "\n")
            message.ack()

        with connection.Consumer(_queues(), callbacks=[received], accept=["json"]):
            while not ended.is_set():
                try:
                    connection.drain_events(timeout=0.5)
                except TimeoutError:
                    continue
    return counts


def _queues() -> list[Any]:
    recorder = f"recorder.{uuid.uuid4().hex}"
    return [
        Queue(  # type: ignore[no-untyped-call]
            f"{recorder}.{exchange}.{topic}",
            Exchange(  # type: ignore[no-untyped-call]
                exchange, "topic", durable=False
            ),
            routing_key=topic,
            auto_delete=True,
            durable=False,
        )
        for exchange in EXCHANGES
        for topic in TOPICS
    ]


def _inner(body: Any) -> dict[str, Any]:
    """Take a message out of its envelope: {"oslo.version": "2.0", "oslo.message": JSON}."""
    envelope = json.loads(body) if isinstance(body, str | bytes) else body
    inner = json.loads(envelope["oslo.message"]) if "oslo.message" in envelope else envelope
    return dict(inner)
