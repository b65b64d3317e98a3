# SPDX-License-Identifier: Apache-2.0
"""Takes a socket path: one broker a path, its owner (and a group) only, no leftovers."""

import contextlib
import fcntl
import grp
import os
import socket
import stat

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.bus.local.address import socket_path

LOG = logging.getLogger(__name__)

_BACKLOG = 128


class Listening:
    """A listening socket at a path, and the lock that keeps other brokers off it.

    The directory is made if it is missing (0700, or 0750 with a group); one that exists
    keeps its mode. The socket has 0600, or 0660 with a group. `errors.SocketUnusable`
    says what is in the way. The lock file stays: removing it would let two brokers in.
    """

    def __init__(self, path: str, group: str | None = None) -> None:
        self.path = socket_path(path)
        self._gid = None if group is None else _gid_of(group)
        with contextlib.ExitStack() as undo:
            try:
                self._make_directory()
                self._lock = self._take_lock()
                undo.callback(os.close, self._lock)
                self._clear_path()
                self.socket = self._bind()
            except OSError as error:
                raise errors.SocketUnusable(
                    f"{error.filename or self.path}: {error.strerror or error}"
                ) from error
            undo.pop_all()
        self._inode = self.path.lstat().st_ino

    def close(self) -> None:
        """Stop listening, and remove the socket if it is still this one."""
        self.socket.close()
        with contextlib.suppress(FileNotFoundError):
            if self.path.lstat().st_ino == self._inode:
                self.path.unlink()
        os.close(self._lock)

    def _make_directory(self) -> None:
        directory = self.path.parent
        if directory.is_dir():
            return
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._gid is not None:
            os.chown(directory, -1, self._gid)
            directory.chmod(0o750)

    def _take_lock(self) -> int:
        name = f"{self.path}.lock"
        lock = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise errors.SocketUnusable(f"another broker is running at {self.path}") from None
        except OSError:
            os.close(lock)
            raise
        return lock

    def _clear_path(self) -> None:
        try:
            mode = self.path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise errors.SocketUnusable(f"{self.path} exists and is not a socket")
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(self.path))
            except ConnectionRefusedError:
                LOG.info("%s was left by a broker that is gone; it is replaced", self.path)
                self.path.unlink()
                return
            except TimeoutError:
                # A full backlog: somebody listens, if slowly.
                LOG.warning("%s does not accept connections", self.path)
        raise errors.SocketUnusable(f"another program is listening at {self.path}")

    def _bind(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Only the umask keeps others out between bind and chmod.
        before = os.umask(0o177)
        try:
            listener.bind(str(self.path))
        except OSError:
            listener.close()
            raise
        finally:
            os.umask(before)
        try:
            if self._gid is not None:
                os.chown(self.path, -1, self._gid)
                self.path.chmod(0o660)
            listener.listen(_BACKLOG)
            listener.setblocking(False)
        except OSError:
            listener.close()
            self.path.unlink()
            raise
        return listener


def _gid_of(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise errors.SocketUnusable(f"there is no group {group!r}") from None
