# SPDX-License-Identifier: Apache-2.0
"""Nova of one cloud: python-novaclient's session, endpoint and microversion, read raw."""

import contextlib
from collections.abc import Iterator

from keystoneauth1.adapter import Adapter
from novaclient import api_versions
from novaclient import client as novaclient
from novaclient import exceptions as nova_errors

from synchronizer.plugin import (
    BadAnswer,
    BadConfiguration,
    NotPermitted,
    SourceBusy,
    SourceUnavailable,
)
from synchronizer.plugin.openstack import (
    Answer,
    CloudAccess,
    MicroversionGone,
    Service,
    excerpt,
    translated,
)

NAME = "nova"

_LATEST = api_versions.APIVersion("2.latest")


class Nova(Service):
    """Nova at one microversion: the configured one if Nova offers it, or the highest that both
    sides know."""

    microversion: str

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
        super().__init__(NAME, access, adapter=_adapter(client.client), headers=headers)
        self.microversion = version.get_string()

    def failure(self, answer: Answer) -> Exception:
        if answer.status == 406:
            return MicroversionGone(
                f"nova no longer offers microversion {self.microversion}: {excerpt(answer.body)}"
            )
        return super().failure(answer)

    def check(self, answer: Answer) -> None:
        """`BadAnswer` for one at another microversion."""
        used = answer.headers.get(api_versions.HEADER_NAME)
        if used is not None and used != f"{api_versions.SERVICE_TYPE} {self.microversion}":
            raise BadAnswer(
                f"nova answered at microversion {used!r} instead of {self.microversion};"
                " does a proxy drop the header OpenStack-API-Version?"
            )


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
    with translated(NAME), _translated_novaclient():
        version = api_versions.discover_version(client, configured or _LATEST)
        if version.ver_minor == 0:
            # What novaclient makes of a 401, and of a document without versions.
            endpoint = client.client.get_endpoint()
            raise SourceUnavailable(f"nova at {endpoint} does not tell its microversions")
    return version


def _adapter(client: Adapter) -> Adapter:
    """What novaclient sends through, without its decoding of every answer."""
    return Adapter(
        session=client.session,
        service_type=client.service_type,
        service_name=client.service_name,
        interface=client.interface,
        region_name=client.region_name,
        endpoint_override=client.endpoint_override,
        client_name=client.client_name,
        client_version=client.client_version,
    )


@contextlib.contextmanager
def _translated_novaclient() -> Iterator[None]:
    try:
        yield
    except nova_errors.UnsupportedVersion as error:
        raise BadConfiguration(f"nova: {error}") from error
    except nova_errors.ClientException as error:
        # What came with it may hold the token, and stays out of messages and tracebacks.
        said = f"nova: its versions document answered {error.code}"
        if error.code in {401, 403}:
            raise NotPermitted(f"{said}; give the user in clouds.yaml a role there") from None
        if error.code in {413, 429}:
            wait = getattr(error, "retry_after", 0)
            raise SourceBusy(said, retry_after=wait or None) from None
        raise SourceUnavailable(
            f"{said}; is nova's endpoint in the catalogue right?" if error.code == 404 else said
        ) from None
