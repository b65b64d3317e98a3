# SPDX-License-Identifier: Apache-2.0
"""Finds the stream that a caller names."""

from typing import Any

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState
from synchronizer.model import StreamKey
from synchronizer.snapshot import arguments


class Directory:
    """The streams of a ledger by the names of the wire contract."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def find(self, type_: Any, cloud: Any) -> StreamState:
        """The stream's row as it is now; the cloud may be None where there is only one.

        `errors.UnknownType` or `errors.UnknownCloud` (both with what is `known`), or
        `errors.ServiceUnavailable` while the ledger has no stream at all.
        """
        name = arguments.text("type", type_)
        where = arguments.optional_text("cloud", cloud)
        if where is not None:
            state = self._ledger.find(StreamKey(where, name))
            if state is not None:
                return state
        states = self._ledger.streams()
        if not states:
            raise errors.ServiceUnavailable("nothing has been sampled yet, of any type")
        where = self._cloud(where, states)
        types = {state.key.type: state for state in states if state.key.cloud == where}
        try:
            return types[name]
        except KeyError:
            raise errors.UnknownType(
                f"cloud {where} has no entity type {name}; it has {', '.join(sorted(types))}",
                known=sorted(types),
            ) from None

    @staticmethod
    def _cloud(asked: str | None, states: list[StreamState]) -> str:
        clouds = sorted({state.key.cloud for state in states})
        if asked is None:
            if len(clouds) == 1:
                return clouds[0]
            raise errors.UnknownCloud(
                f"there are several clouds, name one: {', '.join(clouds)}", known=clouds
            )
        if asked not in clouds:
            raise errors.UnknownCloud(
                f"there is no cloud {asked}; there is {', '.join(clouds)}", known=clouds
            )
        return asked
