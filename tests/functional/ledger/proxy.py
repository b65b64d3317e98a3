# SPDX-License-Identifier: Apache-2.0
"""A network between the ledger and its server that can lose the answer to a COMMIT."""

import socket
import threading
from contextlib import suppress
from typing import Self

_CHUNK = 1 << 16


class LossyProxy:
    """Forwards what comes to `port` of loopback to the server's port.

    After `lose_commit` the next COMMIT reaches the server and is executed, but the client
    hears no more than that the connection is gone.
    """

    def __init__(self, server: int) -> None:
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._armed = threading.Event()
        #: Set when an answer was lost.
        self.lost = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_commit(self) -> None:
        self._armed.set()

    def _accept(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._server)) as server:
            losing = threading.Event()
            back = threading.Thread(target=self._answers, args=(server, client, losing))
            back.start()
            with suppress(OSError):
                while data := client.recv(_CHUNK):
                    if data.rstrip(b"\0").endswith(b"COMMIT") and self._armed.is_set():
                        self._armed.clear()
                        losing.set()
                    server.sendall(data)
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _answers(
        self, server: socket.socket, client: socket.socket, losing: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := server.recv(_CHUNK):
                if losing.is_set():
                    self.lost.set()
                    break
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A blocked accept() is woken up by this, and not by closing alone.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
