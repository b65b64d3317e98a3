# SPDX-License-Identifier: Apache-2.0
"""What came of some rounds."""

import msgspec

from tests.acceptance.fire.cards import DECK, OUTAGES


class Result(msgspec.Struct):
    """`hits`: card -> how often it struck. `failure` None: everything held."""

    seed: int
    rounds: int = 0
    worlds: int = 0
    seconds: float = 0.0
    mutations: int = 0
    changes: int = 0
    deletes: int = 0
    hits: dict[str, int] = {}
    failure: str | None = None

    def hit(self, card: str) -> int:
        return self.hits.get(card, 0)

    def add(self, other: "Result") -> None:
        """Takes in what came of another world; the first failure stays."""
        self.rounds += other.rounds
        self.worlds += other.worlds
        self.mutations += other.mutations
        self.changes += other.changes
        self.deletes += other.deletes
        for card, count in other.hits.items():
            self.hits[card] = self.hit(card) + count
        self.failure = self.failure or other.failure

    def summary(self) -> str:
        """How often each struck, and what was seen meanwhile."""
        cards = [card for card in (*DECK, *OUTAGES) if self.hit(card)]
        lines = [f"{self.hit(card):7} {card}" for card in cards]
        lines.append(
            f"seed {self.seed}: {self.rounds} rounds in {self.worlds} worlds in "
            f"{self.seconds:.0f} s: {self.mutations} mutations, {self.changes} revisions, "
            f"{self.deletes} deletes"
        )
        lines.append(f"FAILED: {self.failure}" if self.failure else "everything held")
        return "\n".join(lines)
