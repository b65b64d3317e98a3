# SPDX-License-Identifier: Apache-2.0
"""What a plugin hands over: a page of entities as raw JSON, and what it knows of it."""

import dataclasses
from collections.abc import Sequence

import msgspec


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """The answer to one request of a listing or of a changes-since query.

    `items`: the JSON text of each entity, in the service's order, as it came over
    the wire: the sampler hashes these bytes and decodes only what is new, so hand
    over slices (`msgspec.Raw`) and not something encoded again.
    `deleted`: ids that the service itself says are deleted. Where it can show one entity,
    each is confirmed so: some services take back what they said.
    `destroyed`: the same, where the service cannot take it back.
    `unclear`: ids that exist but whose state cannot be read now (a down cell): they
    are neither changed nor absent.
    `last`: the service says that the listing ends here. A listing whose last page
    was not marked so is taken for broken off, and proves no absence.
    `problems`: why the listing, though it ends, is not complete ("truncated", "cell
    down"); empty when there is nothing to say against it.
    `server_time`: the service's own clock when it answered, in microseconds since
    1970, or None where it does not tell.
    """

    items: Sequence[msgspec.Raw | bytes] = ()
    deleted: Sequence[str] = ()
    destroyed: Sequence[str] = ()
    unclear: Sequence[str] = ()
    last: bool = False
    problems: tuple[str, ...] = ()
    server_time: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Hint:
    """An entity that a native notification named: something may have happened to it.

    `id` is None where the notification does not tell which one of the type. `deleted`: the
    notification says that the entity is no more (`...delete.end`, not `...delete.start`). That
    is the service's own word, so a GET that answers "not found" is then enough to delete it
    at once, however young it is; it never is without that GET.
    """

    type: str
    id: str | None
    deleted: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """An option that a plugin takes from the configuration.

    `default` also gives the type: str, int, float or bool. A `secret` never shows
    in logs or in `config check`.
    """

    name: str
    default: str | int | float | bool
    help: str
    secret: bool = False
