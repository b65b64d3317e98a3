# SPDX-License-Identifier: Apache-2.0
"""Any interleaving of commits by two writers, publishes, losses, duplicates, restarts,
restored backups, epochs and compaction converges, and every loss is noticed."""

import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.protocol.machine import Protocol

#: More of them: SYNCHRONIZER_PROTOCOL_EXAMPLES=5000
EXAMPLES = int(os.environ.get("SYNCHRONIZER_PROTOCOL_EXAMPLES", "100"))
STEPS = int(os.environ.get("SYNCHRONIZER_PROTOCOL_STEPS", "40"))


def test_any_interleaving_converges_and_every_loss_is_noticed(empty: Path) -> None:
    class Machine(Protocol):
        pass

    Machine.empty = empty
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
