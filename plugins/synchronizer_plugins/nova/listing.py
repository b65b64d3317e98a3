# SPDX-License-Identifier: Apache-2.0
"""Pages of /servers/detail: follows Nova's links to their end, and says what speaks against it."""

import urllib.parse
from collections.abc import Iterator, Mapping

from synchronizer.plugin import ListingBroken, Page
from synchronizer.plugin.openstack import Answer, excerpt, failure
from synchronizer_plugins.nova import rows
from synchronizer_plugins.nova.connection import SERVICE, Nova

PATH = "/servers/detail"

#: What Nova allows at most unless it is configured otherwise; it quietly clamps more.
PAGE_SIZE = 1000

ALL_PROJECTS = {"all_tenants": "1"}

#: A plain listing leaves out soft-deleted servers, which changes-since and a GET do show.
EVERYTHING = {**ALL_PROJECTS, "soft_deleted": "1"}


def pages(nova: Nova, page_size: int, query: Mapping[str, str]) -> Iterator[Page]:
    """Every page of a listing; each is requested when it is asked for.

    `page_size`: servers per page, 0 for `PAGE_SIZE`. `query`: parameters beside the
    page's. `ListingBroken` when the listing cannot be followed to its end.
    """
    limit = page_size or PAGE_SIZE
    fullest = 0
    ours = {**query, "limit": str(limit)}
    watch = _RightsWatch(nova)
    markers: set[str] = set()
    params: dict[str, str] = ours
    while True:
        answer = nova.get(PATH, params)
        if answer.status != 200:
            raise _refused(answer, params)
        page = rows.listing(answer)
        found = rows.sort(answer.body, page.servers)
        problems = watch.problems()
        if found.unclear:
            problems.append(
                f"a cell is down: {len(found.unclear)} servers cannot be read, such as"
                f" {found.unclear[0]}"
            )
        if page.next is not None:
            fullest = max(fullest, len(page.servers))
        elif len(page.servers) >= min(limit, fullest or limit):
            # Nova always links on from a full page. It clamps the limit to its own, quietly:
            # then the pages before tell how long a full one is.
            problems.append("the last page is full and has no link to a next one")
        yield Page(
            items=found.items,
            deleted=found.deleted,
            unclear=found.unclear,
            last=page.next is None,
            problems=tuple(problems),
            server_time=answer.server_time,
        )
        if page.next is None:
            return
        params = _next(page.next, ours)
        if params["marker"] in markers:
            raise ListingBroken(f"nova: the links of the listing loop at {params['marker']}")
        markers.add(params["marker"])


def _next(href: str, ours: Mapping[str, str]) -> dict[str, str]:
    """The parameters of Nova's next link. Its host is a proxy's guess, and ours stays."""
    theirs = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(href).query))
    if not theirs.get("marker"):
        raise ListingBroken("nova: the link to the next page has no marker")
    return {**theirs, **ours}


def _refused(answer: Answer, params: Mapping[str, str]) -> Exception:
    if answer.status == 400 and "marker" in params:
        # The server that the last page ended with is gone for good.
        return ListingBroken(f"nova: the listing cannot go on: {excerpt(answer.body)}")
    return failure(answer, SERVICE)


class _RightsWatch:
    """Notices when the credential's rights change in the middle of a listing.

    That the token is another one is of no matter as long as it may do the same.
    """

    def __init__(self, nova: Nova) -> None:
        self._credential = nova.credential
        self._rights = self._credential.rights()
        self._token = self._credential.token_mark()

    def problems(self) -> list[str]:
        token = self._credential.token_mark()
        if token == self._token:
            return []
        self._token = token
        difference = self._rights.difference(self._credential.rights())
        if difference is None:
            return []
        return [f"the credential's rights changed during the listing: {difference}"]
