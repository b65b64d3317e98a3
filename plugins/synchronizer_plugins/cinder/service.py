# SPDX-License-Identifier: Apache-2.0
"""Cinder of one cloud: python-cinderclient's session, endpoint and microversion, read raw."""

from cinderclient import api_versions
from cinderclient import client as cinderclient
from cinderclient import exceptions as cinder_errors

from synchronizer.plugin import BadConfiguration
from synchronizer.plugin.openstack import (
    CloudAccess,
    MicroversionService,
    client_adapter,
    translated,
    versions_translated,
)
from synchronizer_plugins.cinder import changes

NAME = "cinder"

_LATEST = api_versions.APIVersion("3.latest")
_TELLS_CHANGES = api_versions.APIVersion(changes.MICROVERSION)


class Cinder(MicroversionService):
    """Cinder at one microversion: the configured one, or the highest that both sides know."""

    called = "volume"

    def __init__(self, access: CloudAccess, configured: api_versions.APIVersion | None) -> None:
        client = cinderclient.Client(
            "3.0",
            session=access.session,
            service_type=access.service_type,
            service_name=access.service_name,
            interface=access.interface,
            region_name=access.region_name,
            endpoint_override=access.endpoint_override,
        )
        super().__init__(NAME, access, adapter=client_adapter(client.client))
        version = self._discover(client, configured)
        self.microversion = version.get_string()
        self.tells_changes: bool = version >= _TELLS_CHANGES
        api_versions.update_headers(self._headers, version)

    def _discover(
        self, client: cinderclient.Client, configured: api_versions.APIVersion | None
    ) -> api_versions.APIVersion:
        self.endpoint  # noqa: B018  # says what is wrong if there is none
        with translated(NAME), versions_translated(NAME, cinder_errors):
            version = api_versions.discover_version(client, configured or _LATEST)
        if configured is not None and version != configured:
            raise BadConfiguration(
                f"cinder or python-cinderclient does not know microversion"
                f" {configured.get_string()}; the highest of both is {version.get_string()}"
            )
        return version


def parsed(microversion: str) -> api_versions.APIVersion | None:
    """A configured microversion; None for none. `BadConfiguration` if it is not one."""
    if not microversion:
        return None
    try:
        version = api_versions.get_api_version(microversion)
    except cinder_errors.UnsupportedVersion as error:
        raise BadConfiguration(f"microversion: {error}") from None
    return None if version.is_latest() else version
