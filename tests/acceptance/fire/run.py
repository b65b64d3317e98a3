# SPDX-License-Identifier: Apache-2.0
"""What is to be played, and one world of it."""

import contextlib
import dataclasses
import time
from collections.abc import Callable

from tests.acceptance.fire.battle import Battle
from tests.acceptance.fire.cards import DECK
from tests.acceptance.fire.failure import Broken, CannotGoOn
from tests.acceptance.fire.plan import Block, Mix, plan
from tests.acceptance.fire.result import Result
from tests.acceptance.fire.servers import Servers
from tests.acceptance.fire.world import Settings, World

#: Seconds between two listings: with changes-since queries (every so many), and without.
QUICK = (2.0, 0.3)
BLIND = (1.0, 0.0)


@dataclasses.dataclass(frozen=True)
class Run:
    """Everything in the database of a `database_url` is dropped for each world. A bus that is
    not ours is not killed."""

    seed: int
    rounds: int
    mix: Mix = "local"
    servers: int = 5000
    defect: str | None = None
    transport_url: str = ""
    database_url: str = ""

    def blocks(self) -> list[Block]:
        cards = [card for card in DECK if not self.transport_url or card != "kill broker"]
        return plan(self.seed, self.rounds, self.mix, tuple(cards))

    def arguments(self, world: int) -> list[str]:
        """The command line that plays one of its worlds."""
        return [
            *("--seed", str(self.seed), "--rounds", str(self.rounds), "--mix", self.mix),
            *("--world", str(world), "--servers", str(self.servers)),
            *(("--defect", self.defect) if self.defect else ()),
            *(("--transport-url", self.transport_url) if self.transport_url else ()),
            *(("--database-url", self.database_url) if self.database_url else ()),
        ]


def play(run: Run, number: int, say: Callable[[str], None] = print) -> Result:
    """One world of the run; the first thing that does not hold ends it."""
    block = next(block for block in run.blocks() if block.number == number)
    result = Result(run.seed, worlds=1)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        servers = stack.enter_context(Servers(block.engine)) if block.engine else None
        interval, changes_interval = BLIND if block.blind else QUICK
        settings = Settings(
            servers=run.servers,
            interval=interval,
            changes_interval=changes_interval,
            seed=run.seed + number,
            defect=run.defect,
            transport_url=servers.transport_url if servers else run.transport_url,
            database_url=servers.database_url if servers else run.database_url,
        )
        try:
            with World(settings, servers) as world:
                say(f"{block}, in {world.path}")
                _play(block, world, result, say)
        except (Broken, CannotGoOn) as failure:
            result.failure = str(failure)
            command = " ".join(["python -m tests.acceptance.fire", *run.arguments(number)])
            say(f"replay: {command}")
    result.seconds = time.monotonic() - began
    return result


def _play(block: Block, world: World, result: Result, say: Callable[[str], None]) -> None:
    battle = Battle(world)
    try:
        for round_ in block.rounds:
            began = time.monotonic()
            try:
                battle.play(round_)
            except (Broken, CannotGoOn) as failure:
                say(f"{round_}: {failure}")
                say(f"--- daemon\n{world.processes.tail('daemon', 40)}")
                for name in world.consumers:
                    say(f"--- {name}\n{world.processes.tail(name)}")
                say(f"the world is kept in {world.path}")
                raise
            result.rounds += 1
            seconds = time.monotonic() - began
            say(f"{round_}: {seconds:.1f} s, of which {battle.recovered:.1f} s to recover")
    finally:
        result.hits = dict(battle.hits)
        result.mutations = world.truth.mutations
        result.changes = battle.audit.changes
        result.deletes = battle.audit.deletes
