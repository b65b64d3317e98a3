# SPDX-License-Identifier: Apache-2.0
"""What can strike: the victims, the points at which they die, the failures of all they need."""

import dataclasses
import random

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

#: What goes wrong in the cloud.
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

#: What goes wrong with RabbitMQ: killed, stopped and started, out of memory, not answering.
BROKER_OUTAGES = ("broker kill", "broker restart", "broker alarm", "broker pause")

#: What goes wrong with the database; `cut`: everybody's connections are ended.
DATABASE_OUTAGES = ("database kill", "database restart", "database cut", "database pause")

_KILLS = tuple(f"kill {victim}" for victim in VICTIMS)
_POINTS = tuple(f"point {point}" for point in POINTS)
_FAULTS = tuple(f"fault {fault}" for fault in FAULTS)

#: The deck of a world with the embedded bus and SQLite.
DECK = (*_KILLS, *_POINTS, *_FAULTS)

#: What is added where RabbitMQ and a database server are ours to break.
OUTAGES = tuple(f"outage {outage}" for outage in (*BROKER_OUTAGES, *DATABASE_OUTAGES))

#: The listing has so many pages, whatever a world's number of servers is.
PAGES = 10

#: How many servers a down cell has.
CELL = 3

LISTING: frozenset[Operation] = frozenset({"list"})
CHANGES: frozenset[Operation] = frozenset({"changes"})
GET: frozenset[Operation] = frozenset({"get"})
READING = LISTING | CHANGES | GET


@dataclasses.dataclass(frozen=True)
class Strike:
    """One card of the deck. `at`: seconds after the churn began. `skip`: how often a point
    is passed before it kills. `hold`: seconds for which a fault or an outage lasts. `salt`:
    chooses the servers of a down cell."""

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

    def __str__(self) -> str:
        return f"{self.card} at {self.at:.1f} s"


def strike(card: str, chance: random.Random) -> Strike:
    """A card of `DECK`, played at random."""
    at = chance.uniform(0.2, 1.5)
    if card.startswith("point "):
        return Strike(card, at, skip=chance.randrange(4))
    if card.startswith("fault "):
        hold = chance.uniform(2.5, 4.0)
        fault = _fault(card.removeprefix("fault "), chance)
        return Strike(card, at, hold=hold, fault=fault, salt=chance.randrange(1 << 30))
    return Strike(card, at)


def outages(cards: list[str], chance: random.Random) -> list[Strike]:
    """These of `OUTAGES`, one after the other."""
    strikes = []
    at = 0.0
    for card in cards:
        at += chance.uniform(0.3, 1.5)
        hold = 0.0 if card.endswith(" cut") else chance.uniform(0.5, 2.5)
        strikes.append(Strike(card, at, hold=hold))
        at += hold
    return strikes


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
