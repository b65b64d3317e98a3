# SPDX-License-Identifier: Apache-2.0
"""For each defect, the situation in which it does harm, provoked step by step.

Without the defect each of them ends well; with it the harness must raise `Broken`.
"""

import signal
import time
from collections.abc import Callable

from synchronizer.simulator.faults import Fault, Operation
from tests.acceptance.fire.battle import Battle
from tests.acceptance.fire.cards import Strike
from tests.acceptance.fire.plan import Round
from tests.acceptance.fire.truth import Entity
from tests.acceptance.fire.world import Settings, World

#: Small and without changes-since: listings and confirmations alone tell what happens.
SETTINGS = Settings(servers=300, interval=0.5, changes_interval=0.0)

#: Seconds within which a scenario is right again.
RECOVERY = 20.0

#: Seconds for which a state stands that nobody sees while it does.
LAG = 5.0


def a_worker_dies_within_a_commit(battle: Battle) -> None:
    """What it was about to record must not have been told."""
    strikes = (Strike("point commit.within", 0.2, skip=1),)
    battle.play(Round(1, strikes, churn=20, after=1.0))


def a_relay_dies_between_marking_and_publishing(battle: Battle) -> None:
    """Dying after the first of both must not keep the second from happening."""
    strikes = (Strike("point mark.before", 0.2),)
    battle.play(Round(1, strikes, churn=20, after=1.0))


def the_last_notification_is_lost(battle: Battle) -> None:
    """It goes to a new broker that the consumer does not listen at yet; nothing follows."""
    world = battle.world
    battle.listening_from()
    world.processes.signal("consumer", signal.SIGSTOP)
    try:
        world.processes.kill("broker")
        revision = world.state().revision
        world.control.mutate("rename")
        battle.until(lambda: _is_told(world, revision), "the last change to be published")
    finally:
        world.processes.signal("consumer", signal.SIGCONT)
    battle.recover()


def servers_come_while_listings_go_on(battle: Battle) -> None:
    """A listing that is proven has shown every server that was there."""
    for _ in range(3):
        battle.world.control.mutate("create")
    battle.recover()


def a_page_is_missing(battle: Battle) -> None:
    """The links of the listing go on, past servers that it does not show."""
    listing: frozenset[Operation] = frozenset({"list"})
    fault = Fault(kind="missing-page", operations=listing, page=2)
    strikes = (Strike("fault missing page", 0.2, hold=2.0, fault=fault),)
    battle.play(Round(1, strikes, churn=10, after=0.5))


def a_state_comes_back(battle: Battle) -> None:
    """B, then a state before it from a replica that lags, which nobody has seen, then B again."""
    world = battle.world
    id_ = min(world.truth.live)
    listing: frozenset[Operation] = frozenset({"list"})
    blind = world.control.add_fault(Fault(kind="error", status=500, operations=listing))
    try:
        changed_at = time.monotonic()
        world.control.mutate("address", id_)
        world.truth.read()
        before = world.truth.live[id_]
        world.pause(LAG)
        world.control.mutate("address", id_)
    finally:
        world.control.remove_fault(blind)
    battle.recover()
    stale = Fault(kind="stale", operations=listing, seconds=time.monotonic() - changed_at)
    lagging = world.control.add_fault(stale)
    try:
        battle.until(lambda: _copied(world, id_) == before, "the state before to come back")
    finally:
        world.control.remove_fault(lagging)
    battle.recover()


def _is_told(world: World, above: int) -> bool:
    state = world.state()
    return state.revision > above and state.published == state.revision


def _copied(world: World, id_: str) -> Entity | None:
    """How the consumer has it."""
    dump = world.dump()
    return None if dump is None else dump.entities.get(id_)


#: Defect -> what shows it.
SCENARIOS: dict[str, Callable[[Battle], None]] = {
    "publish_before_commit": a_worker_dies_within_a_commit,
    "mark_before_publish": a_relay_dies_between_marking_and_publishing,
    "bookmarks_ignored": the_last_notification_is_lost,
    "page_dropped_called_complete": servers_come_while_listings_go_on,
    "confirmation_off": a_page_is_missing,
    "global_raw_hashes": a_state_comes_back,
}

#: Defect -> the checks that find it.
FOUND_BY = {
    # The daemon itself may notice first, as the consumer asks about what was not committed.
    "publish_before_commit": {"committed before published", "epochs last"},
    "mark_before_publish": {"published at least once"},
    "bookmarks_ignored": {"convergence"},
    "page_dropped_called_complete": {"a proven listing is the truth"},
    "confirmation_off": {"no false delete"},
    "global_raw_hashes": {"a proven listing is the truth"},
}
