# SPDX-License-Identifier: Apache-2.0
"""The sockets: HTTP/1.1 with kept connections, a thread each, and faults of transport."""

from __future__ import annotations

import logging
import select
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

from synchronizer.simulator.cloud import Cloud, Plan
from synchronizer.simulator.control_api import CONTROL, ControlApi
from synchronizer.simulator.messages import Request, Response
from synchronizer.simulator.request_log import RequestLog

LOG = logging.getLogger(__name__)

MAX_REQUEST_BODY = 1 << 20
_LOOK_EVERY = 0.2  # seconds between two looks whether a client that hangs is still there


class SimulatorServer(ThreadingHTTPServer):
    """Listens from when it is made; `serve_forever` answers."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], cloud: Cloud, control: ControlApi, log: RequestLog
    ) -> None:
        self.cloud = cloud
        self.control = control
        self.log = log
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Handler)

    @property
    def origin(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if isinstance(error, OSError):
            LOG.debug("Client %s went away: %s", client_address, error)
        else:
            LOG.error("A request from %s failed", client_address, exc_info=error)

    def stop(self) -> None:
        """Stop answering and cut every connection."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        with self._open_lock:
            left = list(self._open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError as error:
                LOG.debug("Connection was closed before: %s", error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Simulator"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: SimulatorServer

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        LOG.debug(format, *args)

    def _serve(self) -> None:
        started = time.monotonic()
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_REQUEST_BODY:
            self.close_connection = True
            self._send(Response.json(413, {"error": "the body is too large or of no length"}))
            return
        request = Request.of(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(length)),
            self.server.origin.removeprefix("http://"),
        )
        if request.path == CONTROL or request.path.startswith(f"{CONTROL}/"):
            self._send(self.server.control.answer(request))
            return
        plan = self.server.cloud.plan(request)
        response = self._answer(request, plan)
        # Before it is sent: who has the answer finds it counted.
        self.server.log.note(
            plan.operation,
            request.method,
            self.path,
            0 if response is None else response.status,
            0 if response is None else len(response.body),
            time.monotonic() - started,
            plan.page,
        )
        if response is not None:
            self._send(response, cut=plan.fault("truncated-body") is not None)

    def _answer(self, request: Request, plan: Plan) -> Response | None:
        """What is planned, when it is time; None for no answer."""
        delay = self.server.cloud.delay(request, plan)
        if delay and not self._wait(delay):
            return None
        hang = plan.fault("hang")
        if hang is not None or plan.fault("disconnect") is not None:
            if hang is not None:
                self._wait(hang.seconds)
            self.close_connection = True
            return None
        return self.server.cloud.answer(request, plan)

    def _send(self, response: Response, *, cut: bool = False) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        request_id = f"req-{uuid4()}"
        self.send_header("x-openstack-request-id", request_id)
        self.send_header("x-compute-request-id", request_id)
        if response.status != 204:
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
        if cut or self.close_connection:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        body = b"" if self.command == "HEAD" or response.status == 204 else response.body
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.wfile.flush()

    def _wait(self, seconds: float | None) -> bool:
        """Wait; False if the client or the server went away before the time (None: for ever)."""
        ends = None if seconds is None else time.monotonic() + seconds
        while not self.server.closing.is_set():
            left = _LOOK_EVERY if ends is None else min(_LOOK_EVERY, ends - time.monotonic())
            if left <= 0:
                return True
            readable, _, _ = select.select([self.connection], [], [], left)
            if readable:
                if not self.connection.recv(1, socket.MSG_PEEK):
                    return False
                # The next request is there already: the client is alive.
                self.server.closing.wait(left)
        return False
