# SPDX-License-Identifier: Apache-2.0
"""A Cinder as small as the plugin's view of it: listings with markers, GETs, time filters.

Its fields, errors and oddities are those of Cinder 29.
"""

import copy
import datetime
import itertools
import threading
from typing import Any

from tests.support.scriptedcloud import Reply, Request, ScriptedCloud, page

VERSION = "/v3/p1"
OWN = "p1"
HIGHEST = "3.71"
KEY = "c0ffee00-aaaa-4bbb-8ccc-marker-of-a-key"

Row = dict[str, Any]

#: Path -> key of the list, key of its links, key of one, whether a marker has to be known.
_LISTS = {
    "/volumes": ("volumes", "volumes_links", "volume", True),
    "/snapshots": ("snapshots", "snapshots_links", "snapshot", True),
    "/backups": ("backups", "backups_links", "backup", True),
    "/types": ("volume_types", "volume_type_links", "volume_type", False),
}


class SmallCinder:
    """`rows`: what there is, the newest first, by path of the listing. `admin`: whether who
    asks is one. `most`: entities per page, whatever is asked for. `override`: an answer to
    everything."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {path: [] for path in _LISTS}
        self.services: list[Row] = [_service("cinder-volume", "node1@lvm")]
        self.pools: list[Row] = [_pool("node1@lvm#fast"), _pool("node1@lvm#slow")]
        self.admin = True
        #: Private types that our own project may use.
        self.usable: set[str] = set()
        self.most = 1000
        self.highest = HIGHEST
        self.override: Reply | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    # --- what tests do -----------------------------------------------------

    def add(self, path: str, *, project: str = OWN, **fields: Any) -> str:
        with self._lock:
            number = next(self._numbers)
            id_ = f"{number:08d}-0000-4000-8000-{path[1:][:4].encode().hex():0>12}"
            row = {**_NEW[path](id_, project), "created_at": _now(), "updated_at": None, **fields}
            self.rows[path].insert(0, row)
            return id_

    def change(self, path: str, id_: str, **fields: Any) -> None:
        with self._lock:
            row = next(row for row in self.rows[path] if row["id"] == id_)
            row.update({"updated_at": _now(), **fields})

    def remove(self, path: str, id_: str) -> None:
        with self._lock:
            self.rows[path] = [row for row in self.rows[path] if row["id"] != id_]

    # --- what it says ------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        if request.path in {"/", ""}:
            return Reply({"versions": [_version("v3.0", self.highest)]}, 300)
        asked = request.headers.get("OpenStack-API-Version", "volume 3.0")
        if _minor(asked) > _minor(self.highest):
            return _fault(406, "computeFault", f"Version {asked} is not supported by the API.")
        with self._lock:
            reply = self.override or self._answer(request, _minor(asked))
        reply.headers = {**reply.headers, "OpenStack-API-Version": asked}
        return reply

    def _answer(self, request: Request, minor: int) -> Reply:
        path = request.path.removesuffix("/detail")
        if path in {"/os-services", "/scheduler-stats/get_pools"}:
            if not self.admin:
                return _fault(403, "forbidden", "Policy doesn't allow this to be performed.")
            if path == "/os-services":
                return Reply({"services": copy.deepcopy(self.services)})
            return Reply({"pools": copy.deepcopy(self.pools)})
        if path in _LISTS:
            return self._list(path, request, minor)
        head, _, id_ = path.rpartition("/")
        if head not in _LISTS:
            return Reply({"message": "The resource could not be found."}, 404)
        for row in self._visible(head):
            if row["id"] == id_:
                return Reply({_LISTS[head][2]: copy.deepcopy(row)})
        return _fault(404, "itemNotFound", f"{_LISTS[head][2]} {id_} could not be found.")

    def _list(self, path: str, request: Request, minor: int) -> Reply:
        plural, links, _, knows = _LISTS[path]
        found = self._visible(path)
        if path == "/types":
            wanted = request.query.get("is_public", "True") if self.admin else "None"
            if wanted not in {"True", "False", "None"}:
                return _fault(400, "badRequest", f"Invalid is_public filter [{wanted}]")
            found = [row for row in found if wanted in {"None", str(row["is_public"])}]
        else:
            if not (self.admin and request.query.get("all_tenants")):
                found = [row for row in found if _project(row) == OWN]
            if path == "/volumes" and minor >= 60:
                found = [row for row in found if _passes(row, request.query)]
        document = page(copy.deepcopy(found), plural, links, request, self.most)
        if document is None and not knows:
            query = {k: v for k, v in request.query.items() if k != "marker"}
            again = Request(request.path, query, request.headers)
            document = page(copy.deepcopy(found), plural, links, again, self.most)
        if document is None:
            marker = request.query["marker"]
            return _fault(404, "itemNotFound", f"{plural} {marker} could not be found.")
        return Reply(document)

    def _visible(self, path: str) -> list[Row]:
        rows = self.rows[path]
        if self.admin:
            return rows
        if path == "/types":
            return [row for row in rows if row["is_public"] or row["id"] in self.usable]
        return [row for row in rows if _project(row) == OWN]


def _volume(id_: str, project: str) -> Row:
    return {
        "id": id_,
        "name": f"volume {id_}",
        "status": "available",
        "size": 1,
        "metadata": {},
        "links": [{"rel": "self", "href": f"http://elsewhere.invalid{VERSION}/volumes/{id_}"}],
        "encrypted": True,
        "encryption_key_id": KEY,
        "os-vol-tenant-attr:tenant_id": project,
    }


def _snapshot(id_: str, project: str) -> Row:
    field = "os-extended-snapshot-attributes:project_id"
    return {"id": id_, "name": f"snapshot {id_}", "status": "available", field: project}


def _backup(id_: str, project: str) -> Row:
    field = "os-backup-project-attr:project_id"
    return {"id": id_, "name": f"backup {id_}", "encryption_key_id": KEY, field: project}


def _type(id_: str, project: str) -> Row:
    return {"id": id_, "name": f"type {id_}", "is_public": True, "extra_specs": {}}


_NEW = {"/volumes": _volume, "/snapshots": _snapshot, "/backups": _backup, "/types": _type}


def _service(binary: str, host: str) -> Row:
    return {"binary": binary, "host": host, "state": "up", "updated_at": "2026-01-01T00:00:00"}


def _pool(name: str) -> Row:
    capabilities = {"free_capacity_gb": 10, "timestamp": "2026-01-01T00:00:00.000001"}
    return {"name": name, "capabilities": capabilities}


def _project(row: Row) -> Any:
    return next(
        (value for key, value in row.items() if key.endswith((":tenant_id", ":project_id"))), None
    )


def _passes(row: Row, query: dict[str, str]) -> bool:
    for name in ("created_at", "updated_at"):
        operator, _, instant = query.get(name, "").partition(":")
        if operator == "gte" and (row[name] or "") < instant.removesuffix("Z"):
            return False
    return True


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000000")


def _version(id_: str, highest: str) -> Row:
    return {"id": id_, "status": "CURRENT", "min_version": "3.0", "version": highest, "links": []}


def _minor(version: str) -> int:
    return int(version.rpartition(".")[2])


def _fault(status: int, name: str, message: str) -> Reply:
    return Reply({name: {"code": status, "message": message}}, status)


def filled(cloud_size: int = 7) -> SmallCinder:
    """Some of everything, of two projects."""
    cinder = SmallCinder()
    for number in range(cloud_size):
        project = OWN if number % 2 else "p2"
        cinder.add("/volumes", project=project)
        cinder.add("/snapshots", project=project)
        cinder.add("/backups", project=project)
        cinder.add("/types", is_public=number % 2 == 0)
    return cinder


__all__ = ["KEY", "OWN", "VERSION", "ScriptedCloud", "SmallCinder", "filled"]
