# SPDX-License-Identifier: Apache-2.0
"""The simulated Nova: versions, lists of servers in pages, one server by id."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlencode

from synchronizer.simulator import microversions
from synchronizer.simulator.accounts import Accounts, Project
from synchronizer.simulator.faults import Fault
from synchronizer.simulator.messages import Request, Response
from synchronizer.simulator.nova_errors import NovaError, fault, no_route, unauthorized
from synchronizer.simulator.nova_query import ListQuery, parse
from synchronizer.simulator.paging import (
    PageTracker,
    as_of,
    hidden_births,
    listing_key,
    take,
)
from synchronizer.simulator.rendering import View, ViewKey
from synchronizer.simulator.tokens import Token, Tokens
from synchronizer.simulator.world import Server, UnknownServerError, World

_SERVER = re.compile(r"/v2\.1/servers/([^/]+)")
_LISTS = {"/v2.1/servers": "index", "/v2.1/servers/detail": "detail"}
_DOWN_CELL_MINOR = 69
_STRICT_SHOW_MINOR = 102
_VERSION = {
    "id": "v2.1",
    "status": "CURRENT",
    "version": f"2.{microversions.MAX_MINOR}",
    "min_version": f"2.{microversions.MIN_MINOR}",
    "updated": "2013-07-23T11:33:21Z",
}


class Nova:
    """Answers requests whose path begins with `prefix`; `identity` is Keystone's prefix.

    `max_limit` is the most servers on a page; `clock` returns microseconds since the epoch.
    """

    def __init__(
        self,
        world: World,
        accounts: Accounts,
        tokens: Tokens,
        tracker: PageTracker,
        *,
        prefix: str,
        identity: str,
        max_limit: int,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self.prefix = prefix
        self.max_limit = max_limit
        self._world = world
        self._accounts = accounts
        self._tokens = tokens
        self._tracker = tracker
        self._identity = identity
        self._clock = clock
        self._view = lru_cache(maxsize=64)(self._make_view)

    def _make_view(self, key: ViewKey) -> View:
        return View(key, self._accounts)

    def page_number(self, request: Request) -> int | None:
        """Return which page of a listing a request asks for; None if it asks for none."""
        if request.path.removeprefix(self.prefix) not in _LISTS:
            return None
        key = listing_key(request.path, request.query)
        return self._tracker.find(key, request.last.get("marker")).number

    def answer(self, request: Request, faults: Sequence[Fault] = ()) -> Response:
        path = request.path.removeprefix(self.prefix)
        if path in ("", "/"):
            return self._versions(request)
        if path in ("/v2.1", "/v2.1/"):
            return self._versioned(request, lambda _minor: self._version(request))
        token = self._tokens.get(request.headers.get("x-auth-token"))
        if token is None or token.project is None:
            return unauthorized(f"{request.origin}{self._identity}/v3")
        project = token.project
        if path not in _LISTS and _SERVER.fullmatch(path) is None:
            return no_route(request.headers.get("accept", ""))
        return self._versioned(
            request, lambda minor: self._route(request, path, token, project, minor, faults)
        )

    @staticmethod
    def _versioned(request: Request, answer: Callable[[int], Response]) -> Response:
        text = microversions.requested(request.headers)
        try:
            minor = microversions.minor(text)
        except NovaError as error:
            response = fault(error.status, error.message)
            if error.status == 406 and text is not None:
                response = _with_headers(response, microversions.headers(text))
            return response
        try:
            response = answer(minor)
        except NovaError as error:
            response = fault(error.status, error.message)
        return _with_headers(response, microversions.headers(f"2.{minor}"))

    def _route(
        self,
        request: Request,
        path: str,
        token: Token,
        project: Project,
        minor: int,
        faults: Sequence[Fault],
    ) -> Response:
        variants = [one.variant for one in faults if one.kind == "lost-admin"]
        admin = token.user.role == "admin" and not variants
        match = _SERVER.fullmatch(path)
        if request.method != "GET":
            raise NovaError(405, "The simulated cloud is read-only.")
        form = _LISTS.get(path, "show")
        root = request.origin + self.prefix
        view = self._view(ViewKey(root, minor, admin, form))
        if match is not None and path not in _LISTS:
            if request.query and minor >= _STRICT_SHOW_MINOR:
                name = request.query[0][0]
                raise NovaError(
                    400, f"Additional properties are not allowed ({name!r} was unexpected)"
                )
            return self._show(match[1], view, project, faults)
        query = parse(
            request.query,
            minor,
            project,
            self._accounts.projects,
            admin=admin,
            may_list_all=admin or "200-own-project" in variants,
            max_limit=self.max_limit,
            detail=form == "detail",
        )
        if variants:
            query = _own_only(query, project)
        return self._list(request, query, view, faults)

    def _list(
        self, request: Request, query: ListQuery, view: View, faults: Sequence[Fault]
    ) -> Response:
        key = listing_key(request.path, request.query)
        known = self._tracker.find(key, query.marker)
        page = take(self._world, query, faults, known, self._clock(), view.key.minor)
        self._tracker.ended(key, known.number, page.servers)
        items = [view.unknown(server.facts, server.state) for server in page.unknown]
        items += [view.render(server.facts, server.state) for server in page.servers]
        end = b"]}"
        if page.next_marker is not None:
            params = dict(query.params)
            if page.next_marker:
                params["marker"] = page.next_marker
            href = f"{request.origin}{request.path}?{urlencode(params)}"
            end = b'], "servers_links": [{"rel": "next", "href": "%b"}]}' % href.encode()
        # A page is megabytes: it is put together once.
        first = items.pop(0) if items else b""
        pieces = [b'{"servers": [', first]
        for item in items:
            pieces += (b", ", item)
        return Response(200, b"".join((*pieces, end)))

    def _show(self, uuid: str, view: View, project: Project, faults: Sequence[Fault]) -> Response:
        birth = server = None
        try:
            birth = self._world.birth(uuid)
            server = self._world.server(birth, as_of(faults, self._clock()))
        except UnknownServerError:
            pass
        visible = server is not None and (view.key.admin or server.facts.project == project.index)
        if server is None or server.state.deleted or not visible:
            raise NovaError(404, f"Instance {uuid} could not be found.")
        if birth in hidden_births(self._world, faults):
            return self._show_unknown(server, view)
        return Response(200, b'{"server": ' + view.render(server.facts, server.state) + b"}")

    def _show_unknown(self, server: Server, view: View) -> Response:
        if view.key.minor < _DOWN_CELL_MINOR:
            raise NovaError(
                500,
                "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and "
                "attach the Nova API log if possible.\n<class 'nova.exception.NovaException'>",
            )
        return Response(200, b'{"server": ' + view.unknown(server.facts, server.state) + b"}")

    def _versions(self, request: Request) -> Response:
        version = {**_VERSION, "links": [self._self_link(request)]}
        return Response.json(200, {"versions": [version]})

    def _version(self, request: Request) -> Response:
        described = {
            "rel": "describedby",
            "type": "text/html",
            "href": "http://docs.openstack.org/",
        }
        media = {
            "base": "application/json",
            "type": "application/vnd.openstack.compute+json;version=2.1",
        }
        links = [self._self_link(request), described]
        version = {**_VERSION, "links": links, "media-types": [media]}
        return Response.json(200, {"version": version})

    def _self_link(self, request: Request) -> dict[str, str]:
        return {"rel": "self", "href": f"{request.origin}{self.prefix}/v2.1/"}


def _own_only(query: ListQuery, project: Project) -> ListQuery:
    return replace(query, project=project.index)


def _with_headers(response: Response, headers: dict[str, str]) -> Response:
    return Response(
        response.status, response.body, {**response.headers, **headers}, response.content_type
    )
