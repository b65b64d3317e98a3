# SPDX-License-Identifier: Apache-2.0
"""What the author of a plugin sees, and all that a plugin needs to import.

A plugin subclasses `Plugin`, declares its entity types and hands over pages of raw
JSON; capabilities that the service has beside that (`GetsChanges`, `GetsOne`,
`KnowsScope`, `HearsNotifications`) are small classes to inherit from. It is found
by its entry point in the group `synchronizer.plugins`.

This package never samples, compares or records anything, and assumes nothing about
the service behind a plugin; `synchronizer.plugin.openstack` holds what plugins for
OpenStack have in common, for those who want it, and `synchronizer.plugin.conformance` the
checks that a plugin's author runs with pytest.
"""

from synchronizer.errors import (
    BadAnswer,
    BadConfiguration,
    ListingBroken,
    NoSuchService,
    NotFound,
    NotPermitted,
    SourceBusy,
    SourceUnavailable,
    Unclear,
    several,
)
from synchronizer.model import Entity, EntityType
from synchronizer.plugin.base import (
    GetsChanges,
    GetsOne,
    HearsNotifications,
    KnowsScope,
    Plugin,
    PluginContext,
)
from synchronizer.plugin.budget import Budget
from synchronizer.plugin.page import Hint, Page, Setting

__all__ = [
    "BadAnswer",
    "BadConfiguration",
    "Budget",
    "Entity",
    "EntityType",
    "GetsChanges",
    "GetsOne",
    "HearsNotifications",
    "Hint",
    "KnowsScope",
    "ListingBroken",
    "NoSuchService",
    "NotFound",
    "NotPermitted",
    "Page",
    "Plugin",
    "PluginContext",
    "Setting",
    "SourceBusy",
    "SourceUnavailable",
    "Unclear",
    "several",
]
