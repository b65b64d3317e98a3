# SPDX-License-Identifier: Apache-2.0
"""One service of one cloud, as it is read: its endpoint, its headers, its errors."""

from collections.abc import Mapping
from typing import ClassVar

from keystoneauth1.adapter import Adapter

from synchronizer.plugin.openstack.answers import Answer, failure, translated
from synchronizer.plugin.openstack.credential import Credential
from synchronizer.plugin.openstack.reading import Reader
from synchronizer.plugin.openstack.session import CloudAccess


class Service:
    """Reads one service. Whoever needs several answers that agree uses one of these.

    `name` is what messages call it. `prefix`: what comes before all paths, for a catalogue
    whose endpoint has no version ("/v2.0"). `headers`: sent with each request.
    `understood`: the statuses that whoever asks has to make something of.
    """

    understood: ClassVar[frozenset[int]] = frozenset({200, 400, 404})

    def __init__(
        self,
        name: str,
        access: CloudAccess,
        *,
        adapter: Adapter | None = None,
        prefix: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        #: That which it is read at, where it has any.
        self.microversion: str | None = None
        self.credential = Credential(access.session)
        self._adapter = adapter or plain_adapter(access)
        self._prefix = prefix
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._reader = Reader(self._adapter, name, access.timeout, access.budget)

    @property
    def endpoint(self) -> str:
        """Where it is read. Asks Keystone if need be."""
        with translated(self.name):
            return f"{self._adapter.get_endpoint()}{self._prefix}"

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """The answer to a GET below the endpoint: a success (200), or another status that is
        `understood`, of whoever. Everything else is raised."""
        answer = self._reader.get(f"{self._prefix}{path}", params, self._headers)
        if answer.status not in self.understood:
            raise self.failure(answer)
        self.check(answer)
        return answer

    def failure(self, answer: Answer) -> Exception:
        """What an answer means that is not `understood`."""
        return failure(answer, self.name)

    def check(self, answer: Answer) -> None:
        """Raises what else speaks against an answer; for services with microversions."""


def plain_adapter(access: CloudAccess) -> Adapter:
    """The service as the catalogue has it, or clouds.yaml's override."""
    return Adapter(
        session=access.session,
        service_type=access.service_type,
        service_name=access.service_name,
        interface=access.interface,
        region_name=access.region_name,
        endpoint_override=access.endpoint_override,
    )


def version_prefix(adapter: Adapter, service: str, version: str) -> str:
    """What comes before all paths ("/v3") where the catalogue's endpoint lacks this version;
    empty where it has it. Asks Keystone if need be."""
    with translated(service):
        endpoint = str(adapter.get_endpoint() or "")
    return "" if endpoint.rstrip("/").endswith(version) else version
