# SPDX-License-Identifier: Apache-2.0
"""How far a process has come."""

import enum


class Phase(enum.IntEnum):
    """ABSENT: not there yet, or being started again. RESTORING: reads what is known. STANDBY:
    another process does its work, and it waits for its turn. WAITING: it cannot begin (a
    database that is away, say) and tries again. BLOCKED: the same, until a person acts.
    RELOADING: the master, at a new configuration.
    """

    ABSENT = 0
    STARTING = 1
    RESTORING = 2
    RUNNING = 3
    STANDBY = 4
    WAITING = 5
    BLOCKED = 6
    RELOADING = 7
    ENDING = 8
