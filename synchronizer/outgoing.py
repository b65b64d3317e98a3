# SPDX-License-Identifier: Apache-2.0
"""The ledger's rows as the values that leave: change sets and bookmarks, cut to a message's size.

The relay and the snapshot server must say the same of a revision, whichever way a
consumer learns of it; so both make it here. Nothing in this module reads or sends.
"""

from collections.abc import Sequence

from synchronizer.ledger import StreamState, Version
from synchronizer.model import Bookmark, Change, ChangeSet

#: Bytes of entity JSON in one message, and in one entity that is to travel whole.
MAX_BYTES = 512 * 1024

# The members of a change or a page's item beside the entity, escaped.
_FRAME = 320
_TWICE = b'"\\,:'
_NON_ASCII = bytes(range(128, 256))


def weigh(raw: bytes) -> int:
    """At most how many bytes of a broker's message this JSON text takes.

    A message is JSON inside JSON, in ASCII: quotes and backslashes are escaped twice, a
    blank follows each comma and colon, and what is not ASCII becomes `\\\\uXXXX`: up to 3.5
    bytes for one; so does DEL.
    """
    weight = 2 * len(raw) - len(raw.translate(None, delete=_TWICE)) + 6 * raw.count(b"\x7f")
    if not raw.isascii():
        weight += (len(raw) - len(raw.translate(None, delete=_NON_ASCII))) * 5 // 2
    return weight


def weigh_packed(raw: bytes) -> int:
    """The same of a text that travels compressed, in base64, if nothing can be saved by it."""
    return len(raw) * 4 // 3 + 16


def message_bytes(max_bytes: int) -> int:
    """What a message may weigh in which `max_bytes` of entity JSON may travel.

    896 KiB for the usual 512 KiB: with its envelope, a message stays under 1 MiB.
    """
    return max_bytes * 7 // 4


def is_too_big(entity: bytes, max_bytes: int) -> bool:
    """Whether an entity's JSON is too big to travel in a message; `get` serves it in parts."""
    if len(entity) > max_bytes:
        return True
    room = message_bytes(max_bytes)
    # No byte weighs more than 7: nearly all entities need no weighing.
    return 7 * len(entity) > room and weigh(entity) > room


def fitting(versions: Sequence[Version], max_bytes: int) -> Sequence[Version]:
    """As many of the first versions as one message carries; at least one, if there is one."""
    room = message_bytes(max_bytes)
    for taken, version in enumerate(versions):
        room -= _weigh_version(version, max_bytes)
        if room < 0 and taken:
            return versions[:taken]
    return versions


def change_of(version: Version, max_bytes: int) -> Change:
    """One version as a change; its entity stays JSON bytes."""
    oversized = version.entity is not None and is_too_big(version.entity, max_bytes)
    return Change(
        revision=version.revision,
        op=version.op,
        id=version.id,
        sampled_at=version.sampled_at,
        fingerprint=version.fingerprint,
        changed=version.changed,
        entity=None if oversized else version.entity,
        oversized=oversized,
    )


def change_set_of(state: StreamState, versions: Sequence[Version], max_bytes: int) -> ChangeSet:
    """Contiguous versions of a stream, at least one, as the change set that they are."""
    last = versions[-1]
    return ChangeSet(
        cloud=state.key.cloud,
        type=state.key.type,
        epoch=state.epoch,
        first=versions[0].revision,
        last=last.revision,
        count=last.count,
        digest=last.digest,
        changes=tuple(change_of(version, max_bytes) for version in versions),
    )


def bookmark_of(state: StreamState, next_within: float, nonce: str | None = None) -> Bookmark:
    """A bookmark from one row in which everything is published."""
    if state.published != state.revision:
        raise ValueError(f"{state.key} has published {state.published} of {state.revision}")
    return Bookmark(
        cloud=state.key.cloud,
        type=state.key.type,
        epoch=state.epoch,
        revision=state.revision,
        count=state.count,
        digest=state.digest,
        listed_at=state.listed_at,
        next_within=next_within,
        nonce=nonce,
    )


def _weigh_version(version: Version, max_bytes: int) -> int:
    weight = _FRAME + weigh(version.id.encode())
    for name in version.changed:
        weight += weigh(name.encode()) + 6
    if version.entity is not None and not is_too_big(version.entity, max_bytes):
        weight += weigh(version.entity)
    return weight
