# SPDX-License-Identifier: Apache-2.0
"""How a subscription is proven to live, on a bus that takes its time, and a stream to be known."""

from typing import Any

from synchronizer import errors
from synchronizer.client.follower import Follower
from synchronizer.client.requests import Requests
from synchronizer.model import StreamKey

KEY = StreamKey("c", "nova.server")


class Nobody:
    """Answers nothing."""

    def call(self, method: str, *, deadline: float | None = None, **arguments: Any) -> Any:
        raise errors.NobodyAnswers


class Caller:
    """Takes down the nonces of barriers."""

    def __init__(self) -> None:
        self.nonces: list[str] = []

    def call(self, method: str, *, deadline: float | None = None, **arguments: Any) -> Any:
        assert method == "barrier"
        self.nonces.append(arguments["nonce"])
        return {}


def hear(follower: Follower, nonce: str) -> None:
    bookmark = {
        "schema": 1,
        "cloud": KEY.cloud,
        "type": KEY.type,
        "epoch": "e",
        "revision": 0,
        "count": 0,
        "digest": "0" * 32,
        "listed_at": None,
        "next_within": 10.0,
        "nonce": nonce,
    }
    assert list(follower.hear("nova.server.bookmark", bookmark)) == []


def test_an_answer_that_comes_after_the_question_was_asked_again_is_one() -> None:
    caller = Caller()
    follower = Follower(KEY, Requests(caller, 1.0))
    follower.prove()
    follower.prove()
    hear(follower, caller.nonces[0])
    assert follower.proven


def test_an_answer_to_another_subscription_proves_nothing() -> None:
    caller = Caller()
    follower = Follower(KEY, Requests(caller, 1.0))
    follower.prove()
    follower.listen()
    follower.prove()
    hear(follower, caller.nonces[0])
    assert not follower.proven
    hear(follower, caller.nonces[1])
    assert follower.proven


def test_a_question_that_failed_is_no_problem_once_the_bus_shows_that_nothing_is_missing() -> None:
    follower = Follower(KEY, Requests(Nobody(), 1.0), clock=lambda: 0.0)
    follower.replica.begin("e", 0, 0, 0)
    assert follower.replica.end(0.0)
    follower.replica.verify()
    assert list(follower.work(lambda: iter(()))) == []
    assert follower.standing.problem is not None
    hear(follower, "another's")
    assert follower.standing.problem is None
    assert follower.standing.exact == 0.0
