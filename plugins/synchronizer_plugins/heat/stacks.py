# SPDX-License-Identifier: Apache-2.0
"""Stacks as Heat lists them, and what tells one that is gone or nested."""

import dataclasses
from collections.abc import Sequence

import msgspec

from synchronizer.plugin import EntityType
from synchronizer.plugin.openstack import Kind, Sorted, Text, by_links

TYPE = "heat.stack"
PATH = "/stacks"
PLURAL = "stacks"

#: Heat itself has no limit, but answers a page as one message of its engine.
PAGE_SIZE = 1000

#: Heat leaves out stacks that an operator's tag hides, unless it is told not to.
EVERYTHING = {"show_hidden": "true"}
NESTED = {"show_nested": "true"}
DELETED = {"show_deleted": "true"}
#: In the words that Heat understands; it takes no other.
ALL_PROJECTS = {"global_tenant": "true"}

GONE = "DELETE_COMPLETE"

#: Quotes what went wrong with a resource, and with it the values of its properties: of hidden
#: parameters, too.
REASON = "stack_status_reason"


class Row(msgspec.Struct):
    """What tells a stack's whereabouts."""

    id: str
    stack_status: str = ""
    parent: str | None = None


_rows = msgspec.json.Decoder(Row)


def row(text: Text) -> Row:
    """Raises `msgspec.DecodeError` (a ValueError) for what is no stack."""
    return _rows.decode(text)


def sort(body: bytes, items: Sequence[Text]) -> Sorted:
    """Tells stacks from deleted ones, which Heat lists for a moment before it hides them."""
    if GONE.encode() not in body:
        return Sorted(items)
    there: list[Text] = []
    deleted: list[str] = []
    for text in items:
        try:
            found = row(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            there.append(text)  # the sampler says what is wrong with it
            continue
        if found.stack_status == GONE:
            deleted.append(found.id)
        else:
            there.append(text)
    return Sorted(there, deleted)


STACK = Kind(
    # A link holds the address by which Heat was asked.
    type=EntityType(
        TYPE,
        volatile=frozenset({"links"}),
        sensitive=frozenset({REASON}),
        scope_field="project",
    ),
    path=PATH,
    plural=PLURAL,
    query=EVERYTHING,
    paging=by_links("links", PAGE_SIZE, restarts=True),
    one=PATH,
    sort=sort,
)


def kind(*, global_tenant: bool, show_nested: bool, show_status_reason: bool) -> Kind:
    """Stacks as they are configured to be listed."""
    sensitive = STACK.type.sensitive - ({REASON} if show_status_reason else set())
    query = {
        **STACK.query,
        **(ALL_PROJECTS if global_tenant else {}),
        **(NESTED if show_nested else {}),
    }
    type_ = dataclasses.replace(STACK.type, sensitive=sensitive)
    return dataclasses.replace(STACK, type=type_, query=query)
