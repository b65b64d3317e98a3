# SPDX-License-Identifier: Apache-2.0
import pathlib
import threading

from synchronizer import errors
from synchronizer.daemon.housekeeping import Housekeeping
from synchronizer.fingerprint import fingerprint
from synchronizer.ledger import Ledger, Write
from synchronizer.model import StreamKey

KEY = StreamKey("one", "nova.server")


def made(ledger: Ledger, states: int) -> int:
    """One entity with so many states; the stream's id."""
    state = ledger.ensure_stream(KEY, "rules")
    for number in range(states):
        print_ = fingerprint({"id": "a", "n": number}, frozenset(), ledger.seed)
        write = Write(
            op="update" if number else "create",
            id="a",
            fingerprint=print_,
            match=print_,
            base=state.revision,
            sampled_at=number,
            entity=b'{"id":"a","n":%d}' % number,
        )
        state = ledger.commit(state, [write])
    ledger.mark_published(state.id, state.epoch, 0, state.revision)
    return state.id


def test_what_is_older_than_the_retention_is_removed_and_the_digests_are_verified(
    tmp_path: pathlib.Path,
) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/l.sqlite", state_path=tmp_path, migrate=True)
    stream = made(ledger, 5)
    verified, compacted = threading.Event(), threading.Event()

    class Watched(Housekeeping):
        def _verify(self) -> None:
            super()._verify()
            verified.set()

        def _compact(self) -> None:
            super()._compact()
            compacted.set()

    keeper = Watched(ledger, retention=-1.0, compact_interval=0.01, verify_interval=1000.0)
    keeper.start()
    try:
        assert verified.wait(10)
        assert compacted.wait(10)
    finally:
        keeper.stop()
    assert ledger.state(stream).floor == 5
    assert [live.revision for live in ledger.baseline(stream)[1]] == [5]
    ledger.close()


def test_housekeeping_goes_on_after_an_error(tmp_path: pathlib.Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/l.sqlite", state_path=tmp_path, migrate=True)
    rounds: list[int] = []
    again = threading.Event()

    class Failing(Housekeeping):
        def _verify(self) -> None:
            raise errors.LedgerUnavailable

        def _compact(self) -> None:
            rounds.append(1)
            raise AssertionError("verification comes first")

    class Counting(Failing):
        def _verify(self) -> None:
            rounds.append(1)
            if len(rounds) == 3:
                again.set()
            super()._verify()

    keeper = Counting(ledger, retention=1.0, compact_interval=0.01, verify_interval=1000.0)
    keeper.start()
    try:
        assert again.wait(10)
    finally:
        keeper.stop()
    ledger.close()
