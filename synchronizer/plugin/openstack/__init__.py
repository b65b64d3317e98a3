# SPDX-License-Identifier: Apache-2.0
"""What plugins for OpenStack services have in common, for those who want it.

A plugin declares its kinds (`Kind`: where they are listed, how pages follow each other)
and says what a 404 of its service looks like; `OpenStackPlugin` does the rest. Below it:
a keystoneauth session for an entry of clouds.yaml, answers read as raw bytes, and what can
go wrong on the way as the errors of `synchronizer.plugin`. Nothing here knows a service's
resources, decodes whole entities or retries: that is the business of a plugin, and of the
sampler.
"""

from synchronizer.plugin.openstack.answers import Answer, excerpt, failure, translated
from synchronizer.plugin.openstack.connection import Connection, MicroversionGone
from synchronizer.plugin.openstack.credential import Credential, Rights
from synchronizer.plugin.openstack.kinds import Kind, Sorted, Text
from synchronizer.plugin.openstack.microversions import (
    MicroversionService,
    client_adapter,
    versions_translated,
)
from synchronizer.plugin.openstack.paging import (
    UNPAGED,
    Paging,
    by_href,
    by_last_id,
    by_links,
    by_offset,
)
from synchronizer.plugin.openstack.plugin import SETTINGS, OpenStackPlugin
from synchronizer.plugin.openstack.reading import Reader
from synchronizer.plugin.openstack.service import Service, plain_adapter, version_prefix
from synchronizer.plugin.openstack.session import CloudAccess, open_cloud

__all__ = [
    "SETTINGS",
    "UNPAGED",
    "Answer",
    "CloudAccess",
    "Connection",
    "Credential",
    "Kind",
    "MicroversionGone",
    "MicroversionService",
    "OpenStackPlugin",
    "Paging",
    "Reader",
    "Rights",
    "Service",
    "Sorted",
    "Text",
    "by_href",
    "by_last_id",
    "by_links",
    "by_offset",
    "client_adapter",
    "excerpt",
    "failure",
    "open_cloud",
    "plain_adapter",
    "translated",
    "version_prefix",
    "versions_translated",
]
