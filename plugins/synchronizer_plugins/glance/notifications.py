# SPDX-License-Identifier: Apache-2.0
"""Which images Glance's notifications speak of."""

from collections.abc import Iterator, Mapping
from typing import Any

from synchronizer.plugin import Hint
from synchronizer_plugins.glance.images import IMAGE

#: Of an image itself. `image.send` is a download; members show in no image.
_OF_IMAGES = frozenset(
    {
        "image.create",
        "image.prepare",
        "image.upload",
        "image.activate",
        "image.update",
        "image.delete",
    }
)


def hints(event_type: str, payload: Mapping[str, Any]) -> Iterator[Hint]:
    """Each comes once the change is in Glance's database: there is no `.start` and `.end`."""
    id_ = payload.get("id")
    if event_type in _OF_IMAGES and isinstance(id_, str) and id_:
        yield Hint(IMAGE.name, id_, deleted=event_type == "image.delete")
