# SPDX-License-Identifier: Apache-2.0
"""What never changes about a server, computed from (seed, birth) whenever it is needed.

A server's *birth* is its number: 0 to N-1 for the servers that the cloud starts with, N and
up for those created later.  Nothing is kept per server, so a million of them cost no memory.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from synchronizer.simulator.accounts import PROJECT_COUNT
from synchronizer.simulator.state import State

ORIGIN = 1_704_067_200  # 2024-01-01T00:00:00Z, when the first server was created
SPACING = 7  # seconds between two creations
MAX_FIRST_UPDATE = 60  # seconds; a server that nobody touched was last updated within these

ROLES = ("web", "db", "cache", "worker", "gateway", "monitor", "build", "batch")
_METADATA = tuple(
    (("role", role), ("owner", f"team-{number}"), ("environment", environment))
    for number, (role, environment) in enumerate(
        (role, environment) for role in ROLES for environment in ("production", "staging")
    )
)
_MOODS = (("active", 1),) * 216 + (("stopped", 4),) * 36 + (("error", 0),) * 4
_MASK = (1 << 48) - 1
_ODD = 0x5DEE_CE66_D2B5  # any odd number spreads the bits


class Facts(NamedTuple):
    """`digest` (32 bytes) and `hexed` (its hex digits) are where every other fact comes from."""

    birth: int
    id: bytes
    digest: bytes
    hexed: bytes

    @property
    def project(self) -> int:
        return self.birth % PROJECT_COUNT

    @property
    def role(self) -> str:
        return ROLES[self.digest[4] % len(ROLES)]


class Seeded:
    """The servers of one seed."""

    def __init__(self, seed: int) -> None:
        self._key = blake2b(str(seed).encode(), digest_size=32).digest()
        self._shift = int.from_bytes(self._key[:6])

    def facts(self, birth: int) -> Facts:
        """Return what never changes about the server of that birth."""
        digest = blake2b(birth.to_bytes(8), digest_size=32, key=self._key).digest()
        hexed = digest.hex().encode()
        # The last group holds the birth, masked by the first: so an id can be taken back.
        hidden = birth ^ ((int.from_bytes(digest[:4]) * _ODD + self._shift) & _MASK)
        uuid = b"%b-%b-4%b-a%b-%012x" % (
            hexed[:8],
            hexed[8:12],
            hexed[12:15],
            hexed[15:18],
            hidden,
        )
        return Facts(birth, uuid, digest, hexed)

    def birth(self, uuid: str) -> int | None:
        """Return the birth that has this id, or None; the birth need not have happened."""
        if len(uuid) != 36:
            return None
        try:
            first, last = int(uuid[:8], 16), int(uuid[24:], 16)
        except ValueError:
            return None
        birth = last ^ ((first * _ODD + self._shift) & _MASK)
        return birth if self.facts(birth).id == uuid.encode() else None

    def created(self, birth: int) -> int:
        """Return when a server that the cloud starts with was created, in seconds."""
        return ORIGIN + birth * SPACING

    def first_state(self, facts: Facts) -> State:
        """Return the state that a server has before anything happens to it."""
        digest = facts.digest
        created = self.created(facts.birth)
        vm_state, power = _MOODS[digest[5]]
        return State(
            f"{facts.role}-{facts.birth:07d}",
            _METADATA[digest[6] % len(_METADATA)],
            vm_state,
            None,  # task_state
            power,
            int.from_bytes(digest[9:12]),
            digest[7] == 0,  # locked
            None,  # locked_reason
            created,
            created + 5 + digest[8] % (MAX_FIRST_UPDATE - 5),
            None if vm_state == "error" else created + 4,
            None,  # terminated
            False,  # deleted
        )


def first_address(facts: Facts) -> int:
    """Return the number, below 2**24, of a server's first address in 10.0.0.0/8."""
    return int.from_bytes(facts.digest[9:12])
