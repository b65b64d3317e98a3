# SPDX-License-Identifier: Apache-2.0
"""Private CAs, and a RabbitMQ whose certificate is of one."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.engines.processes import free_port, listening
from tests.engines.rabbit import RabbitNode


class Pair(NamedTuple):
    """A certificate and its key."""

    certificate: Path
    key: Path


class Authority:
    """A CA of our own, in a directory of its own."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory / name
        self._directory.mkdir()
        self.certificate = self._directory / "ca.pem"
        self._key = self._directory / "ca.key"
        _openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign",
            "-keyout", self._key, "-out", self.certificate,
        )  # fmt: skip

    def sign(self, name: str, address: str = "") -> Pair:
        """A certificate for who is called so, and answers at the address, as in `IP:127.0.0.1`."""
        pair = Pair(self._directory / f"{name}.pem", self._directory / f"{name}.key")
        request, more = self._directory / f"{name}.csr", self._directory / f"{name}.ext"
        more.write_text(f"subjectAltName={address}\n" if address else "\n")
        _openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
            "-keyout", pair.key, "-out", request,
        )  # fmt: skip
        _openssl(
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
            "-CAcreateserial", "-days", "2", "-extfile", more, "-out", pair.certificate,
        )  # fmt: skip
        return pair


class TlsNode(NamedTuple):
    """A node that takes TLS at `port`, and none at `node.port`."""

    node: RabbitNode
    port: int


@contextmanager
def tls_node(authority: Authority, *, clients_too: bool) -> Iterator[TlsNode]:
    """A node that proves itself by the authority; `clients_too`: and wants its clients to."""
    server, port = authority.sign("server", "IP:127.0.0.1"), free_port()
    asking = "verify_peer" if clients_too else "verify_none"
    node = RabbitNode(
        f"listeners.ssl.default = 127.0.0.1:{port}\n"
        f"ssl_options.cacertfile = {authority.certificate}\n"
        f"ssl_options.certfile = {server.certificate}\n"
        f"ssl_options.keyfile = {server.key}\n"
        f"ssl_options.verify = {asking}\n"
        f"ssl_options.fail_if_no_peer_cert = {str(clients_too).lower()}\n"
    )
    try:
        assert listening(port)
        yield TlsNode(node, port)
    finally:
        node.close()


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
