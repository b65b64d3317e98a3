# SPDX-License-Identifier: Apache-2.0
"""What a replica wants to be asked of the snapshot server."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class GetAll:
    """The whole snapshot. `reason`: why what was held is not good, or no longer."""

    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class AskChanges:
    """The changes after a revision. `silent`: asked because nothing was heard for long."""

    epoch: str
    since: int
    silent: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class GetOne:
    """The content of a change that was too big to travel: exactly that revision, and in it
    the state that was told."""

    id: str
    revision: int
    fingerprint: bytes | None


Question = GetAll | AskChanges | GetOne
