# SPDX-License-Identifier: Apache-2.0
"""GET requests whose answers are read as raw bytes, within a deadline of our own.

requests' time-outs hold for each read: a service that sends a byte now and then
would never meet them. Nothing of a body is ever logged.
"""

import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

import urllib3
from keystoneauth1.adapter import Adapter

from synchronizer import errors
from synchronizer.plugin.budget import Budget
from synchronizer.plugin.openstack.answers import Answer, server_time, translated

#: The largest body that is read, in bytes. A page of 1000 servers has 3 MB.
MAX_BODY = 1 << 29
#: How much of an error's body is read.
MAX_ERROR_BODY = 1 << 16
#: Seconds to establish a connection.
CONNECT_TIMEOUT = 10.0

_CHUNK = 1 << 20


class Reader:
    """Reads one service through a keystoneauth adapter. Safe to use from several threads.

    `timeout`: seconds that one request may take, from sending it to the end of its
    answer (authenticating, where that is due, has the session's own). `budget`: of the
    service; waiting for it takes nothing of the time either.
    """

    def __init__(self, adapter: Adapter, service: str, timeout: float, budget: Budget) -> None:
        self._adapter = adapter
        self._service = service
        self._timeout = timeout
        self._budget = budget

    def get(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """The answer, whatever its status; `path` is below the service's endpoint.

        Raises `SourceUnavailable` when there is no answer in time, `BadAnswer` when
        it ends too early, and what authentication raises.
        """
        request = f"GET {path}"
        url = f"{path}?{urllib.parse.urlencode(params)}" if params else path
        answer = self._get(request, url, headers)
        if answer.status == 401 and self._renew():
            answer = self._get(request, url, headers)
        return answer

    def _renew(self) -> bool:
        """Whether another token is to be had; the present one was refused."""
        with translated("keystone"):
            renewed: bool = self._adapter.invalidate()
        return renewed

    def _get(self, request: str, url: str, headers: Mapping[str, str]) -> Answer:
        with translated("keystone"):
            # Whoever has to authenticate first does not spend the request's time on it.
            self._adapter.get_token()
        with self._budget.request(), translated(self._service):
            deadline = time.monotonic() + self._timeout
            response = self._adapter.request(
                url,
                "GET",
                headers=dict(headers),
                log=False,
                raise_exc=False,
                stream=True,
                redirect=False,  # each would be a request of its own, perhaps to somebody else
                allow_reauth=False,  # and so would be this
                connect_retries=0,
                status_code_retries=0,
                timeout=(min(CONNECT_TIMEOUT, self._timeout), self._timeout),
            )
            try:
                body = self._read(response, request, deadline)
            finally:
                # Gives up the connection if anything of the body was left on it.
                response.close()
        if response.status_code >= 400:
            token = response.request.headers.get("X-Auth-Token")
            body = _without(body, token)
        return Answer(
            request, response.status_code, response.headers, body, server_time(response.headers)
        )

    def _read(self, response: Any, request: str, deadline: float) -> bytes:
        raw = response.raw
        failed = response.status_code >= 400
        chunks: list[bytes] = []
        size = 0
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._late(request)
            _wait_at_most(raw, left)
            try:
                chunk = raw.read1(_CHUNK, decode_content=True)
            except urllib3.exceptions.ReadTimeoutError as error:
                raise self._late(request) from error
            if not chunk:
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)
            chunks.append(chunk)
            size += len(chunk)
            if failed and size >= MAX_ERROR_BODY:
                return b"".join(chunks)
            if size > MAX_BODY:
                raise errors.BadAnswer(
                    f"{self._service}: the answer to {request} is larger than {MAX_BODY} bytes"
                )

    def _late(self, request: str) -> errors.SourceUnavailable:
        return errors.SourceUnavailable(
            f"{self._service}: the answer to {request} was not complete within {self._timeout:g} s"
        )


def _wait_at_most(raw: Any, seconds: float) -> None:
    """Lets the next read of a urllib3 response wait that long, and no longer."""
    # The socket is gone from the connection if the service closes it after the answer; then
    # the time-out of the request stands for each read.
    sock = getattr(raw.connection, "sock", None)
    if sock is not None:
        sock.settimeout(seconds)


def _without(body: bytes, token: str | bytes | None) -> bytes:
    if not token:
        return body
    secret = token if isinstance(token, bytes) else token.encode()
    return body.replace(secret, b"<token>")
