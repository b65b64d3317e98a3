# SPDX-License-Identifier: Apache-2.0
"""What changes about a server."""

from __future__ import annotations

from typing import NamedTuple


class State(NamedTuple):
    """One state of a server; a change makes a new one.

    Instants are whole seconds since the epoch, as Nova's database keeps them.  `address` is
    the host part (24 bits) of an address in 10.0.0.0/8.
    """

    name: str
    metadata: tuple[tuple[str, str], ...]
    vm_state: str
    task_state: str | None
    power_state: int
    address: int
    locked: bool
    locked_reason: str | None
    created: int
    updated: int
    launched: int | None
    terminated: int | None
    deleted: bool

    @property
    def status(self) -> str:
        """The API's status, a function of the states beneath it."""
        return "DELETED" if self.deleted else STATUS_OF[self.vm_state]


STATUS_OF = {
    "active": "ACTIVE",
    "building": "BUILD",
    "stopped": "SHUTOFF",
    "error": "ERROR",
    "deleted": "DELETED",
}
