# SPDX-License-Identifier: Apache-2.0
"""Which ports a cloud uses: a block of its own, claimed for as long as its root exists."""

import fcntl
import json
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.cloud.errors import CloudError

# Below the ephemeral range: a port that is free for a moment, while its service is
# stopped, must not become the near end of somebody's connection.
FIRST, LAST, BLOCK = 21_000, 31_000, 20
NAMES = (
    "keystone",
    "placement",
    "glance",
    "neutron",
    "nova",
    "cinder",
    "heat",
    "rabbitmq",
    "epmd",
    "erlang",
    "metadata",
)


@dataclass(frozen=True, slots=True)
class Ports:
    """The block that begins at ``base``."""

    base: int

    def __getitem__(self, name: str) -> int:
        return self.base + NAMES.index(name)


def listening(port: int) -> bool:
    """Tell whether anything on 127.0.0.1 accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def claim(root: Path) -> Ports:
    """Give ``root`` a block that is free and that no other root holds.

    A claim lasts until ``release``, or until its root no longer exists.
    """
    with _Claims() as claims:
        for claimed, holder in list(claims.items()):
            if not Path(holder).exists():
                del claims[claimed]
        for base in range(FIRST, LAST, BLOCK):
            if str(base) not in claims and _free(base):
                claims[str(base)] = str(root)
                return Ports(base)
    raise CloudError(f"no block of {BLOCK} free ports between {FIRST} and {LAST}")


def release(root: Path) -> None:
    """Give up what ``root`` holds."""
    with _Claims() as claims:
        for claimed in [base for base, holder in claims.items() if holder == str(root)]:
            del claims[claimed]


def _free(base: int) -> bool:
    for port in range(base, base + len(NAMES)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


class _Claims:
    """The register of this user's claims, locked while it is open: base -> root."""

    def __init__(self) -> None:
        name = f"synchronizer-cloud-ports-{os.getuid()}.json"
        self._path = Path(tempfile.gettempdir()) / name

    def __enter__(self) -> dict[str, str]:
        self._file = self._path.open("a+", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._file.seek(0)
        self._claims: dict[str, str] = dict(json.loads(self._file.read() or "{}"))
        return self._claims

    def __exit__(self, *_: object) -> None:
        with self._file:
            self._file.seek(0)
            self._file.truncate()
            json.dump(self._claims, self._file)
