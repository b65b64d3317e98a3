# SPDX-License-Identifier: Apache-2.0
"""Keystone's own word that there is no such entity."""

import contextlib

import msgspec

from synchronizer.plugin.openstack import Answer


class _Fault(msgspec.Struct):
    code: int
    message: str
    title: str


class _Error(msgspec.Struct):
    error: _Fault


_errors = msgspec.json.Decoder(_Error)


def says_not_found(answer: Answer, id_: str) -> bool:
    """Whether a 404 is Keystone's own and about this entity ("Could not find user: ...").

    A path that it does not know it answers in HTML; another entity, such as the domain of the
    one that was asked for, it names by its own id.
    """
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        fault = _errors.decode(answer.body).error
        said = fault.message
        return fault.code == 404 and said.startswith("Could not find ") and f": {id_}." in said
    return False
