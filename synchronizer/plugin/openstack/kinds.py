# SPDX-License-Identifier: Apache-2.0
"""How a service shows the entities of one type: declared, so that all plugins are alike."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import msgspec

from synchronizer.model import Entity, EntityType
from synchronizer.plugin.openstack.paging import UNPAGED, Paging
from synchronizer.plugin.openstack.service import Service

Text = msgspec.Raw | bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Sorted:
    """A page's entities: those that are there, ids of deleted ones, ids of those that exist
    and cannot be read now. `problems`: why some that exist may be in none of these."""

    items: Sequence[Text]
    deleted: Sequence[str] = ()
    unclear: Sequence[str] = ()
    problems: Sequence[str] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One entity type of a service.

    `path`: of the listing, below the endpoint; `plural`: the key of its list; `query`: its
    parameters beside the page's. `parts`: where a service shows the entities of a type in
    several listings only, the parameters that make each of them; one after the other, they
    are the listing. `one`: the path of a single entity, with "{id}" (None: the
    service cannot show one); `singular`: the key of its object (None: it is the document).
    `changes`: from an instant (microseconds, the service's clock) to the parameters that
    show what changed since, where None leaves out one of `query` (None: the service cannot
    tell). `created`: the same for what was created since, asked after it, where `changes` leave
    out what has never been changed.
    `shape`: from an entity's text, of a listing or a GET, to the text that is handed over;
    both have to end alike. Without it the bytes of the wire are kept. `as_listed`: the same,
    of a GET alone, where only that shows more or otherwise.
    `sort`: from a page's body and entities to what they are. Without it all are there.
    `vouches`: whether seeing this entity shows that the credential sees all of them, given
    its own project; without it, whether its `scope_field` names another project.
    `doubt`: asks the service, at the end of a listing and at a 404, whether the credential sees
    all entities; what speaks against that, or None. For what entities cannot vouch for.
    `doubt_requests`: how many requests that usually takes.
    `microversion`: the lowest at which the service shows these entities so.
    """

    type: EntityType
    path: str
    plural: str
    query: Mapping[str, str] = dataclasses.field(default_factory=dict)
    parts: Sequence[Mapping[str, str]] = ({},)
    paging: Paging = UNPAGED
    one: str | None = None
    singular: str | None = None
    changes: Callable[[int], Mapping[str, str | None]] | None = None
    created: Callable[[int], Mapping[str, str | None]] | None = None
    shape: Callable[[Text], Text] | None = None
    as_listed: Callable[[Text], Text] | None = None
    sort: Callable[[bytes, Sequence[Text]], Sorted] | None = None
    vouches: Callable[[Entity, str | None], bool] | None = None
    doubt: Callable[[Service], str | None] | None = None
    doubt_requests: int = 1
    microversion: str | None = None
