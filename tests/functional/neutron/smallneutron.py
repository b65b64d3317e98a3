# SPDX-License-Identifier: Apache-2.0
"""A Neutron as small as the plugin's view of it: listings with markers, GETs, errors.

Its fields, errors and oddities are those of Neutron 29.
"""

import copy
import datetime
import itertools
import threading
from typing import Any, Literal

from tests.support.scriptedcloud import Reply, Request, page

VERSION = "/v2.0"
OWN = "p1"
RULES = "/security-group-rules"
DIRECTIONS = ("ingress", "egress")

Row = dict[str, Any]

#: What is said to a marker that is not known: networks, ports and routers are not found; the
#: others begin anew; where Neutron cuts the pages itself, as of OVN's routers, nothing follows.
Lost = Literal["404", "anew", "nothing"]

#: Path -> key of the list, key of one, its error, what becomes of an unknown marker.
LISTS: dict[str, tuple[str, str, str, Lost]] = {
    "/networks": ("networks", "network", "NetworkNotFound", "404"),
    "/subnets": ("subnets", "subnet", "SubnetNotFound", "anew"),
    "/ports": ("ports", "port", "PortNotFound", "404"),
    "/routers": ("routers", "router", "RouterNotFound", "nothing"),
    "/floatingips": ("floatingips", "floatingip", "FloatingIPNotFound", "anew"),
    "/security-groups": ("security_groups", "security_group", "SecurityGroupNotFound", "anew"),
    RULES: (
        "security_group_rules",
        "security_group_rule",
        "SecurityGroupRuleNotFound",
        "anew",
    ),
    "/agents": ("agents", "agent", "AgentNotFound", "anew"),
}


class SmallNeutron:
    """`rows`: what there is, by path of the listing. `admin`: whether who asks is one, and sees
    others' entities and the field `guarded`, too; `global_reader`: sees the former only. `most`:
    entities per page, also for who asks for no pages (0: no such limit). `extensions`: what it
    has loaded; without "filter-validation" it takes changed_since. `missing`: paths of
    extensions that it has not loaded."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {path: [] for path in LISTS}
        self.admin = True
        self.global_reader = False
        self.guarded = "provider:network_type"
        self.most = 0
        self.extensions = ["standard-attr-timestamp", "filter-validation"]
        self.missing: set[str] = set()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    # --- what tests do -----------------------------------------------------

    def add(self, path: str, *, project: str = OWN, **fields: Any) -> str:
        with self._lock:
            number = next(self._numbers)
            id_ = f"{number:08d}-0000-4000-8000-{path[1:5].encode().hex():0>12}"
            owner = {} if path == "/agents" else {"project_id": project, "tenant_id": project}
            times = {"created_at": _now(), "updated_at": _now(), "revision_number": 0}
            new = dict(_NEW.get(path, {}))
            if path == RULES:
                new["direction"] = DIRECTIONS[len(self.rows[path]) // 2 % 2]
            self.rows[path].append({"id": id_, **owner, **new, **times, **fields})
            return id_

    def change(self, path: str, id_: str, **fields: Any) -> None:
        with self._lock:
            row = next(row for row in self.rows[path] if row["id"] == id_)
            number = row["revision_number"] + bool(fields)
            row.update({"updated_at": _now(), "revision_number": number, **fields})

    def remove(self, path: str, id_: str) -> None:
        with self._lock:
            self.rows[path] = [row for row in self.rows[path] if row["id"] != id_]

    # --- what it says ------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        with self._lock:
            return copy.deepcopy(self._answer(request))

    def _answer(self, request: Request) -> Reply:
        path = request.path.removeprefix(VERSION)
        if path == "/extensions":
            return Reply({"extensions": [{"alias": alias} for alias in self.extensions]})
        if path in LISTS and path not in self.missing:
            return self._list(path, request)
        head, _, id_ = path.rpartition("/")
        if head not in LISTS or head in self.missing:
            return hidden()
        _, singular, error, _ = LISTS[head]
        for row in self.rows[head]:
            if row["id"] == id_ and self._sees(row):
                return Reply({singular: self._shown(row)})
            if row["id"] == id_ and head == "/agents":
                return hidden()
        return fault(404, error, f"{singular.title()} {id_} could not be found.")

    def _list(self, path: str, request: Request) -> Reply:
        plural, singular, error, lost = LISTS[path]
        rows = sorted((row for row in self.rows[path] if self._sees(row)), key=lambda r: r["id"])
        since = request.query.get("changed_since")
        if since is not None:
            if "filter-validation" in self.extensions:
                said = "['changed_since'] is invalid attribute for filtering"
                return fault(400, "HTTPBadRequest", said)
            rows = [row for row in rows if row["updated_at"] >= since]
        if path == RULES:
            rows = self._of_direction(rows, request.query.get("direction"))
        fields = request.query.get("fields")
        rows = [self._shown(row, fields) for row in rows]
        limit = int(request.query.get("limit", 0))
        limit = min(limit or self.most, self.most or limit)
        if not limit:
            return Reply({plural: rows})
        query = {**request.query, "limit": str(limit)}
        document = page(rows, plural, f"{plural}_links", Request(path, query, {}))
        if document is None and lost == "404":
            said = f"{singular.title()} {query['marker']} could not be found."
            return fault(404, error, said)
        if document is None and lost == "anew":
            del query["marker"]
            document = page(rows, plural, f"{plural}_links", Request(path, query, {}))
        return Reply(document if document is not None else {plural: []})

    def _of_direction(self, rules: list[Row], direction: str | None) -> list[Row]:
        """Without a filter who is no administrator gets the own rules, whatever policies say."""
        if direction is not None:
            return [rule for rule in rules if rule["direction"] == direction]
        return rules if self.admin else [r for r in rules if r.get("project_id") == OWN]

    def _shown(self, row: Row, only: str | None = None) -> Row:
        return {
            key: value
            for key, value in row.items()
            if (self.admin or key != self.guarded) and only in {None, key}
        } | ({} if only is None else {"id": row["id"]})

    def _sees(self, row: Row) -> bool:
        everything = self.admin or self.global_reader
        return everything or row.get("project_id") == OWN or row.get("shared") is True


_NEW: dict[str, Row] = {
    "/networks": {
        "name": "n",
        "shared": False,
        "router:external": False,
        "subnets": [],
        "provider:network_type": "vxlan",
    },
    "/security-groups": {"name": "g", "shared": False, "security_group_rules": []},
    "/agents": {"host": "node1", "heartbeat_timestamp": "2026-01-01 00:00:00", "alive": True},
}


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fault(status: int, type_: str, message: str) -> Reply:
    """An error in Neutron's own format."""
    return Reply({"NeutronError": {"type": type_, "message": message, "detail": ""}}, status)


def hidden() -> Reply:
    """What it says of a path that it does not know, and of what its policy hides."""
    return fault(404, "HTTPNotFound", "The resource could not be found.")


def filled(size: int = 5) -> SmallNeutron:
    """Some of everything, of two projects."""
    neutron = SmallNeutron()
    for number in range(size):
        for path in LISTS:
            neutron.add(path, project=OWN if number % 2 else "p2")
    return neutron
