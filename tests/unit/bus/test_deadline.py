# SPDX-License-Identifier: Apache-2.0
import threading

import pytest

from synchronizer.bus.deadline import Caller


def test_the_result_and_the_error_of_the_work_come_back() -> None:
    caller = Caller("test", 2)
    assert caller.run(lambda: 42, 10) == 42
    with pytest.raises(KeyError, match="x"):
        caller.run(lambda: {}["x"], 10)


def test_the_caller_leaves_at_its_deadline_and_the_work_goes_on() -> None:
    caller = Caller("test", 1)
    go, done = threading.Event(), threading.Event()

    def work() -> None:
        go.wait()
        done.set()

    with pytest.raises(TimeoutError, match="no result"):
        caller.run(work, 0.01)
    with pytest.raises(TimeoutError, match="all 1 calls"):
        caller.run(lambda: None, 0.01)
    go.set()
    assert done.wait(10)
    assert caller.run(lambda: "free again", 10) == "free again"


def test_threads_are_used_again_and_never_more_than_allowed() -> None:
    caller = Caller("test", 3)
    used = {caller.run(threading.get_ident, 10) for _ in range(20)}
    assert len(used) <= 3

    gate = threading.Barrier(3)
    callers = [threading.Thread(target=lambda: caller.run(gate.wait, 10)) for _ in range(3)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join(10)
    assert not gate.broken
    assert not any(thread.is_alive() for thread in callers)
