# SPDX-License-Identifier: Apache-2.0
"""How often an entity type is sampled, and how careful with its service."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class TypeSettings:
    """All durations are seconds.

    `interval`: between the beginnings of complete listings. `changes_interval`: of
    changes-since polls, None for none. `settle`: how old an entity's last version must
    be for one listing to tell that it is gone. `confirm_rate`: single GETs a second.
    `hint_rate`: those of entities that notifications named.
    `early_gap`: between the beginnings of listings that are asked for before their time.
    `backoff_first`, `backoff_most`: of the pauses after failures. `new_content_rate`:
    entities a second that are recorded where only the fields they have are others.
    `volatile`, `sensitive`: fields to be masked beside those that the type declares.
    """

    interval: float = 600.0
    changes_interval: float | None = None
    settle: float = 60.0
    confirm_rate: float = 20.0
    hint_rate: float = 20.0
    early_gap: float = 10.0
    backoff_first: float = 1.0
    backoff_most: float = 60.0
    new_content_rate: float = 200.0
    volatile: frozenset[str] = frozenset()
    sensitive: frozenset[str] = frozenset()
