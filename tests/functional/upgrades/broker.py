# SPDX-License-Identifier: Apache-2.0
"""A broker of the embedded bus, without a daemon."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def local_broker(socket: Path) -> Iterator[None]:
    socket.parent.mkdir(exist_ok=True)
    broker = subprocess.Popen(
        [sys.executable, "-m", "synchronizer.bus.local", str(socket)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert broker.stdout is not None
        assert broker.stdout.readline().startswith("listening")
        yield
    finally:
        broker.kill()
        broker.communicate()
