# SPDX-License-Identifier: Apache-2.0
"""Which stack a notification of Heat's speaks of."""

from collections.abc import Iterator, Mapping
from typing import Any

from synchronizer.plugin import Hint
from synchronizer_plugins.heat.stacks import TYPE

CHANNELS = (("heat", "notifications"),)

_STACKS = "orchestration.stack."

#: Longer than any id of Heat's.
_LONGEST = 255


def hints(event_type: str, payload: Mapping[str, Any]) -> Iterator[Hint]:
    """The stack; nothing for other events, or a broken one."""
    if not event_type.startswith(_STACKS):
        return
    named = payload.get("stack_identity")
    if not isinstance(named, str):
        return
    # An ARN ends with the id: arn:openstack:heat::<project>:stacks/<name>/<id>.
    id_ = named.rpartition("/")[2]
    if 0 < len(id_) <= _LONGEST:
        yield Hint(TYPE, id_, deleted=event_type.endswith(".delete.end"))
