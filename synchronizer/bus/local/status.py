# SPDX-License-Identifier: Apache-2.0
"""What a broker holds, as it says itself. `ask` gets it from a running one."""

import msgspec


class QueueStatus(msgspec.Struct, frozen=True):
    """One queue. `bytes` are those of `waiting` and `unacked` messages."""

    name: str
    waiting: int
    unacked: int
    bytes: int
    consumers: int
    dropped: int


class BrokerStatus(msgspec.Struct, frozen=True):
    """The whole broker; counters are since its start, `uptime` in seconds."""

    uptime: float
    peers: int
    bytes: int
    published: int
    dropped: int
    queues: list[QueueStatus]
