# SPDX-License-Identifier: Apache-2.0
"""Where a broker's socket may be."""

import os
from pathlib import Path

from synchronizer import errors

#: `sun_path` less its closing zero, on Linux.
LONGEST_PATH = 107


def socket_path(path: str | Path) -> Path:
    """The path, absolute. `errors.SocketUnusable` if no socket can have it."""
    absolute = Path(path).absolute()
    if len(os.fsencode(absolute)) > LONGEST_PATH:
        raise errors.SocketUnusable(
            f"the local bus's path is longer than {LONGEST_PATH} bytes, which no socket's may be: "
            f"{absolute}; choose a shorter one in transport_url, or a shorter runtime_path"
        )
    return absolute
