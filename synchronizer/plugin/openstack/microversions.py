# SPDX-License-Identifier: Apache-2.0
"""Services with microversions: read at one, and said when it is gone or another one answers."""

import contextlib
from collections.abc import Iterator
from typing import Any, ClassVar

from keystoneauth1.adapter import Adapter

from synchronizer import errors
from synchronizer.plugin.openstack.answers import Answer, excerpt
from synchronizer.plugin.openstack.connection import MicroversionGone
from synchronizer.plugin.openstack.service import Service

HEADER = "OpenStack-API-Version"


class MicroversionService(Service):
    """A service at one microversion. `called`: its name in the header ("compute")."""

    called: ClassVar[str]
    microversion: str

    def failure(self, answer: Answer) -> Exception:
        if answer.status == 406:
            return MicroversionGone(
                f"{self.name} no longer offers microversion {self.microversion}:"
                f" {excerpt(answer.body)}"
            )
        return super().failure(answer)

    def check(self, answer: Answer) -> None:
        """`BadAnswer` for one at another microversion."""
        used = answer.headers.get(HEADER)
        if used is not None and used != f"{self.called} {self.microversion}":
            raise errors.BadAnswer(
                f"{self.name} answered at microversion {used!r} instead of {self.microversion};"
                f" does a proxy drop the header {HEADER}?"
            )


def client_adapter(client: Any) -> Adapter:
    """What a client library's session client sends through, without its errors and its decoding
    of every answer."""
    names = {
        name: getattr(client, name)
        for name in ("client_name", "client_version", "user_agent")
        if getattr(client, name, None)
    }
    return Adapter(
        session=client.session,
        service_type=client.service_type,
        service_name=client.service_name,
        interface=client.interface,
        region_name=client.region_name,
        endpoint_override=client.endpoint_override,
        **names,
    )


@contextlib.contextmanager
def versions_translated(service: str, exceptions: Any) -> Iterator[None]:
    """Turns what a client library raises while it reads the service's versions into our errors.

    `exceptions`: the library's module of them, with `UnsupportedVersion` and
    `ClientException`.
    """
    try:
        yield
    except exceptions.UnsupportedVersion as error:
        raise errors.BadConfiguration(f"{service}: {error}") from error
    except exceptions.ClientException as error:
        # What came with it may hold the token, and stays out of messages and tracebacks.
        said = f"{service}: its versions document answered {error.code}"
        if error.code in {401, 403}:
            raise errors.NotPermitted(
                f"{said}; give the user in clouds.yaml a role there"
            ) from None
        if error.code in {413, 429}:
            wait = getattr(error, "retry_after", 0)
            raise errors.SourceBusy(said, retry_after=wait or None) from None
        if error.code == 404:
            said += f"; is {service}'s endpoint in the catalogue right?"
        raise errors.SourceUnavailable(said) from None
