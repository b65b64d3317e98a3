# SPDX-License-Identifier: Apache-2.0
"""Whether the credential sees all volume types: they belong to nobody, so nobody's absence
shows that it does not."""

import contextlib

import msgspec

from synchronizer.plugin import Entity
from synchronizer.plugin.openstack import Service, documents, failure

_public = msgspec.json.Decoder(msgspec.defstruct("Type", [("is_public", bool)]))


def vouches(volume_type: Entity, own: str | None) -> bool:
    """A private type is seen by administrators, and by the projects that may use it."""
    return volume_type.get("is_public") is False


def doubt(cinder: Service) -> str | None:
    """Asks for a private type. To whoever is no administrator Cinder shows public ones all the
    same."""
    answer = cinder.get("/types", {"is_public": "False", "limit": "1"})
    if answer.status != 200:
        raise failure(answer, cinder.name)
    types, _ = documents.page(answer, cinder.name, "volume_types")
    for text in types:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            if _public.decode(text).is_public:  # type: ignore[attr-defined]
                return (
                    "cinder shows this credential the public ones only; give it a role that sees"
                    " all of them, or leave cinder.volume_type out of `types`"
                )
    return None
