# SPDX-License-Identifier: Apache-2.0
"""What Neutron 29 sent, its payloads shortened to the fields that tell something."""

from typing import Any

from synchronizer.plugin.conformance import Notified

NETWORK = "815ee9b5-0ffc-48aa-89c1-fe1b0acff827"
SUBNET = "d09d5b1d-9343-46d6-b905-cd93eac8e93f"
PORT, OTHER_PORT = "6b4146ec-a444-4328-ae4b-2f55d5d43bea", "ccad7593-cd78-4234-8420-c4f75b43007d"
ROUTER = "b16d3f6f-b1c2-429d-9267-a60e405c7e08"
INTERFACE = "86a89aa0-73bb-4956-b790-a5993bb26717"
FLOATING_IP = "6fc2f714-5e65-4667-8d1d-110a5de24b33"
GROUP = "3ec9675c-8589-4db4-a031-a249ccc1e2c7"
RULE, OTHER_RULE = "7b7e0af6-6da0-4581-9c68-8756436f51df", "c30fcf03-dea4-46ef-93ad-6800c9ea7646"
AGENT = "3dd1277c-4bf2-4a77-aa12-ae657ecec755"
POLICY = "1e36573c-b24d-487d-9611-ba5ade1bee18"

_network = {"id": NETWORK, "name": "n", "subnets": [], "shared": False, "revision_number": 1}
_subnet = {"id": SUBNET, "network_id": NETWORK, "cidr": "10.77.0.0/24", "host_routes": []}
_port = {
    "id": PORT,
    "network_id": NETWORK,
    "device_id": "",
    "fixed_ips": [{"subnet_id": SUBNET, "ip_address": "10.77.0.52"}],
    "security_groups": [GROUP],
}
_rules = [{"id": RULE, "security_group_id": GROUP}, {"id": OTHER_RULE, "security_group_id": GROUP}]
_group = {"id": GROUP, "name": "g", "security_group_rules": _rules}
_interface = {
    "id": ROUTER,
    "port_id": INTERFACE,
    "network_id": NETWORK,
    "subnet_id": SUBNET,
    "subnet_ids": [SUBNET],
}


def _told(event_type: str, payload: dict[str, Any], *hints: tuple[str, str]) -> Notified:
    return Notified(event_type, payload, frozenset((f"neutron.{kind}", id_) for kind, id_ in hints))


NOTIFIED = [
    _told("network.create.start", {"network": {"name": "n"}}),
    _told("network.create.end", {"network": _network}, ("network", NETWORK)),
    _told(
        "network.create.end",
        {"networks": [_network, {**_network, "id": "other"}]},
        ("network", NETWORK),
        ("network", "other"),
    ),
    _told("network.delete.start", {"network_id": NETWORK}),
    _told(
        "network.delete.end",
        {"network_id": NETWORK, "network": {**_network, "subnets": [SUBNET]}},
        ("network", NETWORK),
        ("subnet", SUBNET),
    ),
    _told("subnet.create.end", {"subnet": _subnet}, ("subnet", SUBNET), ("network", NETWORK)),
    _told(
        "subnet.delete.end",
        {"subnet_id": SUBNET, "subnet": _subnet},
        ("subnet", SUBNET),
        ("network", NETWORK),
    ),
    _told(
        "port.create.end",
        {"ports": [_port, {**_port, "id": OTHER_PORT}]},
        ("port", PORT),
        ("port", OTHER_PORT),
    ),
    _told("port.update.start", {"id": PORT, "port": {"name": "x"}}),
    _told("port.update.end", {"port": _port}, ("port", PORT)),
    _told("port.delete.end", {"port_id": PORT, "port": _port}, ("port", PORT)),
    _told("port.delete.end", {"port_id": PORT}, ("port", PORT)),
    _told("router.update.end", {"router": {"id": ROUTER, "routes": []}}, ("router", ROUTER)),
    _told(
        "router.interface.create",
        {"router_interface": _interface},
        ("router", ROUTER),
        ("port", INTERFACE),
    ),
    _told(
        "router.interface.delete",
        {"router_interface": _interface},
        ("router", ROUTER),
        ("port", INTERFACE),
    ),
    _told(
        "floatingip.update.end",
        {"floatingip": {"id": FLOATING_IP, "port_id": PORT}},
        ("floating_ip", FLOATING_IP),
    ),
    _told(
        "floatingip.delete.end",
        {"floatingip_id": FLOATING_IP, "floatingip": {"id": FLOATING_IP}},
        ("floating_ip", FLOATING_IP),
    ),
    _told(
        "security_group.create.end",
        {"security_group": _group},
        ("security_group", GROUP),
        ("security_group_rule", RULE),
        ("security_group_rule", OTHER_RULE),
    ),
    _told(
        "security_group.delete.end",
        {"security_group_id": GROUP, "security_group": _group},
        ("security_group", GROUP),
        ("security_group_rule", RULE),
        ("security_group_rule", OTHER_RULE),
    ),
    _told(
        "security_group_rule.create.end",
        {"security_group_rules": _rules},
        ("security_group_rule", RULE),
        ("security_group_rule", OTHER_RULE),
        ("security_group", GROUP),
    ),
    _told(
        "security_group_rule.delete.end",
        {"security_group_rule_id": RULE, "security_group_rule": _rules[0]},
        ("security_group_rule", RULE),
        ("security_group", GROUP),
    ),
    _told("agent.update.end", {"agent": {"id": AGENT, "alive": True}}, ("agent", AGENT)),
    _told(
        "tag.update.end",
        {"obj_resource": "ports", "obj_resource_id": PORT, "tags": ["a"]},
        ("port", PORT),
    ),
    _told(
        "rbac_policy.delete.end",
        {
            "rbac_policy_id": POLICY,
            "rbac_policy": {"id": POLICY, "object_type": "network", "object_id": NETWORK},
        },
        ("network", NETWORK),
    ),
]
