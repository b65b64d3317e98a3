# SPDX-License-Identifier: Apache-2.0
"""Asks the daemon how it is: what it tells, whether its notifications arrive, what waits."""

import contextlib
import time
import uuid
from collections.abc import Callable, Sequence

from synchronizer import errors
from synchronizer.bus import envelope, subscription, topics, transport
from synchronizer.cli.connect import Place
from synchronizer.client import Client, StreamInfo
from synchronizer.model import StreamKey

#: Seconds for changes to be published before they count as stuck, and between two looks.
PUBLISHING, LOOK = 5.0, 0.25
#: Seconds after which a barrier that was not heard is asked for again.
AGAIN = 2.0


def stuck(
    client: Client,
    streams: Sequence[StreamInfo],
    say: Callable[[str], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> set[StreamKey]:
    """The streams whose changes of this moment are not published within `PUBLISHING` seconds;
    returns as soon as all are."""
    goals = {s.stream: (s.epoch, s.revision) for s in streams if s.published < s.revision}
    end = clock() + PUBLISHING
    while goals:
        now = {stream.stream: stream for stream in client.describe()}
        goals = {
            key: (epoch, revision)
            for key, (epoch, revision) in goals.items()
            if key in now and now[key].epoch == epoch and now[key].published < revision
        }
        if clock() >= end:
            break
        if goals:
            say(f"looking whether the changes of {len(goals)} types get published")
            sleep(LOOK)
    return set(goals)


def heard(client: Client, place: Place, stream: StreamKey, patience: float) -> float:
    """Subscribes to a stream, and has a bookmark come back; the seconds that this one took.
    `errors.BusUnavailable` when none comes within `patience` seconds."""
    nonce = f"status-{uuid.uuid4()}"
    end = time.monotonic() + patience
    with contextlib.ExitStack() as stack:
        bus = transport.notification_transport(place.notification_url, place.rabbit_options)
        stack.callback(bus.cleanup)
        topic = topics.topic_of(stream.cloud, stream.type)
        listening = stack.enter_context(contextlib.closing(subscription.Subscription(bus, [topic])))
        listening.wait_started(patience)
        while (began := time.monotonic()) < end:
            client.barrier(stream.type, nonce, cloud=stream.cloud)
            again = min(began + AGAIN, end)
            while (left := again - time.monotonic()) > 0:
                delivery = listening.get(left)
                if delivery is not None and _is(delivery, nonce):
                    return time.monotonic() - began
    raise errors.BusUnavailable(
        f"no notification came within {patience:g} s of asking for one over "
        f"{transport.redact_url(place.notification_url)}"
    )


def _is(delivery: subscription.Delivery, nonce: str) -> bool:
    with contextlib.suppress(errors.BadMessage, topics.BadName):
        _, event = topics.parse_event_type(delivery.event_type)
        if event == "bookmark":
            return envelope.bookmark_from_wire(delivery.payload).nonce == nonce
    return False
