# SPDX-License-Identifier: Apache-2.0
"""A service that does not answer. Needs the hook `Source.make_unreachable_plugin`."""

import functools
from collections.abc import Callable

import pytest

from synchronizer import errors
from synchronizer.plugin.base import Plugin
from synchronizer.plugin.conformance.failing import NotConforming, bounded
from synchronizer.plugin.conformance.subject import Subject


class UnreachableChecks:
    """It is tried again later, and nothing is concluded from it."""

    def test_an_unreachable_service_cannot_be_listed(self, unreachable: Subject) -> None:
        """An error that is tried again; no empty listing."""
        for type_ in unreachable.types:
            where = unreachable.where("get_all", type_)
            _must_fail(where, functools.partial(unreachable.listing, type_))

    def test_an_unreachable_service_has_no_changes(self, unreachable: Subject) -> None:
        """An error that is tried again; no empty answer."""
        for type_ in unreachable.types_with_changes():
            where = unreachable.where("get_changes", type_)
            _must_fail(where, functools.partial(unreachable.changes, type_, 0))

    def test_an_unreachable_service_proves_no_absence(self, unreachable: Subject) -> None:
        """`get` does not say NotFound."""
        for type_ in unreachable.types_with_get():
            id_ = unreachable.source.absent_id(type_)
            where = unreachable.where(f"get({id_!r})", type_)
            _must_fail(where, functools.partial(unreachable.get, type_, id_))

    def test_checking_an_unreachable_service_says_so(self, unreachable: Subject) -> None:
        """`check` raises what does not work."""
        plugin = unreachable.plugin
        if type(plugin).check is Plugin.check:
            pytest.skip(f"{unreachable.name} does not implement check()")
        where = f"{unreachable.name}.check"
        seconds = unreachable.source.deadline
        _must_fail(where, lambda: bounded(where, seconds, lambda: list(plugin.check())))


def _must_fail(where: str, ask: Callable[[], object]) -> None:
    mend = (
        "raise SourceUnavailable when the service does not answer: an empty answer, or NotFound,"
        " would be taken for its word"
    )
    try:
        ask()
    except errors.SourceUnavailable:
        return
    except errors.SynchronizerError as error:
        raise NotConforming(
            f"the service does not answer, and it raises {type(error).__name__}: {error}",
            where=where,
            mend=mend,
        ) from error
    raise NotConforming(
        "the service does not answer, and nothing is raised", where=where, mend=mend
    )
