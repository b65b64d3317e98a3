# SPDX-License-Identifier: Apache-2.0
"""A Keystone as small as the plugin's view of it, with the oddities of Keystone 30.

Projects, users and domains come in pages; services and endpoints take a limit and forget the
marker; regions refuse one; role assignments have neither ids nor pages.
"""

import copy
import itertools
import threading
import urllib.parse
from typing import Any

from tests.support.scriptedcloud import Reply, Request

Row = dict[str, Any]

#: Path -> key of one. The key of the list is the path's.
SINGULAR = {
    "/projects": "project",
    "/users": "user",
    "/domains": "domain",
    "/regions": "region",
    "/services": "service",
    "/endpoints": "endpoint",
}
_PAGED = {"/projects", "/users", "/domains"}


class SmallKeystone:
    """`admin`: whether who asks is one. `most`: entities per page, whatever is asked for.
    `list_limit`: entities of what has no pages. `drivers`: domains with a driver of their own,
    whose users a plain listing leaves out. `override`: an answer to everything."""

    def __init__(self, prefix: str = "/v3") -> None:
        self.rows: dict[str, list[Row]] = {path: [] for path in SINGULAR}
        self.assignments: list[Row] = []
        self.admin = True
        self.most = 1000
        self.list_limit: int | None = None
        self.pages = True
        self.drivers: set[str] = set()
        self.override: Reply | None = None
        self._prefix = prefix
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    # --- what tests do -----------------------------------------------------

    def add(self, path: str, **fields: Any) -> str:
        with self._lock:
            id_ = fields.get("id") or f"{next(self._numbers):032x}"
            self.rows[path].append({"name": f"name {id_}", "enabled": True, **fields, "id": id_})
            self.rows[path].sort(key=lambda row: str(row["id"]))
            return str(id_)

    def change(self, path: str, id_: str, **fields: Any) -> None:
        with self._lock:
            next(row for row in self.rows[path] if row["id"] == id_).update(fields)

    def remove(self, path: str, id_: str) -> None:
        with self._lock:
            self.rows[path] = [row for row in self.rows[path] if row["id"] != id_]

    def assign(self, actor: str, who: str, role: str, scope: Row) -> Row:
        row = {"links": {}, "scope": scope, actor: {"id": who}, "role": {"id": role}}
        with self._lock:
            self.assignments.append(row)
        return row

    def withdraw(self, assignment: Row) -> None:
        with self._lock:
            self.assignments.remove(assignment)

    # --- what it says ------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        with self._lock:
            if self.override is not None:
                return self.override
            path = request.path.removeprefix(self._prefix)
            if not self.admin and not path.startswith("/regions"):
                return fault(403, "You are not authorized to perform the requested action.")
            if path == "/role_assignments":
                found = [row for row in self.assignments if _assigned(row, request.query)]
                return Reply({"role_assignments": copy.deepcopy(found), "links": {"next": None}})
            if path in SINGULAR:
                return self._list(path, request)
            head, _, id_ = path.rpartition("/")
            if head not in SINGULAR:
                return Reply(b"<!doctype html>404", 404, content_type="text/html")
            return self._one(head, urllib.parse.unquote(id_))

    def _one(self, path: str, id_: str) -> Reply:
        # A domain is a project, too.
        for row in [*self.rows[path], *(self.rows["/domains"] if path == "/projects" else ())]:
            if row["id"] == id_:
                extra: Row = {"federated": []} if path == "/users" else {}
                if row not in self.rows[path]:
                    extra = {"is_domain": True}
                return Reply({SINGULAR[path]: {**copy.deepcopy(row), **extra}})
        return fault(404, f"Could not find {SINGULAR[path]}: {id_}.")

    def _list(self, path: str, request: Request) -> Reply:
        found, query = self.rows[path], request.query
        if path == "/users":
            wanted = query.get("domain_id")
            found = [
                row
                for row in found
                if row["domain_id"] == wanted
                or (wanted is None and row["domain_id"] not in self.drivers)
            ]
        if path == "/regions" and query:
            return fault(400, "Additional properties are not allowed")
        limit, start = len(found), 0
        if path in _PAGED and self.pages:
            limit = min(int(query.get("limit", self.most)), self.most)
            if "marker" in query:
                ids = [row["id"] for row in found]
                if query["marker"] not in ids:
                    return fault(404, f"Marker {query['marker']} could not be found.")
                start = ids.index(query["marker"]) + 1
        elif self.list_limit is not None:
            limit = self.list_limit
        shown = copy.deepcopy(found[start : start + limit])
        full = bool(shown) and len(shown) == limit and (path in _PAGED or limit < len(found))
        document: Row = {path[1:]: shown, "links": {"next": None, "previous": None}}
        if full and (self.pages or limit < len(found)):
            document["truncated"] = True
        if full and self.pages:
            following = urllib.parse.urlencode({**query, "marker": shown[-1]["id"]})
            document["links"]["next"] = f"http://elsewhere.invalid:1/v3{path}?{following}"
        return Reply(document)


def _assigned(row: Row, query: dict[str, str]) -> bool:
    scope = row["scope"]
    known = {
        "user.id": row.get("user", {}).get("id"),
        "group.id": row.get("group", {}).get("id"),
        "role.id": row["role"]["id"],
        "scope.project.id": scope.get("project", {}).get("id"),
        "scope.domain.id": scope.get("domain", {}).get("id"),
        "scope.system": "all" if "system" in scope else None,
        "scope.OS-INHERIT:inherited_to": scope.get("OS-INHERIT:inherited_to"),
    }
    return all(known[name] == value for name, value in query.items())


def fault(status: int, message: str) -> Reply:
    title = {400: "Bad Request", 403: "Forbidden", 404: "Not Found"}[status]
    return Reply({"error": {"code": status, "message": message, "title": title}}, status)


def filled(prefix: str = "/v3") -> SmallKeystone:
    """Some of everything, in two domains."""
    keystone = SmallKeystone(prefix)
    for domain in ("default", "other"):
        keystone.add("/domains", id=domain)
        for _ in range(3):
            keystone.add("/projects", domain_id=domain, is_domain=False, tags=[])
            keystone.add("/users", domain_id=domain, options={})
    for region in ("RegionOne", "Region Two/b", "Region3"):
        keystone.add("/regions", id=region, parent_region_id=None)
    for number in range(3):
        service = keystone.add("/services", type=f"type{number}")
        for interface in ("public", "internal"):
            keystone.add("/endpoints", interface=interface, service_id=service, url="http://x")
    inherited = {"domain": {"id": "default"}, "OS-INHERIT:inherited_to": "projects"}
    keystone.assign("user", "u1", "r1", {"project": {"id": "p1"}})
    keystone.assign("group", "g1", "r1", {"domain": {"id": "default"}})
    keystone.assign("group", "g1", "r1", inherited)
    keystone.assign("user", "u1", "r1", {"system": {"all": True}})
    return keystone
