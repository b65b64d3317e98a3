# SPDX-License-Identifier: Apache-2.0
import pathlib
import threading

from synchronizer import errors
from synchronizer.fingerprint import fingerprint
from synchronizer.keeping.housekeeping import Housekeeping
from synchronizer.ledger import Ledger, StreamState, Write
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
        def _verify(self, state: StreamState) -> None:
            super()._verify(state)
            verified.set()

        def _compact(self, state: StreamState) -> None:
            super()._compact(state)
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


def test_one_stream_s_trouble_is_not_the_others_and_is_tried_again(tmp_path: pathlib.Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/l.sqlite", state_path=tmp_path, migrate=True)
    ledger.ensure_stream(StreamKey("a", "nova.server"), "rules")
    ledger.ensure_stream(StreamKey("b", "nova.server"), "rules")
    kept: list[str] = []
    again = threading.Event()

    class Failing(Housekeeping):
        def _compact(self, state: StreamState) -> None:
            kept.append(state.key.cloud)
            if kept.count("a") == 2 and "b" in kept:
                again.set()
            if state.key.cloud == "a":
                raise errors.LedgerUnavailable

    keeper = Failing(ledger, retention=1.0, compact_interval=0.01, verify_interval=1000.0)
    keeper.start()
    try:
        assert again.wait(10)
    finally:
        keeper.stop()
    ledger.close()
