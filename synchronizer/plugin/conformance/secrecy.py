# SPDX-License-Identifier: Apache-2.0
"""Secrets stay where they are: in sensitive fields, which never leave, and in settings."""

import logging
from collections.abc import Iterator

import msgspec
import pytest

from synchronizer import errors, fingerprint
from synchronizer.plugin.base import KnowsScope
from synchronizer.plugin.conformance.failing import NotConforming
from synchronizer.plugin.conformance.subject import Subject

#: Shorter ones are found everywhere by chance.
_SHORTEST = 4

#: Names, without '-' and '_', of fields that hold a secret almost wherever they occur.
_SOUNDS_SECRET = frozenset(
    [
        "password",
        "passwd",
        "adminpass",
        "userdata",
        "secret",
        "secretkey",
        "clientsecret",
        "apikey",
        "accesskey",
        "token",
        "accesstoken",
        "authtoken",
        "privatekey",
        "credentials",
        "passphrase",
    ]
)


class SecrecyChecks:
    """Of everything that a plugin hands over or says."""

    def test_fields_that_sound_secret_are_sensitive(self, subject: Subject) -> None:
        """Or the source under test says that they hold none."""
        for type_ in subject.types:
            fields = {name for of in subject.listed(type_).entities.values() for name in of}
            for name in sorted(fields - type_.sensitive - subject.source.public_fields):
                last = name.rpartition(":")[2]
                if last.casefold().replace("-", "").replace("_", "") in _SOUNDS_SECRET:
                    raise NotConforming(
                        f"the field {name!r} sounds like a secret, and is not declared so",
                        where=f"{subject.name}.types, {type_.name}",
                        mend=f"declare EntityType(..., sensitive=frozenset({{{name!r}}})), so that"
                        " it is dropped before anything is kept or sent; if it holds none:"
                        " Source.public_fields",
                    )

    def test_secrets_are_in_sensitive_fields_only(self, subject: Subject) -> None:
        """And in no other part of an entity."""
        secrets = _secrets(subject)
        for type_ in subject.types:
            for entity in subject.listed(type_).entities.values():
                for name, value in fingerprint.without(entity, type_.sensitive).items():
                    if any(secret in msgspec.json.encode(value).decode() for secret in secrets):
                        raise NotConforming(
                            f"the field {name!r} of an entity holds a secret",
                            where=f"{subject.name}.types, {type_.name}",
                            mend=f"declare {name!r} as sensitive",
                        )

    def test_secrets_are_never_said(
        self, subject: Subject, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Not in the log, not in errors, not in check() or credential()."""
        secrets = _secrets(subject)
        with caplog.at_level(logging.DEBUG):
            said = [*_said(subject), *_said_unreachable(subject)]
        said += [("the log", record.getMessage()) for record in caplog.records]
        said.append(("repr()", repr(subject.plugin)))
        for where, text in said:
            if any(secret in text for secret in secrets):
                raise NotConforming(
                    "it says a secret",
                    where=f"{subject.name}, {where}",
                    mend="leave out URLs' user info, request and response bodies, tokens and"
                    " settings; libraries' loggers may need a higher level",
                )


def _secrets(subject: Subject) -> list[str]:
    """The source's own, and the values of secret settings."""
    plugin = subject.plugin
    secrets = [str(plugin.setting(s.name)) for s in plugin.settings if s.secret]
    secrets += subject.source.secrets()
    secrets = [secret for secret in secrets if len(secret) >= _SHORTEST]
    if not secrets:
        pytest.skip("there is no secret: no secret setting has a value, and no Source.secrets()")
    return secrets


def _said(subject: Subject) -> Iterator[tuple[str, str]]:
    plugin = subject.plugin
    try:
        for line in plugin.check():
            yield "check()", str(line)
        if isinstance(plugin, KnowsScope):
            yield "credential()", str(plugin.credential())
    except Exception as error:
        yield "the error of check()", f"{error!r}"
    for type_ in subject.types:
        for page in subject.listed(type_).pages:
            for problem in page.problems:
                yield "Page.problems", str(problem)
        if subject.gets_one(type_):
            try:
                subject.get(type_, subject.source.absent_id(type_))
            except (errors.SynchronizerError, NotConforming) as error:
                yield "the error of get()", f"{error!r}"


def _said_unreachable(subject: Subject) -> Iterator[tuple[str, str]]:
    try:
        plugin = subject.source.make_unreachable_plugin()
    except pytest.skip.Exception:
        return
    other = Subject(subject.source, plugin)
    try:
        for type_ in other.types:
            try:
                other.listing(type_)
            except (errors.SynchronizerError, NotConforming) as error:
                yield "the error of get_all()", f"{error!r}"
    finally:
        plugin.close()
