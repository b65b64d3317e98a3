# SPDX-License-Identifier: Apache-2.0
"""A Glance as small as the plugin's view of it, with the filters and oddities of Glance 33."""

import copy
import datetime
import itertools
import threading
import urllib.parse
from typing import Any

from tests.support.scriptedcloud import Reply, Request

OWN = "p1"
LOCATION = "swift+https://account:marker-of-a-location@store.invalid/images/1"

Row = dict[str, Any]


class SmallGlance:
    """`rows`: the images, the oldest first. `admin`: whether who asks is one. `most`: images
    per page, whatever is asked for. `override`: an answer to everything. `prefix`: what its
    paths begin with."""

    def __init__(self, prefix: str = "/v2") -> None:
        self.rows: list[Row] = []
        self.admin = True
        #: Image -> project -> the state of its membership.
        self.members: dict[str, dict[str, str]] = {}
        self.most = 1000
        self.override: Reply | None = None
        self._prefix = prefix
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    # --- what tests do -----------------------------------------------------

    def add(self, *, owner: str = OWN, visibility: str = "shared", **fields: Any) -> str:
        with self._lock:
            id_ = f"{next(self._numbers):08d}-0000-4000-8000-00000000cafe"
            row = {
                "name": f"image {id_}",
                "status": "queued",
                "visibility": visibility,
                "owner": owner,
                "os_hidden": False,
                "id": id_,
                "created_at": _now(),
                "updated_at": _now(),
                "tags": [],
                "self": f"/v2/images/{id_}",
                "direct_url": LOCATION,
                "locations": [{"url": LOCATION, "metadata": {}}],
                **fields,
            }
            self.rows.append(row)
            return id_

    def change(self, id_: str, **fields: Any) -> None:
        with self._lock:
            row = next(row for row in self.rows if row["id"] == id_)
            row.update({"updated_at": _now(), **fields})

    def remove(self, id_: str) -> None:
        with self._lock:
            self.rows = [row for row in self.rows if row["id"] != id_]

    # --- what it says ------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        with self._lock:
            if self.override is not None:
                return self.override
            path = request.path.removeprefix(self._prefix)
            if path == "/images":
                return self._list(request)
            head, _, id_ = path.rpartition("/")
            if head != "/images":
                return fault(404, "The resource could not be found.")
            for row in filter(self._may_see, self.rows):
                if row["id"] == id_:
                    return Reply(copy.deepcopy(row))
            return fault(404, f"No image found with ID {id_}")

    def _list(self, request: Request) -> Reply:
        query = request.query
        found = [
            row
            for row in self.rows
            if self._may_see(row) and _passes(row, query) and self._may_list(row, query)
        ]
        if query.get("sort") != "created_at:asc,id:asc":
            return fault(400, "this Glance knows one order only")
        limit = min(int(query.get("limit", 25)), self.most)
        start = 0
        if "marker" in query:
            ids = [row["id"] for row in self.rows]
            if query["marker"] not in ids:
                return fault(400, f"No image found with ID {query['marker']}")
            # It may be of the other listing by now, and still has its place.
            before = set(ids[: ids.index(query["marker"]) + 1])
            start = sum(row["id"] in before for row in found)
        shown = copy.deepcopy(found[start : start + limit])
        document: Row = {"images": shown, "first": "/v2/images", "schema": "/v2/schemas/images"}
        if len(shown) == limit:
            following = urllib.parse.urlencode({**query, "marker": shown[-1]["id"]})
            document["next"] = f"/v2/images?{following}"
        return Reply(document)

    def _may_see(self, row: Row) -> bool:
        mine = row["owner"] == OWN or OWN in self.members.get(row["id"], {})
        return self.admin or mine or row["visibility"] in {"public", "community"}

    def _may_list(self, row: Row, query: dict[str, str]) -> bool:
        """What is shared with us is listed by the state of our membership."""
        if self.admin or row["owner"] == OWN or row["visibility"] in {"public", "community"}:
            return True
        wanted = query.get("member_status", "accepted")
        return wanted in {"all", self.members[row["id"]][OWN]}


def _passes(row: Row, query: dict[str, str]) -> bool:
    if row["os_hidden"] != (query.get("os_hidden", "false") == "true"):
        return False
    wanted = query.get("visibility", "")
    if wanted not in {"", "all", row["visibility"]}:
        return False
    shows_all = wanted in {"all", "community"}
    if not shows_all and row["visibility"] == "community" and row["owner"] != OWN:
        return False
    operator, _, instant = query.get("updated_at", "").partition(":")
    return operator != "gte" or row["updated_at"] >= instant


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fault(status: int, message: str) -> Reply:
    """An error as WebOb says it to whoever accepts JSON."""
    title = {400: "Bad Request", 403: "Forbidden", 404: "Not Found"}[status]
    body = {"message": f"{message}<br /><br />\n\n\n", "code": f"{status} {title}", "title": title}
    return Reply(body, status)


def filled(prefix: str = "/v2") -> SmallGlance:
    """Some of everything, of two projects."""
    glance = SmallGlance(prefix)
    for number in range(7):
        owner = OWN if number % 2 else "p2"
        visibility = ("private", "shared", "community", "public")[number % 4]
        glance.add(owner=owner, visibility=visibility, os_hidden=number > 4, tags=["b", "a"])
    return glance
