# SPDX-License-Identifier: Apache-2.0
"""Which streams are meant by types and a cloud."""

from collections.abc import Iterable, Sequence

from synchronizer import errors
from synchronizer.client.values import StreamInfo
from synchronizer.model import StreamKey


def choose(known: Iterable[StreamInfo], types: Sequence[str], cloud: str | None) -> list[StreamKey]:
    """The streams of these types: of one cloud, or of every cloud that has the type."""
    streams = [info.stream for info in known]
    if not streams:
        raise errors.ServiceUnavailable("the daemon does not sample anything yet")
    clouds = sorted({stream.cloud for stream in streams})
    if cloud is not None and cloud not in clouds:
        raise errors.UnknownCloud(
            f"no cloud is called {cloud!r}; there are: {', '.join(clouds)}", known=clouds
        )
    there = [stream for stream in streams if cloud in (None, stream.cloud)]
    names = sorted({stream.type for stream in there})
    for name in types:
        if name not in names:
            raise errors.UnknownType(
                f"no entity type is called {name!r}; there are: {', '.join(names)}", known=names
            )
    return [stream for stream in there if stream.type in types]
