# SPDX-License-Identifier: Apache-2.0
"""Nova of one cloud: python-novaclient's session, endpoint and microversion, read raw."""

import contextlib
import threading
from collections.abc import Iterator, Mapping

from keystoneauth1.adapter import Adapter
from novaclient import api_versions
from novaclient import client as novaclient
from novaclient import exceptions as nova_errors
from oslo_log import log as logging

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
    Credential,
    Reader,
    excerpt,
    failure,
    open_cloud,
    translated,
)

LOG = logging.getLogger(__name__)

SERVICE = "nova"

#: From here on Nova shows a server of a down cell when asked for it, instead of failing.
SHOWS_DOWN_CELLS = api_versions.APIVersion("2.69")

_LATEST = api_versions.APIVersion("2.latest")


class Nova:
    """Nova at one microversion. Whoever needs several answers that agree uses one of these."""

    def __init__(self, access: CloudAccess, configured: api_versions.APIVersion | None) -> None:
        self.credential = Credential(access.session)
        self._client = novaclient.Client(
            "2.1",
            session=access.session,
            service_type=access.service_type,
            service_name=access.service_name,
            endpoint_type=access.interface,
            region_name=access.region_name,
            endpoint_override=access.endpoint_override,
        )
        version = self._discover(configured)
        self._client.api_version = version
        self.microversion: str = version.get_string()
        self.shows_down_cells: bool = version >= SHOWS_DOWN_CELLS
        self._headers: dict[str, str] = {"Accept": "application/json"}
        api_versions.update_headers(self._headers, version)
        self._reader = Reader(self._adapter(), SERVICE, access.timeout)

    @property
    def endpoint(self) -> str:
        with translated(SERVICE):
            return str(self._client.client.get_endpoint())

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """The answer to a GET below the endpoint: a success (200), or a 400 or 404 of whoever.

        Everything else is raised, also an answer at another microversion.
        """
        answer = self._reader.get(path, params, self._headers)
        if answer.status == 406:
            raise MicroversionGone(
                f"nova no longer offers microversion {self.microversion}: {excerpt(answer.body)}"
            )
        if answer.status not in {200, 400, 404}:
            raise failure(answer, SERVICE)
        used = answer.headers.get(api_versions.HEADER_NAME)
        if used is not None and used != f"{api_versions.SERVICE_TYPE} {self.microversion}":
            raise BadAnswer(
                f"nova answered at microversion {used!r} instead of {self.microversion};"
                " does a proxy drop the header OpenStack-API-Version?"
            )
        return answer

    def _discover(self, configured: api_versions.APIVersion | None) -> api_versions.APIVersion:
        """The configured microversion if Nova offers it, or the highest that both sides know."""
        with translated(SERVICE), _translated_novaclient():
            version = api_versions.discover_version(self._client, configured or _LATEST)
        if version.ver_minor == 0:
            # What novaclient makes of a 401, and of a document without versions.
            raise SourceUnavailable(f"nova at {self.endpoint} does not tell its microversions")
        return version

    def _adapter(self) -> Adapter:
        """What novaclient sends through, without its decoding of every answer."""
        client = self._client.client
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


class MicroversionGone(Exception):
    """Nova no longer offers the microversion that it offered before."""


class Connection:
    """Makes a `Nova` when it is first asked for, and keeps it for the life of the process."""

    def __init__(
        self, cloud: str, *, region: str, interface: str, timeout: float, microversion: str
    ) -> None:
        self._cloud = cloud
        self._region = region
        self._interface = interface
        self._timeout = timeout
        self._configured = _parsed(microversion)
        self._lock = threading.Lock()
        self._access: CloudAccess | None = None
        self._nova: Nova | None = None

    def nova(self) -> Nova:
        """Nova at the microversion that was configured or, once, discovered."""
        with self._lock:
            if self._nova is None:
                self._nova = Nova(self._open(), self._configured)
                _announce(self._cloud, self._nova)
            return self._nova

    @contextlib.contextmanager
    def using(self) -> Iterator[Nova]:
        """As `nova`, for some requests; after `MicroversionGone` the next ask discovers again."""
        nova = self.nova()
        try:
            yield nova
        except MicroversionGone as error:
            if self._configured is not None:
                raise BadConfiguration(
                    f"nova does not offer the configured microversion {nova.microversion}"
                ) from error
            with self._lock:
                if self._nova is nova:
                    self._nova = None
            raise SourceUnavailable(f"{error}; it is asked anew") from error

    def close(self) -> None:
        with self._lock:
            if self._access is not None:
                self._access.session.close()
            self._access = self._nova = None

    def _open(self) -> CloudAccess:
        if self._access is None:
            self._access = open_cloud(
                self._cloud,
                "compute",
                region=self._region,
                interface=self._interface,
                timeout=self._timeout,
            )
        return self._access


def _parsed(microversion: str) -> api_versions.APIVersion | None:
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


def _announce(cloud: str, nova: Nova) -> None:
    LOG.info("%s: nova is read at microversion %s", cloud, nova.microversion)
    if not nova.shows_down_cells:
        LOG.warning(
            "%s: below microversion %s nova answers with an error where a cell is down; its"
            " servers are neither updated nor taken for deleted meanwhile",
            cloud,
            SHOWS_DOWN_CELLS.get_string(),
        )


@contextlib.contextmanager
def _translated_novaclient() -> Iterator[None]:
    try:
        yield
    except nova_errors.UnsupportedVersion as error:
        raise BadConfiguration(f"nova: {error}") from error
    except nova_errors.ClientException as error:
        said = (
            f"nova: its versions document answered {error.code}: {excerpt(error.message.encode())}"
        )
        if error.code in {401, 403}:
            raise NotPermitted(said) from error
        if error.code in {413, 429}:
            wait = getattr(error, "retry_after", 0)
            raise SourceBusy(said, retry_after=wait or None) from error
        raise SourceUnavailable(said) from error
