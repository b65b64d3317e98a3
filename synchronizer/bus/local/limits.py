# SPDX-License-Identifier: Apache-2.0
"""How much the broker takes before it drops, refuses or waits."""

import dataclasses

MIB = 1 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """The broker's bounds. Bytes are those of message bodies.

    A full queue, and a full broker, drop their oldest messages and count them; a peer
    that asks for too much is refused, and one that does not read is not served further.
    The broker's memory is at most `bytes` for messages, plus for each peer one body that
    is being received and `output` bytes that wait to be sent.
    """

    #: Messages and bytes that one queue holds, handed out or not.
    queue_messages: int = 10_000
    queue_bytes: int = 64 * MIB
    #: Bytes in all queues together.
    bytes: int = 256 * MIB
    #: The largest message.
    body: int = 16 * MIB
    peers: int = 512
    queues: int = 10_000
    #: Subscriptions of one peer.
    subscriptions: int = 1_024
    #: Messages handed to a peer and not acknowledged: when it does not say, and at most.
    credit: int = 100
    credit_max: int = 1_000
    #: Bytes handed to a peer and not acknowledged; one message may always go out.
    unacked_bytes: int = 16 * MIB
    #: Bytes waiting to be read by a peer, above which it is neither served nor listened to.
    output: int = 1 * MIB
    #: Seconds that a shared queue lives on without a consumer.
    grace: float = 60.0
