# SPDX-License-Identifier: Apache-2.0
"""How services lead from one page of a listing to the next.

Each way is a function from what a page holds beside its entities, its entities and the
parameters that it was asked with, to the parameters of the next page; None at the end.
"""

import dataclasses
import urllib.parse
from collections.abc import Callable, Mapping, Sequence

import msgspec

from synchronizer import errors
from synchronizer.plugin.openstack.documents import Rest

Texts = Sequence[msgspec.Raw | bytes]
Next = Callable[[Rest, Texts, Mapping[str, str]], Mapping[str, str] | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Paging:
    """`size`: entities per request unless configured otherwise; 0 asks for no pages at all.
    `links`: the service itself links on from a full page, so that a full one without a link
    is not the end of the listing. `restarts`: for a marker that it does not know any more,
    the service begins the listing anew without a word. `stops`: for such a marker it answers
    with an empty page, as if the listing ended there. `overlaps`: each page begins with the
    entity that the one before ended with, or else the listing has moved meanwhile. `empty_end`:
    the end shows by a page without anything new, which is one request more. `keys`: what `next`
    looks up beside the entities."""

    next: Next
    size: int
    links: bool = True
    restarts: bool = False
    stops: bool = False
    overlaps: bool = False
    empty_end: bool = False
    keys: tuple[str, ...] = ()


def _nowhere(rest: Rest, items: Texts, asked: Mapping[str, str]) -> None:
    return None


#: The whole listing is one answer.
UNPAGED = Paging(_nowhere, 0, links=False)


def by_links(key: str, size: int, *, restarts: bool = False, stops: bool = False) -> Paging:
    """A list of {"rel", "href"} under this key, as Nova, Cinder and Neutron have it."""

    def following(rest: Rest, items: Texts, asked: Mapping[str, str]) -> Mapping[str, str] | None:
        for link in _list(rest.get(key)):
            if isinstance(link, dict) and link.get("rel") == "next":
                return _of_href(link.get("href"), asked)
        return None

    return Paging(following, size, restarts=restarts, stops=stops, keys=(key,))


def by_href(*keys: str, size: int) -> Paging:
    """The next page's address under these keys, one inside the other, as Glance ("next") and
    Keystone ("links", "next") have it."""

    def following(rest: Rest, items: Texts, asked: Mapping[str, str]) -> Mapping[str, str] | None:
        found = rest.get(keys[0])
        for key in keys[1:]:
            found = found.get(key) if isinstance(found, dict) else None
        return None if found is None else _of_href(found, asked)

    return Paging(following, size, keys=keys[:1])


def by_last_id(size: int, id_field: str = "id", *, short_pages: bool = False) -> Paging:
    """The last entity of a full page is the marker of the next one: for services that give
    no links and never give less than they are asked for.

    `short_pages`: for those that do, in the middle of a listing; it ends with an empty page.
    """
    identity = msgspec.defstruct("Identity", [("id", str, msgspec.field(name=id_field))])
    decoder = msgspec.json.Decoder(identity)

    def following(rest: Rest, items: Texts, asked: Mapping[str, str]) -> Mapping[str, str] | None:
        if not items or (len(items) < int(asked["limit"]) and not short_pages):
            return None
        try:
            marker: str = decoder.decode(items[-1]).id  # type: ignore[attr-defined]
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise errors.ListingBroken(
                "the last entity of a page has no id to go on from"
            ) from None
        return {**asked, "marker": marker}

    return Paging(following, size, links=False, empty_end=short_pages)


def by_offset(size: int) -> Paging:
    """Pages are numbered by the entities before them, as Nova's server groups: for services
    that give no links, and maybe less than they are asked for.

    An entity that goes while pages are read moves all behind it, so that one is left out; hence
    pages overlap by one.
    """

    def following(rest: Rest, items: Texts, asked: Mapping[str, str]) -> Mapping[str, str] | None:
        if len(items) < 2:  # none, or that which the page before ended with
            return None
        return {**asked, "offset": str(int(asked.get("offset", "0")) + len(items) - 1)}

    return Paging(following, size, links=False, overlaps=True, empty_end=True)


def _of_href(href: object, asked: Mapping[str, str]) -> Mapping[str, str]:
    """The parameters of a link. Its host is a proxy's guess, and ours stays; so do our own
    parameters, whatever the service makes of them."""
    query = urllib.parse.urlsplit(href).query if isinstance(href, str) else ""
    theirs = dict(urllib.parse.parse_qsl(query))
    if not theirs.get("marker"):
        raise errors.ListingBroken("the link to the next page has no marker")
    return {**asked, "marker": theirs["marker"]}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
