# SPDX-License-Identifier: Apache-2.0
"""The file of `watch --resume`: how far its lines were written, for the next time."""

import contextlib
import os
import pathlib
import tempfile
import threading
from types import TracebackType
from typing import Self

from synchronizer import errors

#: Seconds between two times that it is written.
PACE = 1.0
#: A file that is longer is none of ours.
_MOST = 1 << 20


class ResumeFile:
    """Holds one token. It is replaced whole, so that a kill leaves the old one or the new one.

    `reached` is called with each token, after its line was written; the file follows within
    `PACE` seconds, and at the end of a `with` block.
    """

    def __init__(self, path: str) -> None:
        # What a symbolic link leads to is replaced, not the link.
        self._path = pathlib.Path(path).resolve()
        self._changed = threading.Condition()
        self._token: str | None = None
        self._written: str | None = None
        self._failure: OSError | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="resume file", daemon=True)

    def read(self) -> str | None:
        """The token; None if there is no file yet. `errors.BadConfiguration`."""
        try:
            with self._path.open(encoding="utf-8") as file:
                text = file.read(_MOST)
        except FileNotFoundError:
            self._check_directory()
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise errors.BadConfiguration(f"{self._path} cannot be read: {error}") from None
        if not text.strip():
            raise self.damaged("it is empty")
        self._token = self._written = text.strip()
        return self._token

    def damaged(self, why: str) -> errors.BadConfiguration:
        """What to say of a file with which one cannot go on."""
        return errors.BadConfiguration(
            f"--resume {self._path}: {why}; remove the file to begin anew, with all there is"
        )

    def reached(self, token: str) -> None:
        """Everything up to this token was written. `errors.BadConfiguration` when the file
        cannot be."""
        with self._changed:
            if self._failure is not None:
                raise self._unwritable(self._failure)
            self._token = token
            self._changed.notify()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join()
        if self._failure is not None and kind is None:
            raise self._unwritable(self._failure)

    def _run(self) -> None:
        ending = False
        while not ending:
            with self._changed:
                self._changed.wait_for(lambda: self._ending or self._token != self._written)
                ending, token = self._ending, self._token
            if token is None or token == self._written:
                continue
            try:
                replace(self._path, token + "\n")
            except OSError as error:
                with self._changed:
                    self._failure = error
                return
            self._written = token
            with self._changed:
                self._changed.wait_for(lambda: self._ending, PACE)

    def _check_directory(self) -> None:
        if not os.access(self._path.parent, os.W_OK | os.X_OK):
            raise errors.BadConfiguration(
                f"{self._path} cannot be made: {self._path.parent} is not there, or cannot be "
                "written by this user"
            )

    def _unwritable(self, error: OSError) -> errors.BadConfiguration:
        return errors.BadConfiguration(f"{self._path} cannot be written: {error.strerror}")


def replace(path: pathlib.Path, text: str) -> None:
    """The file has this text, or what it had before; also when the host fails meanwhile."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        pathlib.Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            pathlib.Path(name).unlink()
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
