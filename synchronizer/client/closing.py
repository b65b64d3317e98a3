# SPDX-License-Identifier: Apache-2.0
"""What is closed at the end of a `with` block."""

import abc
from collections.abc import Iterator
from typing import Self

from synchronizer.client.events import Event


class Closing(abc.ABC):
    """Closes itself at the end of a `with` block."""

    @abc.abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Events(Closing):
    """An iterator of events, which are those of `_events`."""

    _events: Iterator[Event]

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        return next(self._events)
