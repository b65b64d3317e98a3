# SPDX-License-Identifier: Apache-2.0
"""Which streams are meant by types, patterns and a cloud."""

import dataclasses
import fnmatch
from collections.abc import Iterable, Sequence

from synchronizer import errors
from synchronizer.client.values import StreamInfo
from synchronizer.model import StreamKey

_WILD = frozenset("*?")


@dataclasses.dataclass(frozen=True, slots=True)
class Pattern:
    """`cloud` None: any. Both may have `*` and `?`, which do not stand for a dot."""

    cloud: str | None
    type: str

    @property
    def is_wild(self) -> bool:
        return not _WILD.isdisjoint(self.type + (self.cloud or ""))

    def covers(self, stream: StreamKey) -> bool:
        parts, its = self.type.split("."), stream.type.split(".")
        return (
            self.in_cloud(stream.cloud)
            and len(parts) == len(its)
            and all(_matches(part, one) for part, one in zip(parts, its, strict=True))
        )

    def in_cloud(self, cloud: str) -> bool:
        return self.cloud is None or _matches(self.cloud, cloud)


class Wanted:
    """The streams that are meant by `service.kind`, `cloud.service.kind`, or patterns of
    these with `*` and `?`; of `cloud`, or of every cloud, where no cloud is named.

    `grows`: a stream that comes to be later may be meant, too.
    """

    def __init__(self, types: Sequence[str], cloud: str | None) -> None:
        if isinstance(types, str):
            types = [types]
        if not types:
            raise errors.BadRequest("name at least one entity type to watch")
        self._patterns = [_parse(text, cloud) for text in dict.fromkeys(types)]
        self.grows = any(pattern.is_wild for pattern in self._patterns)

    def covers(self, stream: StreamKey) -> bool:
        """Is it one of those that are meant?"""
        return any(pattern.covers(stream) for pattern in self._patterns)

    def choose(self, known: Iterable[StreamInfo]) -> list[StreamKey]:
        """Those of the known streams that are meant. `errors.UnknownCloud` or `UnknownType`
        when nothing is meant by one of the names or patterns."""
        streams = [info.stream for info in known]
        if not streams:
            raise errors.ServiceUnavailable("the daemon does not sample anything yet")
        for pattern in self._patterns:
            _check(pattern, streams)
        return [stream for stream in streams if self.covers(stream)]


def _parse(text: str, cloud: str | None) -> Pattern:
    parts = text.rsplit(".", 2)
    if len(parts) == 3:
        return Pattern(parts[0], f"{parts[1]}.{parts[2]}")
    return Pattern(cloud, text)


def _check(pattern: Pattern, streams: Sequence[StreamKey]) -> None:
    clouds = sorted({stream.cloud for stream in streams})
    there = [stream for stream in streams if pattern.in_cloud(stream.cloud)]
    if not there:
        raise errors.UnknownCloud(
            f"no cloud is called {pattern.cloud!r}; there are: {', '.join(clouds)}", known=clouds
        )
    names = sorted({stream.type for stream in there})
    if not any(pattern.covers(stream) for stream in there):
        raise errors.UnknownType(
            f"no entity type is called {pattern.type!r}; there are: {', '.join(names)}",
            known=names,
        )


def _matches(pattern: str, text: str) -> bool:
    # Brackets, which fnmatch knows, too, are in no name.
    return pattern == text or fnmatch.fnmatchcase(text, pattern)
