# SPDX-License-Identifier: Apache-2.0
"""Stands in for Neutron's Open vSwitch agents: reports in, wires nothing.

Without a live agent on a server's host, ml2 refuses to bind the server's port.
When a port is bound this tells Neutron that it is wired, so that the port
becomes ACTIVE as it does on a real host.  Runs in the cloud's own virtual
environment.

    neutron_agent.py COMPUTES      stands in for the agents of node1..nodeN
"""

import logging
import sys
import time
from typing import Any

import oslo_messaging
from neutron.agent import rpc  # type: ignore[import-not-found]
from neutron.common import config  # type: ignore[import-not-found]
from neutron.conf.agent import common as agent_config  # type: ignore[import-not-found]
from neutron_lib import context  # type: ignore[import-not-found]
from neutron_lib.agent import topics  # type: ignore[import-not-found]
from oslo_config import cfg

LOG = logging.getLogger("neutron.fake_agent")


class PortUpdates:
    """Gets "port_update" from ml2, as every agent does, on a fanout queue."""

    target = oslo_messaging.Target(version="1.4")

    def __init__(self, plugin: Any, hosts: list[str]) -> None:
        self._plugin, self._hosts = plugin, hosts

    def port_update(self, ctxt: Any, port: dict[str, Any], **_: Any) -> None:
        host = port.get("binding:host_id")
        if host in self._hosts and port["status"] != "ACTIVE":
            self._plugin.update_device_up(ctxt, port["id"], f"ovs-agent-{host}", host)

    def port_delete(self, ctxt: Any, **_: Any) -> None:
        """Nothing to unwire."""


def report(reports: Any, hosts: list[str]) -> None:
    """Report in for every host, for ever."""
    admin = context.get_admin_context_without_session()
    started: set[str] = set()
    while True:
        for host in hosts:
            state: dict[str, Any] = {
                "binary": "neutron-openvswitch-agent",
                "host": host,
                "agent_type": "Open vSwitch agent",
                "topic": "N/A",
                "configurations": {
                    "tunnel_types": ["vxlan"],
                    "tunneling_ip": "127.0.0.1",
                    "bridge_mappings": {},
                    "devices": 0,
                },
            }
            if host not in started:
                state["start_flag"] = True
            try:
                reports.report_state(admin, state, use_call=True)
                started.add(host)
            except Exception:
                # An outage, as the tests make them: the next report may succeed.
                LOG.exception("no report for %s", host)
        time.sleep(30 if len(started) == len(hosts) else 2)


def main() -> None:
    hosts = [f"node{number + 1}" for number in range(int(sys.argv[1]))]
    config.register_common_config_options()
    agent_config.register_agent_state_opts_helper(cfg.CONF)
    config.init([], default_config_files=["neutron.conf"])
    config.setup_logging()
    rpc.create_consumers(
        [PortUpdates(rpc.PluginApi(topics.PLUGIN), hosts)],
        topics.AGENT,
        [[topics.PORT, topics.UPDATE], [topics.PORT, topics.DELETE]],
    )
    report(rpc.PluginReportStateAPI(topics.REPORTS), hosts)


main()
