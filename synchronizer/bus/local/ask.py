# SPDX-License-Identifier: Apache-2.0
"""Asks a running broker what it holds."""

import time

import msgspec

from synchronizer import errors
from synchronizer.bus.local import link, protocol, status


def broker_status(path: str, timeout: float = 5.0) -> status.BrokerStatus:
    """What the broker at this socket holds; `errors.BusUnavailable` when it does not say."""
    deadline = time.monotonic() + timeout
    try:
        with link.Link(path, deadline) as broker:
            _, body = broker.request(protocol.Status(), b"", deadline)
            return msgspec.json.decode(body, type=status.BrokerStatus)
    except (OSError, link.Refusal, msgspec.MsgspecError) as error:
        raise errors.BusUnavailable(f"local bus {path}: {error}") from error
