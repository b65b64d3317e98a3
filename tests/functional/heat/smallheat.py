# SPDX-License-Identifier: Apache-2.0
"""A Heat as small as the plugin's view of it: its listing, and the redirection of its look-up.

Its fields, errors and oddities are those of Heat 27.
"""

import copy
import itertools
import threading
from typing import Any

from tests.support.scriptedcloud import Reply, Request, page

VERSION = "/v1/p1"
OWN = "p1"
HIDDEN = "marker-of-a-hidden-parameter"

Row = dict[str, Any]


class SmallHeat:
    """`rows`: stacks, the newest first. `admin`: whether who asks is one; `allows_global`:
    whether the policy lets anybody ask for all projects. `override`: an answer to everything."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.admin = True
        self.allows_global = False
        self.override: Reply | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    # --- what tests do -----------------------------------------------------

    def add(self, *, project: str = OWN, **fields: Any) -> str:
        with self._lock:
            number = next(self._numbers)
            id_ = f"{number:08d}-0000-4000-8000-000000000000"
            href = f"http://elsewhere.invalid/v1/{project}/stacks/stack-{number}/{id_}"
            row = {
                "id": id_,
                "links": [{"href": href, "rel": "self"}],
                "project": project,
                "stack_name": f"stack-{number}",
                "stack_status": "CREATE_COMPLETE",
                "stack_status_reason": f"Resource CREATE failed: Invalid input: {HIDDEN!r}",
                "deletion_time": None,
                "parent": None,
                "tags": None,
                **fields,
            }
            self.rows.insert(0, row)
            return id_

    def change(self, id_: str, **fields: Any) -> None:
        with self._lock:
            self._row(id_).update(fields)

    def delete(self, id_: str) -> None:
        """As Heat does: it is hidden, and known for a while."""
        gone = {"stack_status": "DELETE_COMPLETE", "deletion_time": "2026-01-02T00:00:00Z"}
        self.change(id_, **gone)

    def purge(self, id_: str) -> None:
        with self._lock:
            self.rows.remove(self._row(id_))

    def _row(self, id_: str) -> Row:
        return next(row for row in self.rows if row["id"] == id_)

    # --- what it says ------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        with self._lock:
            if self.override is not None:
                return self.override
            if request.path == "/stacks":
                return self._list(request)
            head, _, id_ = request.path.rpartition("/")
            if head == "/stacks":
                return self._look_up(id_)
            return Reply(b"", 404, content_type="text/plain")

    def _list(self, request: Request) -> Reply:
        asked = {name: value == "true" for name, value in request.query.items()}
        if asked.get("global_tenant") and not self.allows_global:
            message = "You are not authorized to use stacks:global_index."
            return _fault(403, "Forbidden", message)
        everybody = self.admin or asked.get("global_tenant")
        found = [
            {k: v for k, v in copy.deepcopy(row).items() if everybody or k != "project"}
            for row in self.rows
            if (everybody or row["project"] == OWN)
            and (asked.get("show_nested") or row["parent"] is None)
            and (asked.get("show_deleted") or row["deletion_time"] is None)
            and (asked.get("show_hidden") or row["tags"] != ["hidden"])
            and request.query.get("id", row["id"]) == row["id"]
        ]
        known = {row["id"] for row in self.rows}
        query = dict(request.query)
        marker = query.get("marker")
        if marker is not None and marker not in known:
            del query["marker"]  # and not a word
        document = page(found, "stacks", "links", Request(request.path, query, request.headers))
        if document is None:  # a deleted marker: it has its place still
            order = [row["id"] for row in self.rows]
            later = set(order[order.index(query.pop("marker")) + 1 :])
            rest = [row for row in found if row["id"] in later]
            document = page(rest, "stacks", "links", Request(request.path, query, request.headers))
        return Reply(document)

    def _look_up(self, id_: str) -> Reply:
        for row in self.rows:
            if row["id"] == id_ and (self.admin or row["project"] == OWN):
                return Reply(b"", 302, {"Location": row["links"][0]["href"]})
        return _fault(404, "EntityNotFound", f"The Stack ({id_}) could not be found.")


def _fault(status: int, type_: str, message: str) -> Reply:
    error = {"type": type_, "traceback": None, "message": message}
    return Reply({"code": status, "title": "x", "explanation": "x", "error": error}, status)


def filled(size: int = 7) -> SmallHeat:
    """Stacks of two projects."""
    heat = SmallHeat()
    for number in range(size):
        heat.add(project=OWN if number % 2 else "p2")
    return heat
