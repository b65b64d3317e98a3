# SPDX-License-Identifier: Apache-2.0
"""Cinder's own word that there is no such entity."""

import contextlib

import msgspec

from synchronizer.plugin.openstack import Answer


class _Fault(msgspec.Struct):
    code: int
    message: str


class _ItemNotFound(msgspec.Struct, rename={"fault": "itemNotFound"}):
    fault: _Fault


_not_found = msgspec.json.Decoder(_ItemNotFound)


def says_not_found(answer: Answer, id_: str) -> bool:
    """Whether a 404 is Cinder's own and names this entity.

    A proxy or a wrong endpoint answer 404 too, and so does Cinder where something else that a
    request needs is missing ("Service cinder-backup could not be found").
    """
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        fault = _not_found.decode(answer.body).fault
        return fault.code == 404 and id_ in fault.message
    return False
