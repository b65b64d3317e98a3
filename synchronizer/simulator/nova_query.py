# SPDX-License-Identifier: Apache-2.0
"""The parameters of a list of servers: checked and refused as Nova does.

A parameter that Nova knows and the simulation does not honour is refused with 501 rather than
ignored, so that no test passes by an answer that Nova would not have given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from synchronizer.simulator import instants
from synchronizer.simulator.accounts import Project
from synchronizer.simulator.nova_errors import NovaError
from synchronizer.simulator.state import STATUS_OF
from synchronizer.simulator.world import Server

PAGING = ("sort_key", "sort_dir", "limit", "marker")
SORT_KEYS: dict[str, Callable[[Server], Any]] = {
    "created_at": lambda server: server.state.created,
    "updated_at": lambda server: server.state.updated,
    "display_name": lambda server: server.state.name,
    "uuid": lambda server: server.facts.id,
    "vm_state": lambda server: server.state.vm_state,
}
_FILTERS = frozenset(
    (
        *("all_tenants", "changes-since", "changes-before", "deleted", "display_name", "locked"),
        *("name", "project_id", "status", "tenant_id", "uuid", "vm_state"),
        "soft_deleted",  # admits nothing more: no simulated server is ever soft-deleted
    )
)
_MEMBERS_NOT_SIMULATED = frozenset(
    (
        *("availability_zone", "config_drive", "description", "flavor", "image", "ip", "ip6"),
        *("key_name", "created_at", "launched_at", "terminated_at", "power_state", "progress"),
        *("not-tags", "not-tags-any", "reservation_id", "tags", "tags-any", "task_state"),
        *("hostname", "user_id"),
    )
)
_NOT_SIMULATED = _MEMBERS_NOT_SIMULATED | frozenset(
    (
        *("access_ip_v4", "access_ip_v6", "auto_disk_config", "display_description", "host"),
        *("image_ref", "kernel_id", "launch_index", "locked_by", "node", "ramdisk_id"),
        "root_device_name",
    )
)
_MEMBER_FILTERS = _MEMBERS_NOT_SIMULATED | frozenset(
    ("name", "status", "changes-since", "changes-before", "all_tenants")
)
_NOVA_SORT_KEYS = frozenset(SORT_KEYS) | frozenset(
    (
        *("access_ip_v4", "access_ip_v6", "auto_disk_config", "availability_zone", "config_drive"),
        *("display_description", "host", "hostname", "image_ref", "instance_type_id", "kernel_id"),
        *("key_name", "launch_index", "launched_at", "locked", "locked_by", "node", "power_state"),
        *("progress", "project_id", "ramdisk_id", "root_device_name", "task_state"),
        *("terminated_at", "user_id"),
    )
)
_SINCE_MICROVERSION = {"changes-before": 66, "locked": 73}
_STATUSES = frozenset(
    (
        *("ACTIVE", "BUILD", "DELETED", "ERROR", "HARD_REBOOT", "MIGRATING", "PASSWORD", "PAUSED"),
        *("REBOOT", "REBUILD", "RESCUE", "RESIZE", "REVERT_RESIZE", "SHELVED", "SHUTOFF"),
        *("SHELVED_OFFLOADED", "SOFT_DELETED", "SUSPENDED", "VERIFY_RESIZE"),
    )
)
_TRUE = ("1", "t", "true", "on", "y", "yes")
_FALSE = ("0", "f", "false", "off", "n", "no")


@dataclass(frozen=True)
class ListQuery:
    """A checked query; instants are microseconds since the epoch.

    `deleted` is None for both kinds.  `params` are what the next link repeats (of a parameter
    that is given twice, the greater value, although the last one counts).  `plain` says that
    nothing but all_tenants was asked, so that servers of a down cell may be shown in part.
    """

    params: dict[str, str]
    limit: int
    marker: str | None
    project: int | None
    deleted: bool | None
    since: int | None
    before: int | None
    keep: tuple[Callable[[Server], bool], ...]
    sort: tuple[tuple[str, bool], ...]
    plain: bool

    def admits(self, server: Server) -> bool:
        """Tell whether a server belongs to the answer."""
        state = server.state
        return (
            (self.deleted is None or state.deleted == self.deleted)
            and (self.project is None or server.facts.project == self.project)
            and (self.since is None or state.updated * 1_000_000 >= self.since)
            and (self.before is None or state.updated * 1_000_000 <= self.before)
            and all(keep(server) for keep in self.keep)
        )


def parse(
    query: Sequence[tuple[str, str]],
    minor: int,
    own: Project,
    projects: Sequence[Project],
    *,
    admin: bool,
    may_list_all: bool,
    max_limit: int,
    detail: bool,
) -> ListQuery:
    """Check the parameters of a list of servers.  Raises NovaError.

    `own` is the caller's project; `may_list_all` is the policy for all_tenants, which an
    admin has and a member has not.
    """
    params = _known(query, minor)
    options = {name: value for name, value in params.items() if name not in PAGING}
    if not admin:
        options = {name: value for name, value in options.items() if name in _MEMBER_FILTERS}
    refused = sorted(set(options) & _NOT_SIMULATED)
    if refused:
        raise NovaError(501, f"The simulated cloud does not filter by {', '.join(refused)}.")
    since, before = (
        instants.parse(options[name]) if name in options else None
        for name in ("changes-since", "changes-before")
    )
    if since is not None and before is not None and before < since:
        raise NovaError(
            400, "The value of changes-since must be less than or equal to changes-before."
        )
    keep, deleted = _filters(options, minor, admin)
    everybody = "all_tenants" in options and _boolean(options["all_tenants"])
    project: int | None = own.index
    if everybody:
        if not may_list_all:
            rule = f"os_compute_api:servers:{'detail' if detail else 'index'}:get_all_tenants"
            raise NovaError(403, f"Policy doesn't allow {rule} to be performed.")
        wanted = options.get("project_id", options.get("tenant_id"))
        known = {each.id: each.index for each in projects}
        project = None if wanted is None else known.get(wanted, len(projects))
    return ListQuery(
        params=dict(sorted(pair for pair in query if pair[0] in params)),
        limit=min(int(params.get("limit", max_limit)), max_limit),
        marker=params.get("marker"),
        project=project,
        deleted=deleted,
        since=since,
        before=before,
        keep=keep,
        sort=_sort(query),
        plain=not set(params) & set(PAGING) and list(options) in ([], ["all_tenants"]),
    )


def _known(query: Sequence[tuple[str, str]], minor: int) -> dict[str, str]:
    params: dict[str, str] = {}
    for name, value in query:
        known = name in _FILTERS or name in _NOT_SIMULATED or name in PAGING
        if name.startswith("_"):
            raise NovaError(400, f"Invalid filter field: {name}.")
        if not known or minor < _SINCE_MICROVERSION.get(name, 0):
            if minor >= 75:
                raise NovaError(400, f"{name!r} does not match any of the regexes: '^_'")
            continue
        _check(name, value)
        params[name] = value
    return params


def _check(name: str, value: str) -> None:
    problem = None
    if name == "limit":
        if not value:
            problem = "'' should be non-empty"
        elif not re.fullmatch("[0-9]*", value):
            problem = f"{value!r} does not match '^[0-9]*$'"
    elif name in ("changes-since", "changes-before"):
        try:
            instants.parse(value)
        except ValueError:
            problem = f"{value!r} is not a 'date-time'"
    elif name in ("name", "display_name"):
        try:
            re.compile(value)
        except re.error:
            problem = f"{value!r} is not a 'regex'"
    if problem:
        raise NovaError(
            400, f"Invalid input for query parameters {name}. Value: {value}. {problem}"
        )


def _filters(
    options: dict[str, str], minor: int, admin: bool
) -> tuple[tuple[Callable[[Server], bool], ...], bool | None]:
    keep: list[Callable[[Server], bool]] = []
    deleted: bool | None = False
    if "deleted" in options:
        deleted = options["deleted"].strip().lower() in _TRUE
    elif "changes-since" in options or "changes-before" in options:
        deleted = None
    vm_states = {options["vm_state"]} if "vm_state" in options else None
    if "status" in options:
        status = options["status"].upper()
        if status not in _STATUSES and minor >= 38:
            raise NovaError(400, "Invalid status value")
        vm_states = {vm for vm, shown in STATUS_OF.items() if shown == status}
    if vm_states is not None:
        wanted = vm_states
        if wanted == {"deleted"}:
            if not admin:
                raise NovaError(403, "Only administrators may list deleted instances")
            deleted = True
        keep.append(lambda server: server.state.vm_state in wanted)
    for name in ("name", "display_name"):
        if name in options:
            pattern = re.compile(options[name])
            keep.append(lambda server, p=pattern: bool(p.search(server.state.name)))  # type: ignore[misc]
    if "uuid" in options:
        uuid = options["uuid"].encode()
        keep.append(lambda server: server.facts.id == uuid)
    if "locked" in options:
        locked = _boolean(options["locked"])
        keep.append(lambda server: server.state.locked == locked)
    return tuple(keep), deleted


def _sort(query: Sequence[tuple[str, str]]) -> tuple[tuple[str, bool], ...]:
    """Return (key, descending) pairs; the id, ascending, comes last, as in Nova."""
    keys = [value.strip() for name, value in query if name == "sort_key"] or ["created_at"]
    dirs = [value.strip() for name, value in query if name == "sort_dir"] or ["desc"]
    for key in keys:
        if key not in _NOVA_SORT_KEYS:
            allowed = sorted(_NOVA_SORT_KEYS)
            raise NovaError(
                400,
                f"Invalid input for query parameters sort_key. Value: {key}. "
                f"{key!r} is not one of {allowed}",
            )
        if key not in SORT_KEYS:
            raise NovaError(501, f"The simulated cloud does not sort by {key}.")
    for direction in dirs:
        if direction not in ("asc", "desc"):
            raise NovaError(
                400,
                "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'",
            )
    dirs += [dirs[0]] * (len(keys) - len(dirs))
    pairs = [(key, direction == "desc") for key, direction in zip(keys, dirs, strict=False)]
    if "uuid" not in keys:
        pairs.append(("uuid", False))
    return tuple(pairs)


def _boolean(text: str) -> bool:
    if text == "":
        return True
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    options = ", ".join(repr(option) for option in sorted(_TRUE + _FALSE))
    raise NovaError(
        400,
        f"Unrecognized value '{text}', acceptable values are: {options}",
    )


DEFAULT_SORT = (("created_at", True), ("uuid", False))
