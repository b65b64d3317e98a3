# SPDX-License-Identifier: Apache-2.0
"""Which rounds are played in which worlds: shuffled decks, so that all is hit equally often.

A world's rounds follow from the seed and the world's number alone: any of them can be
played again without those before.
"""

import dataclasses
import random
from collections.abc import Iterator
from typing import Literal, get_args

from tests.acceptance.fire.cards import (
    BROKER_OUTAGES,
    DATABASE_OUTAGES,
    DECK,
    Strike,
    outages,
    strike,
)

#: Rounds of a local world, in which each card of the deck is played once.
LOCAL_ROUNDS = 18
#: Rounds of a world on servers; each outage is played in half of them.
SERVED_ROUNDS = 10
#: Of so many worlds, one is on servers, if both kinds are played.
CYCLE = 6

Mix = Literal["local", "served", "both"]
Engine = Literal["", "postgresql", "mariadb"]

MIXES: tuple[Mix, ...] = get_args(Mix)


@dataclasses.dataclass(frozen=True)
class Round:
    """`churn`: mutations a second; `after`: seconds of churn after the last strike."""

    number: int
    strikes: tuple[Strike, ...]
    churn: float
    after: float

    def disturbs_hearing(self) -> bool:
        """Whether notifications may get lost on the way to the consumer."""
        lossy = ("kill broker", "kill daemon", "kill consumer", "point apply", "outage broker")
        return any(one.card.startswith(lossy) for one in self.strikes)

    def demotes(self) -> bool:
        """Whether the credential is shown less of each server for a while."""
        return any(one.card == "fault lost admin" for one in self.strikes)

    def __str__(self) -> str:
        return f"round {self.number}: {', '.join(map(str, self.strikes))}"


@dataclasses.dataclass(frozen=True)
class Block:
    """The rounds of one world. `engine`: the database beside a RabbitMQ; "": embedded bus and
    SQLite. `blind`: no changes-since queries, so that deletions are seen by listings and
    confirmations alone."""

    number: int
    engine: Engine
    blind: bool
    rounds: tuple[Round, ...]

    def __str__(self) -> str:
        where = f"RabbitMQ and {self.engine}" if self.engine else "the embedded bus and SQLite"
        return f"world {self.number}: on {where}" + (", blind" if self.blind else "")


def plan(seed: int, rounds: int, mix: Mix = "local", cards: tuple[str, ...] = DECK) -> list[Block]:
    """The same blocks for the same seed; the last one may lack rounds."""
    return list(_plan(seed, rounds, mix, cards))


def _plan(seed: int, rounds: int, mix: Mix, cards: tuple[str, ...]) -> Iterator[Block]:
    first = 1
    worlds = {"local": 0, "served": 0}
    while first <= rounds:
        number = sum(worlds.values()) + 1
        chance = random.Random(f"fire/{seed}/{number}")
        served = mix == "served" or (mix == "both" and number % CYCLE == 0)
        kind = "served" if served else "local"
        engine: Engine = ("postgresql", "mariadb")[worlds[kind] % 2] if served else ""
        # Of each engine, one is blind and one is not.
        blind = bool(worlds[kind] // (2 if served else 1) % 2)
        worlds[kind] += 1
        hands = _served(cards, chance) if served else _local(cards, chance)
        drawn = tuple(
            Round(first + index, tuple(hand), chance.uniform(20, 50), chance.uniform(0.3, 1.0))
            for index, hand in enumerate(hands)
        )
        yield Block(number, engine, blind, drawn[: rounds - first + 1])
        first += len(drawn)


def _local(cards: tuple[str, ...], chance: random.Random) -> list[list[Strike]]:
    """Each card once, and some kills more: trouble does not come alone, a process dies while
    another recovers, or a fault lasts."""
    faults = [card for card in cards if card.startswith("fault ")]
    deaths = [card for card in cards if card not in faults]
    chance.shuffle(faults)
    chance.shuffle(deaths)
    hands = [[strike(card, chance)] for card in deaths]
    hands += [[] for _ in range(LOCAL_ROUNDS - len(hands))]
    chance.shuffle(hands)
    hands.sort(key=len)  # what has no death yet gets a fault
    for hand, card in zip(hands, faults, strict=False):
        hand.append(strike(card, chance))
    chance.shuffle(hands)
    kills = [card for card in deaths if card.startswith("kill ")]
    for hand in hands:
        if chance.random() < 0.3:
            played = {one.card for one in hand}
            hand.append(strike(chance.choice([k for k in kills if k not in played]), chance))
        hand.sort(key=lambda one: one.at)
    return hands


def _served(cards: tuple[str, ...], chance: random.Random) -> list[list[Strike]]:
    """In each round two outages of the broker, two of the database, at the same time, and
    something of the deck."""
    others = [card for card in cards if card != "kill broker"]
    chance.shuffle(others)
    hands = []
    for broker, database, other in zip(
        _pairs(BROKER_OUTAGES, chance), _pairs(DATABASE_OUTAGES, chance), others, strict=False
    ):
        hand = [*outages(broker, chance), *outages(database, chance), strike(other, chance)]
        hands.append(sorted(hand, key=lambda one: one.at))
    return hands


def _pairs(names: tuple[str, ...], chance: random.Random) -> list[list[str]]:
    """For each round of a world two different outages, each in half of the rounds."""
    pairs: list[list[str]] = []
    while len(pairs) < SERVED_ROUNDS:
        deck = [f"outage {name}" for name in names]
        chance.shuffle(deck)
        pairs += [deck[:2], deck[2:]]
    return pairs
