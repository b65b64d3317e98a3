# SPDX-License-Identifier: Apache-2.0
"""From Nova's own notifications to the entities that they speak of.

Both forms are understood: versioned ones (`instance.delete.end`, an object whose fields are
below `nova_object.data`) and the older ones (`compute.instance.delete.end`, plain fields).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from synchronizer.plugin import Hint

#: Where Nova publishes, by default, as (exchange, topic).
CHANNELS = (("nova", "versioned_notifications"), ("nova", "notifications"))

_SERVER = "nova.server"
_HYPERVISOR = "nova.hypervisor"
_SERVICE = "nova.service"
_AGGREGATE = "nova.aggregate"
_FLAVOR = "nova.flavor"
_GROUP = "nova.server_group"


def hints(event_type: object, payload: object) -> Iterable[Hint]:
    """The entities that a notification speaks of; none for one that is of no interest, or not
    of Nova's form. Never raises."""
    if not isinstance(event_type, str) or not isinstance(payload, Mapping):
        return ()
    data = payload.get("nova_object.data", payload)
    if not isinstance(data, Mapping):
        return ()
    subject, _, action = event_type.removeprefix("compute.").partition(".")
    understand = _SUBJECTS.get(subject)
    return () if understand is None else tuple(understand(action, data))


def _of_server(action: str, data: Mapping[str, Any]) -> Iterator[Hint]:
    id_ = _text(data, "uuid", "instance_id")
    if id_ and action != "exists":  # the audit, which goes through all servers each hour
        yield Hint(_SERVER, id_, deleted=action == "delete.end")


def _of_building(action: str, data: Mapping[str, Any]) -> Iterator[Hint]:
    """What the conductor says when it finds no host, and the server ends in ERROR."""
    id_ = _text(data, "instance_uuid", "instance_id")
    if id_:
        yield Hint(_SERVER, id_)


def _of_service(action: str, data: Mapping[str, Any]) -> Iterator[Hint]:
    id_ = _text(data, "uuid")
    if not id_:
        return
    yield Hint(_SERVICE, id_, deleted=action == "delete")
    if data.get("binary") == "nova-compute":
        # It shows whether its service is disabled, and why; and goes with it.
        yield Hint(_HYPERVISOR, None)


def _of_aggregate(action: str, data: Mapping[str, Any]) -> Iterator[Hint]:
    if action.endswith(".start") or action.startswith("cache_images"):
        return
    id_ = _text(data, "uuid")
    if id_ or "aggregate_id" in data:
        yield Hint(_AGGREGATE, id_, deleted=id_ is not None and action == "delete.end")
        # Its hosts are in the zone that its metadata name.
        yield Hint(_SERVICE, None)


def _of_flavor(action: str, data: Mapping[str, Any]) -> Iterator[Hint]:
    id_ = _text(data, "flavorid")
    if id_:
        yield Hint(_FLAVOR, id_, deleted=action == "delete")


def _of_group(action: str, data: Mapping[str, Any]) -> Iterator[Hint]:
    id_ = _text(data, "uuid", "server_group_id")
    if id_:
        yield Hint(_GROUP, id_, deleted=action == "delete")


_SUBJECTS = {
    "instance": _of_server,
    "compute_task": _of_building,
    "service": _of_service,
    "aggregate": _of_aggregate,
    "flavor": _of_flavor,
    "server_group": _of_group,
    "servergroup": _of_group,
}


def _text(data: Mapping[str, Any], *names: str) -> str | None:
    """The first of these fields that is a text, and not empty."""
    for name in names:
        value = data.get(name)
        if isinstance(value, str) and value:
            return value
    return None
