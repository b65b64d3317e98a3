# SPDX-License-Identifier: Apache-2.0
"""An observation of a source: the request for it, and what became of it."""

import dataclasses
import enum

from synchronizer.sampling.baseline import Moment


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """A request that is under way. `at`: when it began, in microseconds."""

    moment: Moment
    at: int


@dataclasses.dataclass(slots=True)
class Outcome:
    """What became of an observation. `again`: ids to be sampled again; `bad`: how many
    items could not be read; `deleted`: ids whose delete was recorded; `told`: ids that the
    service calls deleted, to be confirmed; `shown`: ids of the entities that were seen."""

    again: list[str] = dataclasses.field(default_factory=list)
    deleted: list[str] = dataclasses.field(default_factory=list)
    told: list[str] = dataclasses.field(default_factory=list)
    shown: list[str] = dataclasses.field(default_factory=list)
    bad: int = 0


class Sight(enum.Enum):
    """What a look at one entity showed. RACED: it is there, but who is newer cannot be
    told; look again. ABSENT: the service itself says that there is no such entity."""

    FOUND = "found"
    RACED = "raced"
    ABSENT = "absent"
    UNCLEAR = "unclear"
