# SPDX-License-Identifier: Apache-2.0
"""How long the simulated cloud's changes took to their consumer."""

import msgspec

from synchronizer.client import Added, Deleted, Updated
from synchronizer.simulator import GroundTruth
from tests.support.copying import Copying
from tests.support.simulated import visible


def lags(consumer: Copying, truth: GroundTruth, since: int, until_: int) -> list[float]:
    """Seconds from a mutation to the moment at which a consumer had its state, in order; of
    what came between two instants (microseconds)."""
    came: dict[tuple[str, bytes], int] = {}
    for mutation in truth.mutations:
        came[mutation.id, state(msgspec.json.decode(mutation.entity))] = mutation.at
    found = []
    for at, event in list(consumer.told):
        if not since <= at <= until_ or not isinstance(event, Added | Updated | Deleted):
            continue
        entity = None if isinstance(event, Deleted) else consumer_state(event)
        mutated = came.get((event.id, state(entity)))
        assert mutated is not None, f"{event.id} was told in a state that it never had: {entity}"
        found.append((at - mutated) / 1e6)
    return sorted(found)


def consumer_state(event: Added | Updated) -> object:
    return event.entity if isinstance(event, Added) else event.new


def state(entity: object) -> bytes:
    shown = visible({"": entity})[""] if isinstance(entity, dict) else None
    return msgspec.json.encode(shown, order="deterministic")
