# SPDX-License-Identifier: Apache-2.0
import inspect

import pytest

from synchronizer import errors


def every() -> list[type[errors.SynchronizerError]]:
    return [
        value
        for _, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, errors.SynchronizerError)
    ]


@pytest.mark.parametrize("kind", every(), ids=lambda kind: kind.__name__)
def test_the_docstring_is_the_default_message(kind: type[errors.SynchronizerError]) -> None:
    assert kind().message == inspect.cleandoc(kind.__doc__ or "").splitlines()[0]


@pytest.mark.parametrize(
    "kind",
    [k for k in every() if k is not errors.SynchronizerError],
    ids=lambda kind: kind.__name__,
)
def test_every_error_says_what_to_do_about_it(kind: type[errors.SynchronizerError]) -> None:
    assert sum(issubclass(kind, group) for group in (errors.Retry, errors.Skip, errors.Stop)) == 1


def test_details_are_attributes_and_travel() -> None:
    error = errors.Compacted(floor=12)
    assert error.floor == 12
    assert error.kwargs == {"floor": 12}


def test_seconds_to_wait_are_a_number_or_nothing() -> None:
    assert errors.SourceBusy("slow down", retry_after=3).retry_after == 3.0
    assert errors.SourceBusy().retry_after is None
