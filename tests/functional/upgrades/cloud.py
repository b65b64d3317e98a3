# SPDX-License-Identifier: Apache-2.0
"""A Nova that has the servers that a test gives it."""

import threading
import time
from typing import Any

from tests.functional.nova.scripted import Reply, Request, Scripted, fault, page

Server = dict[str, Any]


class Servers:
    """Answers for a scripted cloud. Listings come in one page."""

    def __init__(self, cloud: Scripted, servers: dict[str, Server]) -> None:
        self._lock = threading.Lock()
        self._servers = dict(servers)
        cloud.answers = [self._answer]

    def put(self, server: Server) -> None:
        """One that is new, or has another state from now on."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with self._lock:
            self._servers[server["id"]] = {**server, "updated": now}

    def drop(self, id_: str) -> None:
        with self._lock:
            del self._servers[id_]

    def all(self) -> dict[str, Server]:
        with self._lock:
            return dict(self._servers)

    def _answer(self, request: Request) -> Reply:
        version = {"OpenStack-API-Version": request.headers["OpenStack-API-Version"]}
        servers = self.all()
        last = request.path.rpartition("/")[2]
        if last == "detail":
            since = request.query.get("changes-since", "")
            shown = [] if "marker" in request.query else list(servers.values())
            reply = page(*(server for server in shown if server["updated"] >= since))
        elif last in servers:
            reply = Reply(body={"server": servers[last]})
        else:
            reply = fault(404, "itemNotFound", f"Instance {last} could not be found.")
        reply.headers = version
        return reply
