# SPDX-License-Identifier: Apache-2.0
"""Pages of a listing, followed to its end, with what speaks against its completeness."""

import dataclasses
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from synchronizer import errors
from synchronizer.plugin.openstack import documents
from synchronizer.plugin.openstack.answers import Answer, excerpt, failure
from synchronizer.plugin.openstack.kinds import Kind, Sorted
from synchronizer.plugin.openstack.rightswatch import RightsWatch
from synchronizer.plugin.openstack.service import Service
from synchronizer.plugin.page import Page


def pages(service: Service, kind: Kind, size: int, query: Mapping[str, str]) -> Iterator[Page]:
    """Every page of a listing; each is requested when it is asked for.

    `size`: entities per page (0: as the kind has it). `query`: parameters beside the page's.
    `ListingBroken` when the listing cannot be followed to its end.
    """
    watch = RightsWatch(service.credential)
    for number, part in enumerate(kind.parts, 1):
        ends = number == len(kind.parts)
        for page in _part(service, kind, size, {**query, **part}, watch):
            yield page if ends else dataclasses.replace(page, last=False)


def _part(
    service: Service, kind: Kind, size: int, query: Mapping[str, str], watch: RightsWatch
) -> Iterator[Page]:
    limit = (size or kind.paging.size) if kind.paging.size else 0
    if kind.paging.overlaps:
        limit = max(limit, 2)
    params = {**query, "limit": str(limit)} if limit else dict(query)
    fullest = 0
    first: frozenset[str] = frozenset()
    before: object = None
    markers: set[str] = set()
    while True:
        answer = service.get(kind.path, params)
        if answer.status != 200:
            raise _refused(answer, service.name, params)
        texts, rest = documents.page(
            answer, service.name, kind.plural, ("truncated", *kind.paging.keys)
        )
        problems = watch.problems()
        following = _next(kind, rest, texts, params)
        if following is not None:
            fullest = max(fullest, len(texts))
        elif rest.get("truncated") is True:
            # Keystone says so on every full page, those with a link included.
            problems.append("the service says that it cut the listing short (truncated)")
        elif kind.paging.links and limit and len(texts) >= min(limit, fullest or limit):
            # A service may clamp the limit to its own, quietly: then the pages before tell
            # how long a full one is.
            problems.append("the last page is full and has no link to a next one")
        if kind.paging.stops and not texts and "marker" in params:
            _require(service, kind, params["marker"])
        if kind.paging.overlaps:
            texts, before = _joined(kind, texts, before)
        items = texts if kind.shape is None else [kind.shape(text) for text in texts]
        if kind.paging.restarts and (following is not None or "marker" in params):
            found_ids = (documents.text(item, kind.type.id_field) for item in items)
            ids = frozenset(id_ for id_ in found_ids if isinstance(id_, str))
            if first & ids:
                raise errors.ListingBroken(
                    f"{service.name}: {kind.path} began anew: its marker is not known any more"
                )
            first = first or ids
        found = Sorted(items) if kind.sort is None else kind.sort(answer.body, items)
        problems += found.problems
        if found.unclear and not found.problems:
            problems.append(f"{len(found.unclear)} cannot be read now, such as {found.unclear[0]}")
        if following is None and kind.doubt is not None:
            doubt = kind.doubt(service)
            problems += [] if doubt is None else [doubt]
        yield Page(
            items=found.items,
            deleted=found.deleted,
            unclear=found.unclear,
            last=following is None,
            problems=tuple(problems),
            server_time=answer.server_time,
        )
        if following is None:
            return
        marker = following.get("marker", following.get("offset", ""))
        if marker in markers:
            raise errors.ListingBroken(f"{service.name}: the pages of {kind.path} loop at {marker}")
        markers.add(marker)
        params = dict(following)


def _next(
    kind: Kind, rest: documents.Rest, texts: Sequence[msgspec.Raw], params: Mapping[str, str]
) -> Mapping[str, str] | None:
    try:
        return kind.paging.next(rest, texts, params)
    except errors.ListingBroken as error:
        raise errors.ListingBroken(f"{kind.type.service}: {kind.path}: {error}") from None


def _require(service: Service, kind: Kind, marker: str) -> None:
    """`ListingBroken` unless the entity that a listing goes on from is still there."""
    if kind.one is not None:
        path = kind.one.format(id=urllib.parse.quote(marker, safe=""))
        if service.get(path, {}).status != 200:
            raise errors.ListingBroken(
                f"{service.name}: {kind.path} ended at {marker}, which is not there any more"
            )


def _joined(
    kind: Kind, texts: list[msgspec.Raw], before: object
) -> tuple[list[msgspec.Raw], object]:
    """A page without what it repeats of the one before, and what the next one has to repeat.
    `ListingBroken` if it does not begin with that."""
    if before is not None:
        if not texts or documents.text(texts[0], kind.type.id_field) != before:
            raise errors.ListingBroken(
                f"{kind.type.service}: {kind.path} moved while its pages were read"
            )
        texts = texts[1:]
    return texts, documents.text(texts[-1], kind.type.id_field) if texts else before


def _refused(answer: Answer, service: str, params: Mapping[str, str]) -> Exception:
    if answer.status in {400, 404} and "marker" in params:
        # The entity that the last page ended with is gone.
        return errors.ListingBroken(f"{service}: the listing cannot go on: {excerpt(answer.body)}")
    return failure(answer, service)
