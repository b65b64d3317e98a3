# SPDX-License-Identifier: Apache-2.0
"""Neutron's own errors: {"NeutronError": {"type", "message", "detail"}}."""

import msgspec

from synchronizer.plugin.openstack import Answer

#: What Neutron calls an entity that is not there.
_NOT_FOUND = frozenset(
    {
        "NetworkNotFound",
        "SubnetNotFound",
        "PortNotFound",
        "RouterNotFound",
        "FloatingIPNotFound",
        "SecurityGroupNotFound",
        "SecurityGroupRuleNotFound",
        "AgentNotFound",
    }
)

#: What it calls a path that it does not know, and an entity that its policy hides.
_HIDDEN = "HTTPNotFound"


class _Error(msgspec.Struct):
    type: str
    message: str


class _Document(msgspec.Struct):
    error: _Error = msgspec.field(name="NeutronError")


_documents = msgspec.json.Decoder(_Document)


def says_not_found(answer: Answer, id_: str) -> bool:
    """Whether a 404 is Neutron's own, and about this entity."""
    error = _error(answer)
    return error is not None and error.type in _NOT_FOUND and f" {id_} " in f"{error.message} "


def says_hidden(answer: Answer) -> bool:
    """Whether it is Neutron's 404 for what is not shown to this credential, or to anybody."""
    error = _error(answer)
    return answer.status == 404 and error is not None and error.type == _HIDDEN


def _error(answer: Answer) -> _Error | None:
    try:
        return _documents.decode(answer.body).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
