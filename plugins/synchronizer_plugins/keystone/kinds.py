# SPDX-License-Identifier: Apache-2.0
"""The types of Keystone that have an id there, and how they are listed."""

import dataclasses
from collections.abc import Mapping

import msgspec

from synchronizer.plugin import EntityType
from synchronizer.plugin.openstack import Kind, Text, by_href, documents

#: Keystone gives no more in one answer (max_db_limit), unless it is configured otherwise. Asked
#: without a limit, it stops there without a word: so these are always asked with one.
PAGE_SIZE = 1000

# A full page without a link is no sign of anything: Keystones before 2025.1 know no pages. All
# of them say `truncated` where something is left out.
_PAGED = dataclasses.replace(by_href("links", "next", size=PAGE_SIZE), links=False)


def _of_another_domain(entity: Mapping[str, object], own: str | None) -> bool:
    """A credential of one domain sees that one alone."""
    domain = entity.get("domain_id")
    return isinstance(domain, str) and domain != own


def _another_domain(domain: Mapping[str, object], own: str | None) -> bool:
    return isinstance(domain.get("id"), str) and domain["id"] != own


def _never(entity: Mapping[str, object], own: str | None) -> bool:
    """Everybody sees all of them, or nobody without the role sees any (403)."""
    return False


def without_federated(user: Text) -> Text:
    """A user as a listing has it: a GET shows its identities elsewhere, too."""
    if b'"federated"' not in bytes(user):
        return user
    try:
        fields = documents.fields(user)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return user  # the sampler says what is wrong with it
    if fields.pop("federated", None) is None:
        return user
    return msgspec.json.encode(fields)


PROJECTS = Kind(
    type=EntityType("keystone.project", scope_field="domain_id"),
    path="/projects",
    plural="projects",
    paging=_PAGED,
    one="/projects/{id}",
    singular="project",
    vouches=_of_another_domain,
)
USERS = Kind(
    type=EntityType("keystone.user", scope_field="domain_id"),
    path="/users",
    plural="users",
    paging=_PAGED,
    one="/users/{id}",
    singular="user",
    shape=without_federated,
    vouches=_of_another_domain,
)
DOMAINS = Kind(
    type=EntityType("keystone.domain"),
    path="/domains",
    plural="domains",
    paging=_PAGED,
    one="/domains/{id}",
    singular="domain",
    vouches=_another_domain,
)

# Those below come whole. Of services and endpoints Keystone takes a limit, and gives a link on
# whose marker it then ignores; of regions it refuses one.
REGIONS = Kind(
    type=EntityType("keystone.region"),
    path="/regions",
    plural="regions",
    one="/regions/{id}",
    singular="region",
    vouches=_never,
)
SERVICES = Kind(
    type=EntityType("keystone.service"),
    path="/services",
    plural="services",
    one="/services/{id}",
    singular="service",
    vouches=_never,
)
ENDPOINTS = Kind(
    type=EntityType("keystone.endpoint"),
    path="/endpoints",
    plural="endpoints",
    one="/endpoints/{id}",
    singular="endpoint",
    vouches=_never,
)
