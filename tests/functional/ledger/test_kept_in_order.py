# SPDX-License-Identifier: Apache-2.0
"""What an operator does to a ledger that is in use: looks at it, and makes it smaller."""

import threading
from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.keeping.compacting import compact
from synchronizer.ledger import Ledger, StreamState, shrinking
from synchronizer.ledger.checkup import check_up
from synchronizer.ledger.dialects import limits
from synchronizer.ledger.engine import Database
from tests.functional.ledger.consistency import assert_consistent
from tests.functional.ledger.places import Place, of_servers
from tests.unit.ledger.builders import NO_LIMITS, create, delete, update

#: Keeps all others from reading, and lets them again.
LOCKS = {
    "postgresql": ("LOCK TABLE version IN ACCESS EXCLUSIVE MODE", "COMMIT"),
    "mariadb": ("LOCK TABLES version WRITE", "UNLOCK TABLES"),
}

IDS = [f"e{number}" for number in range(50)]


class Writing:
    """Commits changes of all kinds in a thread, until the block ends."""

    def __init__(self, ledger: Ledger, stream: StreamState) -> None:
        self._ledger = ledger
        self._state = ledger.commit(stream, [create(id_) for id_ in IDS], listed_at=1)
        self._ending = threading.Event()
        self.commits = 0
        self.failure: BaseException | None = None
        self._more = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def wait_for_more(self) -> None:
        """Until something was committed that was not begun before."""
        with self._more:
            wanted = self.commits + 2
            assert self._more.wait_for(lambda: self.failure or self.commits >= wanted, 60)

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                number = self.commits
                gone, *others = IDS[number % 50 :] + IDS[: number % 50]
                writes = [update(id_, n=number) for id_ in others[:10]]
                state = self._ledger.commit(self._state, [*writes, delete(gone)])
                self._state = state = self._ledger.commit(state, [create(gone, n=number)])
                self._ledger.mark_published(
                    state.id, state.epoch, self._ledger.state(state.id).published, state.revision
                )
                with self._more:
                    self.commits += 1
                    self._more.notify_all()
        except BaseException as error:
            with self._more:
                self.failure = error
                self._more.notify_all()

    def __enter__(self) -> "Writing":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        self._thread.join(60)
        assert self.failure is None


def test_a_look_at_a_ledger_that_is_written_finds_nothing_wrong(
    ledger: Ledger, stream: StreamState, ledger_url: str, state_path: Path
) -> None:
    with Writing(ledger, stream) as writing:
        for _ in range(3):
            writing.wait_for_more()
            assert [f for f in check_up(ledger_url, state_path) if f.mood == "wrong"] == []


@of_servers
def test_a_look_waits_for_a_server_that_takes_long_to_answer(
    ledger: Ledger,
    stream: StreamState,
    ledger_url: str,
    state_path: Path,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As it does to look through millions of versions: longer than the daemon waits."""
    monkeypatch.setattr(limits, "ANSWER_TIMEOUT", 0.5)
    lock, unlock = LOCKS[place.kind]
    other = Database(ledger_url, answer_timeout=60)
    with other.write() as connection:
        connection.exec_driver_sql(lock)
        found: list[str] = []
        look = threading.Thread(
            target=lambda: found.extend(f.mood for f in check_up(ledger_url, state_path))
        )
        look.start()
        look.join(2)  # a check that is late meets no lock, and is well all the same
        connection.exec_driver_sql(unlock)
    look.join(60)
    other.close()
    assert found[-1:] == ["well"], "the stream, which comes last"


def test_what_is_made_smaller_holds_what_it_held(
    ledger: Ledger, stream: StreamState, ledger_url: str, state_path: Path
) -> None:
    with Writing(ledger, stream) as writing:
        writing.wait_for_more()
    state = ledger.state(stream.id)
    before = ledger.snapshot_page(state.id, state.epoch, state.revision, 0, **NO_LIMITS).versions
    assert compact(ledger, state.id, 1 << 60) > 0
    assert compact(ledger, state.id, 1 << 60) == 0
    shrinking.shrink(ledger_url)
    assert ledger.state(stream.id).floor > state.floor
    after = ledger.snapshot_page(state.id, state.epoch, state.revision, 0, **NO_LIMITS).versions
    assert after == before
    assert_consistent(ledger, stream.id)
    assert (shrinking.size(ledger_url) or 0) > 0
    # What is open goes on.
    ledger.commit(ledger.state(stream.id), [create("new")])
    assert [f for f in check_up(ledger_url, state_path) if f.mood == "wrong"] == []


def test_it_is_said_where_others_keep_it_from_being_made_smaller(
    ledger: Ledger, stream: StreamState, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.commit(stream, [create("a")], listed_at=1)
    monkeypatch.setattr(limits, "LOCK_TIMEOUT", 1.0)
    other = Database(ledger_url)
    with other.write() as connection:
        connection.exec_driver_sql("UPDATE version SET base = 0")
        with pytest.raises(errors.LedgerUnavailable, match=r"locked|held|Lock wait"):
            shrinking.shrink(ledger_url)
    other.close()
    shrinking.shrink(ledger_url)
