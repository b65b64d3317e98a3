# SPDX-License-Identifier: Apache-2.0
"""Cinder of one cloud: python-cinderclient's session, endpoint and microversion, read raw."""

import contextlib
from collections.abc import Iterator

from cinderclient import api_versions
from cinderclient import client as cinderclient
from cinderclient import exceptions as cinder_errors
from keystoneauth1.adapter import Adapter

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
from synchronizer_plugins.cinder import changes

NAME = "cinder"

_HEADER = "OpenStack-API-Version"
_LATEST = api_versions.APIVersion("3.latest")
_TELLS_CHANGES = api_versions.APIVersion(changes.MICROVERSION)


class Cinder(Service):
    """Cinder at one microversion: the configured one, or the highest that both sides know."""

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
        super().__init__(NAME, access, adapter=_adapter(client.client))
        version = self._discover(client, configured)
        self.microversion = version.get_string()
        self.tells_changes: bool = version >= _TELLS_CHANGES
        api_versions.update_headers(self._headers, version)

    def failure(self, answer: Answer) -> Exception:
        if answer.status == 406:
            return MicroversionGone(
                f"cinder no longer offers microversion {self.microversion}: {excerpt(answer.body)}"
            )
        return super().failure(answer)

    def check(self, answer: Answer) -> None:
        used = answer.headers.get(_HEADER)
        if used is not None and used != f"volume {self.microversion}":
            raise BadAnswer(
                f"cinder answered at microversion {used!r} instead of {self.microversion};"
                f" does a proxy drop the header {_HEADER}?"
            )

    def _discover(
        self, client: cinderclient.Client, configured: api_versions.APIVersion | None
    ) -> api_versions.APIVersion:
        self.endpoint  # noqa: B018  # says what is wrong if there is none
        with translated(NAME), _translated_cinderclient():
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


def _adapter(client: cinderclient.SessionClient) -> Adapter:
    """What cinderclient sends through, without its decoding of every answer."""
    return Adapter(
        session=client.session,
        service_type=client.service_type,
        service_name=client.service_name,
        interface=client.interface,
        region_name=client.region_name,
        endpoint_override=client.endpoint_override,
        user_agent=client.user_agent,
    )


@contextlib.contextmanager
def _translated_cinderclient() -> Iterator[None]:
    try:
        yield
    except cinder_errors.UnsupportedVersion as error:
        raise BadConfiguration(f"cinder: {error}") from error
    except cinder_errors.ClientException as error:
        # What came with it may hold the token, and stays out of messages and tracebacks.
        said = f"cinder: its versions document answered {error.code}"
        if error.code in {401, 403}:
            raise NotPermitted(f"{said}; give the user in clouds.yaml a role there") from None
        if error.code in {413, 429}:
            wait = getattr(error, "retry_after", 0)
            raise SourceBusy(said, retry_after=wait or None) from None
        raise SourceUnavailable(
            f"{said}; is cinder's endpoint in the catalogue right?" if error.code == 404 else said
        ) from None
