# SPDX-License-Identifier: Apache-2.0
"""Whether a process makes progress, told where others can see it, and cheaply.

Threads say within how long they will be heard of again (`Pulse`); a process writes the
nearest of these deadlines, with its phase, into its own place of a board in shared memory
(`Heart`, `Board`). Nothing here judges, kills, logs or touches a file: a full disk harms no
vital sign.
"""

from synchronizer.vitals.board import Board, Slot, Vital
from synchronizer.vitals.heart import AS_A_WHOLE, Heart
from synchronizer.vitals.phase import Phase
from synchronizer.vitals.pulse import NO_PULSE, STEP, NoPulse, Pulse

__all__ = [
    "AS_A_WHOLE",
    "NO_PULSE",
    "STEP",
    "Board",
    "Heart",
    "NoPulse",
    "Phase",
    "Pulse",
    "Slot",
    "Vital",
]
