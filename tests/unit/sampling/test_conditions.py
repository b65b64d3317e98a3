# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable

import pytest

from synchronizer import errors
from synchronizer.ledger import Condition, Ledger
from tests.unit.sampling.bench import Bench


@pytest.mark.parametrize(
    "problem", [errors.Refused, errors.LedgerUnavailable, errors.LedgerUnusable]
)
def test_a_condition_that_cannot_be_recorded_ends_no_poll(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, problem: type[errors.SynchronizerError]
) -> None:
    sampling = bench.sampling
    poll = sampling.loops[0]

    def refuse(*_: object) -> None:
        raise problem

    def fail() -> None:
        raise errors.SourceUnavailable("the service is away")

    def once(poll_: Callable[[], None], *, record: bool) -> Condition | None:
        with monkeypatch.context() as patch:
            patch.setattr(poll, "_poll", poll_)
            if not record:
                patch.setattr(Ledger, "set_condition", refuse)
            assert poll.once()
        return bench.ledger.condition(sampling.sampler.id)

    assert once(fail, record=False) is None
    failing = once(fail, record=True)
    assert failing is not None
    assert "the service is away" in failing.message
    assert once(lambda: None, record=False) == failing
    assert once(lambda: None, record=True) is None
