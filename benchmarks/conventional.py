# SPDX-License-Identifier: Apache-2.0
"""How pollers usually find out what changed: python-novaclient, to_dict, json, md5.

A process of its own: `python -m benchmarks.conventional AUTH`, with Keystone's arguments
as JSON. It makes a first sweep, which fills its memory, and then so many sweeps as each
line that it reads says. After each it prints a line of JSON: `servers`, and `changed`.
"""

import hashlib
import json
import sys
from typing import Any

from keystoneauth1 import session
from keystoneauth1.identity import v3
from novaclient import api_versions
from novaclient import client as novaclient


class Poller:
    """Knows a checksum of each server."""

    def __init__(self, nova: Any) -> None:
        self._nova = nova
        self._known: dict[str, str] = {}

    def sweep(self) -> int:
        """Lists all servers; how many came, went or differ."""
        before, self._known = self._known, {}
        for server in self._nova.servers.list(search_opts={"all_tenants": 1}, limit=-1):
            text = json.dumps(server.to_dict(), sort_keys=True)
            self._known[server.id] = hashlib.md5(text.encode()).hexdigest()  # noqa: S324
        changed = sum(before.get(id_) != digest for id_, digest in self._known.items())
        return changed + len(before.keys() - self._known.keys())

    def report(self, sweeps: int) -> None:
        changed = sum(self.sweep() for _ in range(sweeps))
        print(json.dumps({"servers": len(self._known), "changed": changed}), flush=True)


def main() -> None:
    keystone = session.Session(auth=v3.Password(**json.loads(sys.argv[1])))
    asking = novaclient.Client("2.1", session=keystone)
    # The highest that both sides know, as the Nova plugin has it.
    latest = api_versions.discover_version(asking, api_versions.APIVersion("2.latest"))
    poller = Poller(novaclient.Client(latest, session=keystone))
    poller.report(1)
    for line in sys.stdin:
        poller.report(int(line))


if __name__ == "__main__":
    main()
