# SPDX-License-Identifier: Apache-2.0
"""Which entities differ from what the server had at a revision: found by the digests of
buckets, and the rosters of those that differ. A state machine without I/O."""

import dataclasses
from collections.abc import Mapping

from synchronizer import fingerprint
from synchronizer.client.questions import AskDigests, AskRoster
from synchronizer.client.values import Digests, RosterItem, RosterPage

#: Entities that a bucket should have. The roster of one is a page of about 10 KB.
PER_BUCKET = 64
#: Rosters of single buckets that are asked for at most; each costs the server a look at all
#: fingerprints of the stream, and so does the roster of the whole.
MOST_ROSTERS = 16


@dataclasses.dataclass(frozen=True, slots=True)
class Differences:
    """What is held, beside what the server had. True if they differ.

    `missing`: not held; `differing`: held in another state; both with the server's state.
    `surplus`: held, and not there.
    """

    missing: dict[str, RosterItem]
    differing: dict[str, RosterItem]
    surplus: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.missing) + len(self.differing) + len(self.surplus)


class Narrowing:
    """`held`: id -> fingerprint; it must stay as it is meanwhile. `count` and `digest` are
    the server's, known with the answer to the first question."""

    def __init__(self, held: Mapping[str, bytes], epoch: str, revision: int) -> None:
        self.count = 0
        self.digest = 0
        self._held = held
        self._epoch = epoch
        self._revision = revision
        self._bits = bits_for(len(held))
        self._counted = False
        #: bucket -> those of its ids that no roster has shown yet
        self._left: dict[int, set[str]] = {}
        self._cursor: str | None = None
        self._missing: dict[str, RosterItem] = {}
        self._differing: dict[str, RosterItem] = {}
        self._surplus: list[str] = []

    def question(self) -> AskDigests | AskRoster | None:
        """What to ask next; None: all differences are known."""
        if not self._counted:
            return AskDigests(self._epoch, self._revision, self._bits)
        for bucket in self._left:
            return AskRoster(self._epoch, self._revision, self._bits, bucket, self._cursor)
        return None

    def digests(self, answer: Digests) -> None:
        """The digests of all buckets."""
        own = self._own(answer.bits)
        theirs = [(bucket.count, bucket.digest) for bucket in answer.buckets]
        self.count = sum(count for count, _ in theirs)
        self.digest = sum(digest for _, digest in theirs) % fingerprint.DIGEST_MODULUS
        self._counted = True
        self._bits = answer.bits
        pairs = enumerate(zip(own, theirs, strict=True))
        different = {bucket for bucket, (mine, its) in pairs if mine != its}
        if len(different) > MOST_ROSTERS:
            self._bits, different = 0, {0}
        if different:
            self._left = {bucket: set() for bucket in sorted(different)}
            for id_ in self._held:
                if (bucket := fingerprint.bucket_of(id_, self._bits)) in different:
                    self._left[bucket].add(id_)

    def roster(self, page: RosterPage) -> None:
        """A page of the roster that was asked for."""
        bucket = next(iter(self._left))
        left = self._left[bucket]
        for item in page.items:
            held = self._held.get(item.id)
            left.discard(item.id)
            if held is None:
                self._missing[item.id] = item
            elif held != item.fingerprint:
                self._differing[item.id] = item
        self._cursor = page.cursor
        if page.cursor is None:
            self._surplus += sorted(self._left.pop(bucket))

    @property
    def found(self) -> int:
        """How many differ, as far as is known by now."""
        return len(self._missing) + len(self._differing) + len(self._surplus)

    @property
    def differences(self) -> Differences:
        return Differences(self._missing, self._differing, tuple(self._surplus))

    def _own(self, bits: int) -> list[tuple[int, int]]:
        """(count, digest) of each bucket of what is held."""
        counts, digests = [0] * (1 << bits), [0] * (1 << bits)
        for id_, print_ in self._held.items():
            bucket = fingerprint.bucket_of(id_, bits)
            counts[bucket] += 1
            digests[bucket] += fingerprint.digest_of(id_, print_)
        modulus = fingerprint.DIGEST_MODULUS
        return [(count, digest % modulus) for count, digest in zip(counts, digests, strict=True)]


def bits_for(count: int) -> int:
    """So many bits that buckets of so many entities are of a good size."""
    return min((count // PER_BUCKET).bit_length(), fingerprint.MOST_BITS)
