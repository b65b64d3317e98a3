# SPDX-License-Identifier: Apache-2.0
"""Which keys of a server each microversion, form and caller sees, in Nova's order."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import itemgetter

Values = tuple[bytes, ...]

FIELDS = (
    "id",
    "name",
    "addresses",
    "created",
    "updated",
    "flavor",
    "host_id",
    "image",
    "metadata",
    "status",
    "project",
    "user",
    "fault",
    "progress",
    "zone",
    "key",
    "launched",
    "terminated",
    "host",
    "node",
    "instance",
    "hostname",
    "reservation",
    "device",
    "user_data",
    "task",
    "vm",
    "power",
    "volumes",
    "locked",
    "host_status",
    "description",
    "tags",
    "reason",
    "groups",
)
"""The parts of a server's JSON that differ between servers, encoded, in the order of `Values`.

`fault`, `progress` and `groups` are whole members with the comma before them, or empty.
"""

Picker = Callable[[Values], Values]

_FIELD = re.compile("<([a-z_]+)>")
_LINKS = '"links": [{"rel": "self", "href": "<root>/v2.1/servers/<id>"}, '
_LINKS += '{"rel": "bookmark", "href": "<root>/servers/<id>"}]'


def _members(form: str, minor: int, admin: bool) -> list[str]:
    """Return the JSON text of each member; `<field>` stands for a field of Values."""
    if form == "index":
        return ['"id": "<id>"', ', "name": <name>', ", " + _LINKS]
    members = [
        '"accessIPv4": "", "accessIPv6": "", "addresses": <addresses>',
        ', "created": "<created>", "flavor": <flavor>, "hostId": "<host_id>", "id": "<id>"',
        ', "image": <image>, ' + _LINKS + ', "metadata": <metadata>, "name": <name>',
        ', "status": "<status>", "tenant_id": "<project>", "user_id": "<user>"',
        ', "updated": "<updated>", "OS-DCF:diskConfig": "MANUAL"<fault><progress>',
        ', "OS-EXT-AZ:availability_zone": "<zone>", "config_drive": "", "key_name": <key>',
        ', "OS-SRV-USG:launched_at": <launched>, "OS-SRV-USG:terminated_at": <terminated>',
    ]
    if form == "show":
        members.append("<groups>")
    if admin:
        members += _extended_attributes(minor)
    members.append(', "OS-EXT-STS:task_state": <task>, "OS-EXT-STS:vm_state": "<vm>"')
    members.append(', "OS-EXT-STS:power_state": <power>')
    members.append(', "os-extended-volumes:volumes_attached": <volumes>')
    later = (
        (9, ', "locked": <locked>'),
        (16, ', "host_status": "<host_status>"' if admin and form == "show" else ""),
        (19, ', "description": <description>'),
        (26, ', "tags": <tags>'),
        (63, ', "trusted_image_certificates": null'),
        (71, ', "server_groups": []' if form == "show" else ""),
        (73, ', "locked_reason": <reason>'),
        (90, "" if admin else ', "OS-EXT-SRV-ATTR:hostname": "<hostname>"'),
        (96, ', "pinned_availability_zone": null'),
        (100, ', "scheduler_hints": {}'),
    )
    members += [text for since, text in later if minor >= since]
    if form == "detail":
        # A listing asks for these two for all of its servers at once, after the rest.
        if admin and minor >= 16:
            members.append(', "host_status": "<host_status>"')
        members.append("<groups>")
    return members


def _extended_attributes(minor: int) -> list[str]:
    prefix = ', "OS-EXT-SRV-ATTR:'
    members = [
        prefix + 'host": <host>',
        prefix + 'instance_name": "<instance>"',
        prefix + 'hypervisor_hostname": <node>',
    ]
    if minor >= 3:
        members += [
            prefix + 'hostname": "<hostname>"',
            prefix + 'kernel_id": ""',
            prefix + 'launch_index": 0',
            prefix + 'ramdisk_id": ""',
            prefix + 'reservation_id": "<reservation>"',
            prefix + 'root_device_name": <device>',
            prefix + 'user_data": <user_data>',
        ]
    return members


def template(form: str, minor: int, admin: bool, root: bytes) -> tuple[bytes, Picker]:
    """Return a bytes template and what picks its values, in order, out of `Values`."""
    text = "".join(_members(form, minor, admin)).replace("<root>", root.decode().replace("%", "%%"))
    places = [FIELDS.index(field) for field in _FIELD.findall(text)]
    picker: Picker = itemgetter(*places)
    return b"{" + _FIELD.sub("%b", text).encode() + b"}", picker
