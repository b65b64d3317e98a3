# SPDX-License-Identifier: Apache-2.0
"""Plays rounds in a world: churn, strikes, quiet, and then everything must be right again."""

import collections
import random
import time
from collections.abc import Callable

import msgspec

from tests.acceptance.fire.audit import Audit
from tests.acceptance.fire.cards import Strike
from tests.acceptance.fire.failure import Broken, CannotGoOn
from tests.acceptance.fire.plan import Round
from tests.acceptance.fire.truth import differences
from tests.acceptance.fire.world import SHARES, World

#: Seconds within which everything is right again after the trouble is over. Far more than
#: it takes: a bus that comes back may not be heard for half a minute.
RECOVERY = 180.0
#: Seconds for a point to be reached, or a fault to strike.
STRIKING = 120.0
#: Seconds for which a fault lasts while nothing changes.
STILL = 2.5
#: Seconds between two looks.
LOOK = 0.2


class Battle:
    """The rounds of one world. `hits`: how often each card really struck; `recovered`: in how
    many seconds all was right again, the last time."""

    def __init__(self, world: World, *, recovery: float = RECOVERY) -> None:
        self.world = world
        self.audit = Audit(world)
        self.hits: collections.Counter[str] = collections.Counter()
        self.recovered = 0.0
        self._recovery = recovery

    def play(self, round_: Round) -> None:
        """One round; `Broken` says what did not hold."""
        heard_from = None if round_.disturbs_hearing() else self.listening_from()
        self.world.control.churn(round_.churn, SHARES)
        faults, points = self._strike_all(round_.strikes)
        for strike, number, until in faults:
            self.world.pause(until - time.monotonic())
            self._end_fault(strike, number)
            self.world.control.churn(round_.churn)
        for strike, before in points:
            self._see_point(strike, before)
        self.world.pause(round_.after)
        self.recover(heard_from=heard_from, demoted=round_.demotes())

    def listening_from(self) -> int:
        """The revision after which the consumer will hear everything, as it hears now."""
        self.until(self.audit.hears, "the consumer to hear bookmarks")
        return self.world.state().revision

    def recover(self, *, heard_from: int | None = None, demoted: bool = False) -> None:
        """Ends the churn, waits until all is right again, and judges (see `Audit.check`)."""
        still_since = self._still()
        began = time.monotonic()
        deadline = began + self._recovery
        self._until(deadline, lambda: self._proven(still_since), "a proven listing")
        self.audit.check(heard_from=None, demoted=demoted)
        self.audit.check_proof()
        self._until(deadline, self._all_published, "the last revision to be marked as published")
        self._until(deadline, self._copied, "the consumers' copies to equal the cloud")
        if heard_from is not None:
            self._until(deadline, self.audit.hears, "the consumer to hear bookmarks")
        self.audit.check(heard_from=heard_from, demoted=demoted)
        self.recovered = time.monotonic() - began
        self.audit.forget()

    def until(self, done: Callable[[], bool], what: str, patience: float = STRIKING) -> None:
        """Waits; `CannotGoOn` if it was in vain."""
        deadline = time.monotonic() + patience
        while not done():
            if time.monotonic() > deadline:
                raise CannotGoOn(f"waited {patience:.0f} s for {what} in vain")
            self.world.pause(0.05)

    # --- strikes ------------------------------------------------------------

    def _strike_all(
        self, strikes: tuple[Strike, ...]
    ) -> tuple[list[tuple[Strike, int, float]], list[tuple[Strike, set[int]]]]:
        """Each at its time, and outages until they are over. The faults that still last, with
        their numbers and ends, and the points that were armed, with who died there before."""
        began = time.monotonic()
        faults: list[tuple[Strike, int, float]] = []
        points: list[tuple[Strike, set[int]]] = []
        moments = [(strike.at, False, strike) for strike in strikes]
        moments += [(one.at + one.hold, True, one) for one in strikes if one.kind == "outage"]
        for at, over, strike in sorted(moments, key=lambda moment: moment[:2]):
            self.world.pause(began + at - time.monotonic())
            match strike.kind:
                case "kill":
                    self.world.processes.kill(strike.name)
                    self.hits[strike.card] += 1
                case "point":
                    points.append((strike, self.world.points.hits(strike.name)))
                    self.world.points.arm(strike.name, strike.skip)
                case "fault":
                    number = self._begin_fault(strike)
                    faults.append((strike, number, time.monotonic() + strike.hold))
                case _:
                    self._outage(strike, over=over)
        return faults, points

    def _outage(self, strike: Strike, *, over: bool) -> None:
        servers = self.world.servers
        assert servers is not None
        if strike.name.startswith("database ") and not over:
            self.world.processes.database_away(True)
        (servers.end if over else servers.begin)(strike.name)
        if strike.name.startswith("database ") and over:
            self.world.processes.database_away(False)
        if over:
            self.hits[strike.card] += 1

    def _see_point(self, strike: Strike, before: set[int]) -> None:
        points = self.world.points
        try:
            self.until(lambda: points.hits(strike.name) > before, strike.card)
        finally:
            points.disarm(strike.name)
        self.hits[strike.card] += 1

    def _begin_fault(self, strike: Strike) -> int:
        fault = strike.fault
        assert fault is not None
        if fault.kind == "down-cell":
            self.world.truth.read()
            live = sorted(self.world.truth.live)
            count = fault.servers or 1
            ids = frozenset(random.Random(strike.salt).sample(live, count))
            fault = msgspec.structs.replace(fault, servers=None, ids=ids)
        return self.world.control.add_fault(fault)

    def _end_fault(self, strike: Strike, number: int) -> None:
        control = self.world.control

        def struck() -> bool:
            return any(one["id"] == number and one["struck"] for one in control.faults())

        try:
            self.until(struck, f"{strike.card} to strike")
            self.until(lambda: self._has_effect(strike), f"{strike.card} to have its effect")
            if strike.name != "stale listing":  # nobody can tell that it is stale
                self._doubt_proofs(STILL, demoted=strike.name == "lost admin")
        finally:
            control.remove_fault(number)
        self.hits[strike.card] += 1

    def _doubt_proofs(self, seconds: float, *, demoted: bool) -> None:
        """Nothing changes for a while, and the fault lasts: what is proven now has to be true."""
        still_since = self._still()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.world.pause(LOOK)
            listed_at = self.world.state().listed_at
            if listed_at is not None and listed_at >= still_since:
                self.audit.check(heard_from=None, demoted=demoted)
                self.audit.check_proof()
                return

    def _still(self) -> int:
        """Ends the churn; since when nothing changes, in microseconds since 1970."""
        control = self.world.control
        control.churn(0)
        control.step(0, settle=True)
        self.world.truth.read()
        return time.time_ns() // 1000

    def _has_effect(self, strike: Strike) -> bool:
        """Whether the trap was walked into: deletes that were held, servers that are unclear."""
        if strike.name == "lost admin":
            return self.world.held() > 0
        if strike.name == "down cell":
            return self.world.condition() is not None
        return True

    # --- recovery -----------------------------------------------------------

    def _proven(self, since: int) -> bool:
        listed_at = self.world.state().listed_at
        return (
            listed_at is not None
            and listed_at >= since
            and not self.world.held()
            and self.world.condition() is None
        )

    def _all_published(self) -> bool:
        state = self.world.state()
        return state.published == state.revision

    def _copied(self) -> bool:
        return all(
            dump is not None and dump.synced and dump.entities == self.world.truth.live
            for dump in map(self.world.dump, self.world.consumers)
        )

    def _until(self, deadline: float, done: Callable[[], bool], what: str) -> None:
        while not done():
            if time.monotonic() > deadline:
                raise Broken(
                    "convergence", f"waited {self._recovery:.0f} s for {what}\n{self.picture()}"
                )
            self.world.pause(LOOK)

    def picture(self) -> str:
        """How everything stands, for whoever has to find out why."""
        world = self.world
        state = world.state()
        condition = world.condition()
        held = world.ask(lambda ledger: ledger.held(state.id))
        lines = [
            f"ledger: revision {state.revision}, published {state.published}, "
            f"listed at {state.listed_at}, {len(held)} deletes held"
            + (f" ({held[0][1].reason})" if held else ""),
            f"source: {'works' if condition is None else condition.message}",
        ]
        wrong = differences(self.audit.copy_of_ledger(), world.truth.live)
        lines += [f"ledger: {text}" for text in wrong or ["equals the cloud"]]
        for name in world.consumers:
            dump = world.dump(name)
            if dump is None:
                lines.append(f"{name}: does not answer")
            else:
                lines.append(f"{name}: synced {dump.synced}, revision {dump.revision}")
                wrong = differences(dump.entities, world.truth.live)
                lines += [f"{name}: {text}" for text in wrong or ["equals the cloud"]]
        return "\n".join(lines)
