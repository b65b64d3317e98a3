# SPDX-License-Identifier: Apache-2.0
"""Which rounds are played: a shuffled deck, so that everything is hit equally often."""

import dataclasses
import random
from collections.abc import Iterator
from typing import Literal

from synchronizer.simulator.faults import Fault, Operation

#: Processes that are killed at a random instant. `daemon` is the master.
VICTIMS = ("worker", "relay", "snapshot", "broker", "daemon", "consumer")

#: Named instants at which the process that reaches them kills itself.
POINTS = (
    "commit.before",
    "commit.within",
    "commit.after",
    "publish.before",
    "publish.after",
    "mark.before",
    "mark.after",
    "apply.before",
    "apply.after",
)

FAULTS = (
    "error",
    "time-out",
    "truncated page",
    "missing page",
    "429",
    "down cell",
    "lost admin",
    "expired tokens",
    "ends early",
    "stale listing",
)

DECK = (
    *(f"kill {victim}" for victim in VICTIMS),
    *(f"point {point}" for point in POINTS),
    *(f"fault {fault}" for fault in FAULTS),
)

#: The listing has so many pages while there are 5,000 servers and 500 on a page.
PAGES = 10
PAGE_LIMIT = 500

#: How many servers a down cell has.
CELL = 3

LISTING: frozenset[Operation] = frozenset({"list"})
CHANGES: frozenset[Operation] = frozenset({"changes"})
GET: frozenset[Operation] = frozenset({"get"})
READING = LISTING | CHANGES | GET

Kind = Literal["quick", "blind"]


@dataclasses.dataclass(frozen=True)
class Strike:
    """One card of the deck. `at`: seconds after the churn began. `skip`: how often a point
    is passed before it kills. `hold`: seconds for which a fault lasts. `salt`: chooses
    the servers of a down cell."""

    card: str
    at: float
    skip: int = 0
    hold: float = 0.0
    fault: Fault | None = None
    salt: int = 0

    @property
    def kind(self) -> str:
        return self.card.partition(" ")[0]

    @property
    def name(self) -> str:
        return self.card.partition(" ")[2]


@dataclasses.dataclass(frozen=True)
class Round:
    """`churn`: mutations a second; `after`: seconds of churn after the last strike."""

    number: int
    strikes: tuple[Strike, ...]
    churn: float
    after: float

    def disturbs_hearing(self) -> bool:
        """Whether notifications may get lost on the way to the consumer."""
        lossy = ("kill broker", "kill daemon", "kill consumer", "point apply")
        return any(strike.card.startswith(lossy) for strike in self.strikes)

    def demotes(self) -> bool:
        """Whether the credential is shown less of each server for a while."""
        return any(strike.card == "fault lost admin" for strike in self.strikes)

    def __str__(self) -> str:
        strikes = ", ".join(f"{strike.card} at {strike.at:.1f} s" for strike in self.strikes)
        return f"round {self.number}: {strikes}"


@dataclasses.dataclass(frozen=True)
class Block:
    """Rounds of one world. `quick`: with changes-since queries. `blind`: deletions are seen
    by listings and confirmations alone."""

    kind: Kind
    rounds: tuple[Round, ...]


def plan(seed: int, rounds: int, *, cards: tuple[str, ...] = DECK) -> Iterator[Block]:
    """The same blocks for the same seed; each block is one deck, in a world of its own."""
    chance = random.Random(f"fire/{seed}")
    number = 0
    block = 0
    while number < rounds:
        deck = list(cards)
        chance.shuffle(deck)
        drawn = []
        for card in deck[: rounds - number]:
            number += 1
            drawn.append(_round(number, card, cards, chance))
        yield Block("blind" if block % 2 else "quick", tuple(drawn))
        block += 1


def _round(number: int, card: str, cards: tuple[str, ...], chance: random.Random) -> Round:
    strikes = [_strike(card, chance)]
    kills = [other for other in cards if other.startswith("kill ") and other != card]
    if kills and chance.random() < 0.3:
        # Trouble does not come alone: a process dies while another recovers, or a fault lasts.
        strikes.append(_strike(chance.choice(kills), chance))
    strikes.sort(key=lambda strike: strike.at)
    return Round(number, tuple(strikes), chance.uniform(20, 50), chance.uniform(0.3, 1.0))


def _strike(card: str, chance: random.Random) -> Strike:
    at = chance.uniform(0.2, 1.5)
    if card.startswith("point "):
        return Strike(card, at, skip=chance.randrange(4))
    if card.startswith("fault "):
        hold = chance.uniform(2.5, 4.0)
        fault = _fault(card.removeprefix("fault "), chance)
        return Strike(card, at, hold=hold, fault=fault, salt=chance.randrange(1 << 30))
    return Strike(card, at)


def _fault(name: str, chance: random.Random) -> Fault:
    some = chance.choice([READING, LISTING | CHANGES, LISTING | GET])
    match name:
        case "error":
            return Fault(kind="error", status=chance.choice((500, 502, 503)), operations=some)
        case "time-out":
            return Fault(kind="hang", operations=some, probability=chance.choice((0.3, 1.0)))
        case "truncated page":
            kind = chance.choice(("truncated-body", "truncated-json"))
            page = chance.choice((None, 0, chance.randrange(1, PAGES)))
            return Fault(kind=kind, operations=LISTING, page=page)  # type: ignore[arg-type]
        case "missing page":
            # Not the first: servers that nobody knows yet would be on it.
            page = chance.randrange(2, PAGES - 1)
            servers = chance.choice((None, 5, 15))
            return Fault(kind="missing-page", operations=LISTING, page=page, servers=servers)
        case "429":
            return Fault(kind="error", status=429, retry_after=1, operations=some)
        case "down cell":
            return Fault(kind="down-cell", servers=CELL)
        case "lost admin":
            return Fault(kind="lost-admin", revoke=chance.random() < 0.5)
        case "expired tokens":
            return Fault(kind="expire-tokens", operations=READING, probability=0.1)
        case "ends early":
            page = chance.randrange(PAGES - 1)
            return Fault(kind="ends-early", operations=LISTING, page=page)
        case "stale listing":
            seconds = chance.uniform(2.0, 6.0)
            return Fault(kind="stale", operations=LISTING, seconds=seconds)
    raise ValueError(f"no such fault: {name}")
