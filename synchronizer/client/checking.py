# SPDX-License-Identifier: Apache-2.0
"""Verifying on request: what is held of each stream, beside what the server counted."""

import collections
import concurrent.futures
import dataclasses
import threading
from collections.abc import Mapping

from synchronizer.client.follower import Follower
from synchronizer.model import StreamKey


@dataclasses.dataclass(frozen=True, slots=True)
class Verified:
    """At this revision what is held is what the server counted. `repaired`: so many
    entities had to be put right for that; `resynced`: all had to be told anew."""

    epoch: str
    revision: int
    count: int
    repaired: int
    resynced: bool


class _Check:
    def __init__(self) -> None:
        self.future: concurrent.futures.Future[dict[StreamKey, Verified]] = (
            concurrent.futures.Future()
        )
        #: stream -> its follower's proofs, repairs and resyncs when it began
        self.began: dict[StreamKey, tuple[int, int, int]] | None = None

    def begin(self, followers: Mapping[StreamKey, Follower]) -> None:
        self.began = {}
        for stream, follower in followers.items():
            self.began[stream] = follower.replica.proofs, follower.repairs, follower.resyncs
            follower.replica.verify()

    def is_done(self, followers: Mapping[StreamKey, Follower]) -> bool:
        return self.began is not None and all(
            followers[stream].replica.proofs > proofs and followers[stream].replica.following
            for stream, (proofs, _, _) in self.began.items()
        )

    def result(self, followers: Mapping[StreamKey, Follower]) -> dict[StreamKey, Verified]:
        return {
            stream: _verified(followers[stream], repairs, resyncs)
            for stream, (_, repairs, resyncs) in (self.began or {}).items()
        }


class Checks:
    """What was asked for and is not answered yet. Only `ask` and `cancel` are for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: collections.deque[_Check] = collections.deque()
        self._closed = False

    def ask(self) -> concurrent.futures.Future[dict[StreamKey, Verified]]:
        """Done once every stream was compared, and was right or was put right."""
        check = _Check()
        with self._lock:
            if self._closed:
                check.future.cancel()
            else:
                self._open.append(check)
        return check.future

    def begin(self, followers: Mapping[StreamKey, Follower]) -> None:
        """Those that are new begin."""
        for check in tuple(self._open):
            if check.began is None:
                check.begin(followers)

    def end(self, followers: Mapping[StreamKey, Follower]) -> None:
        """Those of which all is told are answered."""
        for check in tuple(self._open):
            if check.is_done(followers):
                self._open.remove(check)
                if check.future.set_running_or_notify_cancel():
                    check.future.set_result(check.result(followers))

    def cancel(self) -> None:
        """Nobody answers any more."""
        with self._lock:
            self._closed = True
            left, self._open = self._open, collections.deque()
        for check in left:
            check.future.cancel()


def _verified(follower: Follower, repairs: int, resyncs: int) -> Verified:
    replica = follower.replica
    return Verified(
        epoch=replica.epoch or "",
        revision=replica.revision,
        count=len(replica.live),
        repaired=follower.repairs - repairs,
        resynced=follower.resyncs > resyncs,
    )
