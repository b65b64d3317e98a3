# SPDX-License-Identifier: Apache-2.0
"""A plugin for the tests' own service: one type for each way of paging."""

from typing import ClassVar

from synchronizer.model import EntityType
from synchronizer.plugin.openstack import (
    UNPAGED,
    Answer,
    Kind,
    OpenStackPlugin,
    Paging,
    by_href,
    by_last_id,
    by_links,
)
from tests.functional.openstack.fleet import SIZE

WAYS: dict[str, Paging] = {
    "linked": by_links("ships_links", SIZE),
    "chained": by_href("links", "next", size=SIZE),
    "marked": by_last_id(SIZE),
    "whole": UNPAGED,
}


def _kind(way: str, *, one: bool) -> Kind:
    return Kind(
        type=EntityType(f"fleet.{way}", scope_field="project_id"),
        path=f"/{way}",
        plural="ships",
        paging=WAYS[way.removeprefix("bare-")],
        one=f"/{way}/{{id}}" if one else None,
        singular="ship",
    )


class FleetPlugin(OpenStackPlugin):
    service: ClassVar[str] = "fleet"
    service_type: ClassVar[str] = "fleet"
    kinds: ClassVar[tuple[Kind, ...]] = (
        *(_kind(way, one=True) for way in WAYS),
        _kind("bare-linked", one=False),
    )

    def says_not_found(self, answer: Answer, id_: str) -> bool:
        return f"no ship {id_}".encode() in answer.body
