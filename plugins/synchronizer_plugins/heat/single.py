# SPDX-License-Identifier: Apache-2.0
"""One stack by its id: in the form of a listing, which a GET of a stack has not.

A listing can be asked for one id, and has neither parameters nor outputs. Whether there is no
such stack, which an empty listing does not say, the look-up of its id tells.
"""

import contextlib
import urllib.parse

import msgspec

from synchronizer.plugin import BadAnswer, NotFound, Unclear
from synchronizer.plugin.openstack import Answer, Kind, Service, documents, failure
from synchronizer_plugins.heat import stacks


class _Error(msgspec.Struct):
    type: str
    message: str


class _NotFound(msgspec.Struct):
    code: int
    error: _Error


_not_found = msgspec.json.Decoder(_NotFound)


def get(heat: Service, kind: Kind, id_: str, *, show_nested: bool) -> bytes:
    """The stack's JSON text. `NotFound` and `Unclear` as `synchronizer.plugin.GetsOne` has it."""
    query = {**kind.query, **stacks.NESTED, **stacks.DELETED, "id": id_}
    answer = heat.get(stacks.PATH, query)
    if answer.status != 200:
        raise failure(answer, heat.name)
    found, _ = documents.page(answer, heat.name, stacks.PLURAL)
    if not found:
        raise _look_up(heat, id_)
    try:
        row = stacks.row(found[0])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise documents.unintelligible(answer, heat.name, error) from None
    if len(found) > 1 or row.id != id_:
        raise BadAnswer(f"heat: asked for the stack {id_}, it answered with others")
    if row.stack_status == stacks.GONE:
        raise NotFound(f"heat shows the stack {id_} as deleted")
    if row.parent is not None and not show_nested:
        raise NotFound(f"the stack {id_} is nested, and nested stacks are not asked for")
    return bytes(found[0])


def _look_up(heat: Service, id_: str) -> Exception:
    """What it means that no listing shows the stack. Heat redirects to one that there is: to a
    GET that would show parameters and outputs, and that nobody follows."""
    answer = heat.get(f"{stacks.PATH}/{urllib.parse.quote(id_, safe='')}", {})
    if answer.status == 404 and says_not_found(answer, id_):
        return NotFound(f"heat has no stack {id_}")
    if answer.status == 302:
        return Unclear(f"heat knows a stack {id_} and does not list it")
    if answer.status == 200:
        return BadAnswer(f"heat: {answer.request} answered 200 instead of where the stack is")
    return failure(answer, heat.name)


def says_not_found(answer: Answer, id_: str) -> bool:
    """Whether a 404 is Heat's own and names this stack. A proxy or a wrong endpoint answer 404,
    too."""
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        fault = _not_found.decode(answer.body)
        return (
            fault.code == 404
            and fault.error.type == "EntityNotFound"
            and id_ in fault.error.message
        )
    return False
