# SPDX-License-Identifier: Apache-2.0
"""Health and metrics over HTTP. Whoever asks, and however, disturbs nothing else."""

import contextlib
import http.server
import json
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.monitor.report import Report, as_json

LOG = logging.getLogger(__name__)

#: Seconds that a client may take, between two bytes.
CLIENT_SECONDS = 5.0

#: Clients at once: for each beyond that, the one who is there longest has to go. So many more
#: may be about to.
MOST, LEAVING = 16, 16

#: Seconds before it is tried again to listen.
RETRY = 5.0

#: The metrics page: content type and body. Called by several threads, one at a time.
Metrics = Callable[[], tuple[str, bytes]]

_JSON = "application/json"


class Server:
    """Listens at `address` (host and port; None: nowhere) in threads of its own, as soon as it
    can. `look`: how the processes are."""

    def __init__(
        self,
        address: tuple[str, int] | None,
        look: Callable[[], Report],
        metrics: Metrics | None = None,
        *,
        retry: float = RETRY,
    ) -> None:
        self._address = address
        self._look = look
        self._metrics = metrics
        self._retry = retry
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._http: _Http | None = None
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def port(self) -> int | None:
        """Where it listens; None if it does not (yet)."""
        return None if self._http is None else int(self._http.server_address[1])

    def start(self) -> None:
        if self._address is not None:
            self._thread.start()

    def stop(self) -> None:
        with self._lock:
            self._stopping.set()
            http = self._http
        if http is not None:
            http.shutdown()

    def _run(self) -> None:
        http = self._listen()
        if http is None:
            return
        with http:
            with self._lock:
                if self._stopping.is_set():
                    return
                self._http = http
            http.serve_forever(poll_interval=0.1)

    def _listen(self) -> "_Http | None":
        if self._address is None:
            return None
        host, port = self._address
        told = False
        while not self._stopping.is_set():
            try:
                http = _Http((host, port), self._look, self._metrics)
            except OSError as error:
                if not told:
                    LOG.error(
                        "Health and metrics cannot be served at %s, port %d: %s; another program "
                        "may be there; change listen in [monitor], or end that one",
                        *(host, port, error.strerror or error),
                    )
                told = True
                self._stopping.wait(self._retry)
            else:
                LOG.info("Health and metrics are served at http://%s:%d", host, http.server_port)
                return http
        return None


class _Http(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], look: Callable[[], Report], metrics: Metrics | None
    ) -> None:
        self.look = look
        self.metrics = metrics
        self.one_at_a_time = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST + LEAVING)
        self._lock = threading.Lock()
        self._clients: dict[socket.socket, None] = {}  # in the order in which they came
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # Not HTTPServer's, which asks the name service who we are.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        with self._lock:
            self._clients[request] = None
            if len(self._clients) > MOST:
                oldest = next(iter(self._clients))
                del self._clients[oldest]
                with contextlib.suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)  # its thread ends with that
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._clients.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        LOG.debug("A question over HTTP ended early: %s", sys.exception())


class _Handler(http.server.BaseHTTPRequestHandler):
    timeout = CLIENT_SECONDS
    server: _Http
    server_version = "Synchronizer"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(*self._found())

    do_HEAD = do_GET  # noqa: N815

    def _found(self) -> tuple[HTTPStatus, str, bytes]:
        match self.path.partition("?")[0]:
            case "/healthz":
                report = self.server.look()
                return _told(report.healthy, as_json(report, ready=False))
            case "/readyz":
                report = self.server.look()
                return _told(report.ready, as_json(report, ready=True))
            case "/metrics" if self.server.metrics is not None:
                try:
                    with self.server.one_at_a_time:
                        return HTTPStatus.OK, *self.server.metrics()
                except Exception:
                    LOG.exception("The page of metrics cannot be made")
                    return HTTPStatus.INTERNAL_SERVER_ERROR, _JSON, _encoded({"see": "the log"})
        paths = ["/healthz", "/readyz", *(["/metrics"] if self.server.metrics else [])]
        return HTTPStatus.NOT_FOUND, _JSON, _encoded({"paths": paths})

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        LOG.debug("%s: %s", self.address_string(), format % args)


def parse_address(text: str) -> tuple[str, int] | None:
    """From `HOST:PORT` or `[IPV6]:PORT`; None for the empty text. `errors.BadConfiguration`."""
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isdecimal() and int(port) < 65536):
        raise errors.BadConfiguration(
            f"listen in [monitor]: {text!r} is no address; write HOST:PORT, as 127.0.0.1:9788"
        )
    return host, int(port)


def _told(well: bool, answer: dict[str, Any]) -> tuple[HTTPStatus, str, bytes]:
    return (HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE), _JSON, _encoded(answer)


def _encoded(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, indent=1).encode() + b"\n"
