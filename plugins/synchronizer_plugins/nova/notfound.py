# SPDX-License-Identifier: Apache-2.0
"""Nova's own word that there is no such entity."""

import contextlib

import msgspec

from synchronizer.plugin.openstack import Answer


class _Fault(msgspec.Struct):
    code: int
    message: str = ""


class _ItemNotFound(msgspec.Struct, rename={"fault": "itemNotFound"}):
    fault: _Fault


_not_found = msgspec.json.Decoder(_ItemNotFound)


def says_not_found(answer: Answer, id_: str) -> bool:
    """Whether a 404 is Nova's own and about this entity.

    A proxy, a wrong endpoint or another service answer 404 too. Nova's has the fault
    itemNotFound, and names the entity or carries Nova's version headers.
    """
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        fault = _not_found.decode(answer.body).fault
        version = answer.headers.get("OpenStack-API-Version", "")
        return fault.code == 404 and (id_ in fault.message or version.startswith("compute "))
    return False
