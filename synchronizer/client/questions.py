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


@dataclasses.dataclass(frozen=True, slots=True)
class AskDigests:
    """Count and digest of each of the 2**bits buckets of what lived at a revision."""

    epoch: str
    revision: int
    bits: int


@dataclasses.dataclass(frozen=True, slots=True)
class AskRoster:
    """A page of the ids and fingerprints of what lived in one bucket at a revision."""

    epoch: str
    revision: int
    bits: int
    bucket: int
    cursor: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class GetVersion:
    """Exactly that revision of an entity, to put right what is held of it."""

    id: str
    revision: int
    fingerprint: bytes


#: One call each, or a few; the whole snapshot is another matter.
SmallQuestion = AskChanges | GetOne | AskDigests | AskRoster | GetVersion
Question = GetAll | SmallQuestion
