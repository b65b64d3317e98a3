# SPDX-License-Identifier: Apache-2.0
"""What a plugin says of its own credential."""

import pytest

from synchronizer.plugin.base import KnowsScope
from synchronizer.plugin.conformance.failing import NotConforming, bounded
from synchronizer.plugin.conformance.subject import Subject


class ScopeChecks:
    """Of `KnowsScope`."""

    def test_its_own_scope_is_a_name_or_nothing(self, subject: Subject) -> None:
        """As the entities' scope_field has it."""
        plugin = _scoped(subject)
        scope: object = bounded("own_scope", subject.source.deadline, plugin.own_scope)
        if scope is not None and not (isinstance(scope, str) and scope):
            raise NotConforming(
                f"it is a {type(scope).__name__}, or empty",
                where=f"{subject.name}.own_scope",
                mend="return the id that the credential's own entities have in their scope_field,"
                " or None",
            )

    def test_it_says_which_fields_hold_the_scope(self, subject: Subject) -> None:
        """Without EntityType.scope_field nobody can tell a foreign entity."""
        _scoped(subject)
        if all(type_.scope_field is None for type_ in subject.types):
            raise NotConforming(
                "no type has a scope_field, so that the scope is of no use",
                where=f"{subject.name}.types",
                mend="declare EntityType(..., scope_field=...), or do not inherit from KnowsScope",
            )

    def test_its_credential_stays_while_nothing_happens(self, subject: Subject) -> None:
        """It changes when another token is used, and at no other time."""
        plugin = _scoped(subject)
        named = [
            bounded("credential", subject.source.deadline, plugin.credential) for _ in range(2)
        ]
        where = f"{subject.name}.credential"
        if not all(isinstance(name, str) and name for name in named):
            raise NotConforming(
                "it is no text, or empty", where=where, mend="return a hash of the token in use"
            )
        if named[0] != named[1]:
            raise NotConforming(
                "it is another one each time, so that no absence is ever confirmed",
                where=where,
                mend="return what stays as long as the token does",
            )


def _scoped(subject: Subject) -> KnowsScope:
    plugin = subject.plugin
    if not isinstance(plugin, KnowsScope):
        pytest.skip(f"{subject.name} does not declare KnowsScope")
    return plugin
