# SPDX-License-Identifier: Apache-2.0
"""What plugins for OpenStack services have in common, for those who want it.

Opens a keystoneauth session for an entry of clouds.yaml, reads answers as raw bytes
and turns what can go wrong on the way into the errors of `synchronizer.plugin`. It
knows no service's resources, decodes no entity and never retries: that is the
business of a plugin, and of the sampler.
"""

from synchronizer.plugin.openstack.answers import Answer, excerpt, failure, translated
from synchronizer.plugin.openstack.credential import Credential, Rights
from synchronizer.plugin.openstack.reading import Reader
from synchronizer.plugin.openstack.session import CloudAccess, open_cloud

__all__ = [
    "Answer",
    "CloudAccess",
    "Credential",
    "Reader",
    "Rights",
    "excerpt",
    "failure",
    "open_cloud",
    "translated",
]
