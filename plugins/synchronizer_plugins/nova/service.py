# SPDX-License-Identifier: Apache-2.0
"""Nova of one cloud: python-novaclient's session, endpoint and microversion, read raw."""

from novaclient import api_versions
from novaclient import client as novaclient
from novaclient import exceptions as nova_errors

from synchronizer.plugin import BadConfiguration, SourceUnavailable
from synchronizer.plugin.openstack import (
    CloudAccess,
    MicroversionService,
    client_adapter,
    translated,
    versions_translated,
)

NAME = "nova"

_LATEST = api_versions.APIVersion("2.latest")


class Nova(MicroversionService):
    """Nova at one microversion: the configured one if Nova offers it, or the highest that both
    sides know."""

    called = api_versions.SERVICE_TYPE

    def __init__(self, access: CloudAccess, configured: api_versions.APIVersion | None) -> None:
        client = novaclient.Client(
            "2.1",
            session=access.session,
            service_type=access.service_type,
            service_name=access.service_name,
            endpoint_type=access.interface,
            region_name=access.region_name,
            endpoint_override=access.endpoint_override,
        )
        version = _discovered(client, configured)
        headers: dict[str, str] = {}
        api_versions.update_headers(headers, version)
        super().__init__(NAME, access, adapter=client_adapter(client.client), headers=headers)
        self.microversion = version.get_string()


def parsed(microversion: str) -> api_versions.APIVersion | None:
    """A configured microversion; None where it is to be discovered."""
    if not microversion:
        return None
    try:
        version = api_versions.get_api_version(microversion)
    except nova_errors.UnsupportedVersion as error:
        raise BadConfiguration(f"microversion: {error}") from None
    if version.is_latest():
        return None
    if version.ver_minor == 0:
        raise BadConfiguration(f"microversion: {microversion!r} is not 2.1 or later")
    return version


def _discovered(
    client: novaclient.Client, configured: api_versions.APIVersion | None
) -> api_versions.APIVersion:
    with translated(NAME), versions_translated(NAME, nova_errors):
        version = api_versions.discover_version(client, configured or _LATEST)
        if version.ver_minor == 0:
            # What novaclient makes of a 401, and of a document without versions.
            endpoint = client.client.get_endpoint()
            raise SourceUnavailable(f"nova at {endpoint} does not tell its microversions")
    return version
