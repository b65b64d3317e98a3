# SPDX-License-Identifier: Apache-2.0
"""Whether the credential sees all volume types: they belong to nobody, so nobody's absence
shows that it does not."""

from synchronizer.plugin import BadAnswer, Entity
from synchronizer.plugin.openstack import Service


def vouches(volume_type: Entity, own: str | None) -> bool:
    """A private type is seen by administrators, and by the projects that may use it."""
    return volume_type.get("is_public") is False


def doubt(cinder: Service) -> str | None:
    """What speaks against the credential's seeing all types; None if it does.

    To who is no administrator Cinder shows the public types and those that its project may use,
    with 200. It reads `is_public` for administrators alone, and refuses a value that is none.
    """
    answer = cinder.get("/types", {"is_public": "whichever", "limit": "1"})
    if answer.status == 400:
        return None
    if answer.status == 200:
        return (
            "cinder shows this credential public types and its project's only; give it a role that"
            " sees all of them, or leave cinder.volume_type out of `types`"
        )
    raise BadAnswer(f"{cinder.name}: {answer.request} answered {answer.status}")
