# SPDX-License-Identifier: Apache-2.0
"""Peculiarities of what servers live on and in: compute services, flavors, server groups."""

from collections.abc import Sequence

import msgspec

from synchronizer.model import Entity
from synchronizer.plugin import BadAnswer
from synchronizer.plugin.openstack import Service, Sorted

Text = msgspec.Raw | bytes


class _ComputeService(msgspec.Struct):
    id: str | None = None
    host: str = ""
    status: str = ""


class _Members(msgspec.Struct):
    members: list[str] = []


_services = msgspec.json.Decoder(_ComputeService)
_members = msgspec.json.Decoder(_Members)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def sort_services(body: bytes, services: Sequence[Text]) -> Sorted:
    """Leaves out what Nova makes up for the hosts of a down cell: UNKNOWN services without id."""
    if b'"UNKNOWN"' not in body:
        return Sorted(services)
    items: list[Text] = []
    hosts: list[str] = []
    for raw in services:
        try:
            row = _services.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            items.append(raw)  # the sampler says what is wrong with it
            continue
        if row.id is None and row.status == "UNKNOWN":
            hosts.append(row.host)
        else:
            items.append(raw)
    problems = []
    if hosts:
        problems.append(
            f"a cell is down: the services of {len(hosts)} hosts cannot be read, such as that of"
            f" {hosts[0]}"
        )
    return Sorted(items, problems=problems)


def members_in_order(group: Text) -> Text:
    """A server group with its members sorted; Nova has them in a set, in any order."""
    try:
        members = _members.decode(group).members
        if members == sorted(members):
            return group
        fields = _fields.decode(group)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return group  # the sampler says what is wrong with it
    fields["members"] = msgspec.Raw(msgspec.json.encode(sorted(members)))
    return msgspec.json.encode(fields)


def is_private(flavor: Entity, own_project: str | None) -> bool:
    """Whether hardly anybody but an administrator sees a flavor."""
    return flavor.get("os-flavor-access:is_public") is False


def flavors_hidden(nova: Service) -> str | None:
    """What speaks against the credential's seeing all flavors; None if it does.

    To who is no administrator Nova shows the public flavors and a project's own private ones,
    with 200. It reads `is_public` for administrators alone, and refuses a value that is none.
    """
    answer = nova.get("/flavors", {"is_public": "whichever", "limit": "1"})
    if answer.status == 400:
        return None
    if answer.status == 200:
        return "nova shows this credential only public flavors and those of its project"
    raise BadAnswer(f"nova: {answer.request} answered {answer.status}")
