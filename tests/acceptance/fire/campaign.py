# SPDX-License-Identifier: Apache-2.0
"""A whole run: every block of a plan in a world of its own, and what came of it."""

import collections
import dataclasses
import time
from collections.abc import Callable

from tests.acceptance.fire.battle import Battle
from tests.acceptance.fire.failure import Broken, CannotGoOn
from tests.acceptance.fire.plan import DECK, PAGE_LIMIT, Block, plan
from tests.acceptance.fire.world import Settings, World


@dataclasses.dataclass
class Result:
    """`hits`: card -> how often it struck. `failure` None: everything held."""

    seed: int
    rounds: int = 0
    seconds: float = 0.0
    mutations: int = 0
    changes: int = 0
    deletes: int = 0
    hits: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    failure: str | None = None

    def summary(self) -> str:
        least = min((self.hits[card] for card in DECK), default=0)
        return (
            f"seed {self.seed}: {self.rounds} rounds in {self.seconds:.0f} s, {self.mutations} "
            f"mutations, {self.changes} revisions, {self.deletes} deletes, each card at least "
            f"{least} times"
        )


def run(
    seed: int,
    rounds: int,
    *,
    servers: int = 5000,
    transport_url: str = "",
    database_url: str = "",
    defect: str | None = None,
    say: Callable[[str], None] = print,
) -> Result:
    """Plays `rounds` rounds of the seed; the first thing that does not hold ends it.

    Everything in the database of a `database_url` is dropped for each world. A bus that is
    not ours is not killed.
    """
    result = Result(seed)
    cards = tuple(card for card in DECK if not transport_url or card != "kill broker")
    began = time.monotonic()
    say(f"seed {seed}: {rounds} rounds")
    for number, block in enumerate(plan(seed, rounds, cards=cards)):
        settings = Settings(
            servers=servers,
            page_limit=PAGE_LIMIT,
            interval=2.0 if block.kind == "quick" else 1.0,
            changes_interval=0.3 if block.kind == "quick" else 0.0,
            seed=seed + number,
            defect=defect,
            transport_url=transport_url,
            database_url=database_url,
        )
        try:
            play(block, settings, result, say)
        except (Broken, CannotGoOn) as failure:
            result.failure = str(failure)
            break
    result.seconds = time.monotonic() - began
    say(result.summary())
    return result


def play(block: Block, settings: Settings, result: Result, say: Callable[[str], None]) -> None:
    """The rounds of one block."""
    with World(settings) as world:
        battle = Battle(world)
        say(f"a {block.kind} world in {world.path}")
        try:
            for round_ in block.rounds:
                began = time.monotonic()
                try:
                    battle.play(round_)
                except (Broken, CannotGoOn) as failure:
                    say(f"{round_}: {failure}")
                    say(f"replay with seed {result.seed}; the world is kept in {world.path}")
                    say(f"--- daemon\n{world.processes.tail('daemon', 40)}")
                    say(f"--- consumer\n{world.processes.tail('consumer')}")
                    raise
                result.rounds += 1
                say(f"{round_}: {time.monotonic() - began:.1f} s")
        finally:
            result.hits += battle.hits
            result.mutations += world.truth.mutations
            result.changes += battle.audit.changes
            result.deletes += battle.audit.deletes
