# SPDX-License-Identifier: Apache-2.0
"""The tokens that were given out, and until when they are good."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from synchronizer.simulator.accounts import Project, User


@dataclass(frozen=True)
class Token:
    """`project` is None for an unscoped token; instants are seconds since the epoch."""

    id: str
    audit_id: str
    user: User
    project: Project | None
    issued: float
    expires: float


class Tokens:
    """Gives out tokens that live for `life` seconds."""

    def __init__(self, life: float, clock: Callable[[], float] = time.time) -> None:
        self.life = life
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, Token] = {}

    def issue(self, user: User, project: Project | None) -> Token:
        now = self._clock()
        token = Token(
            secrets.token_urlsafe(48),
            secrets.token_urlsafe(16),
            user,
            project,
            now,
            now + self.life,
        )
        with self._lock:
            dead = [one.id for one in self._tokens.values() if one.expires <= now]
            for one in dead:
                del self._tokens[one]
            self._tokens[token.id] = token
        return token

    def get(self, text: str | None) -> Token | None:
        """Return the token if it is good."""
        with self._lock:
            token = self._tokens.get(text or "")
        return token if token is not None and token.expires > self._clock() else None

    def revoke(self, text: str) -> None:
        with self._lock:
            self._tokens.pop(text, None)

    def revoke_all(self) -> int:
        """End every token now; return how many there were."""
        with self._lock:
            count = len(self._tokens)
            self._tokens.clear()
            return count
