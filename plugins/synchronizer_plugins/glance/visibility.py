# SPDX-License-Identifier: Apache-2.0
"""Whether the credential sees all images.

To a plain member Glance shows, with 200, its project's own images, public and community ones,
and those that others share with it. Most images of others are `shared`, with nobody: so it takes
a question to tell one that is seen by an administrator from one that was shared with us.
"""

from collections.abc import Iterator, Mapping

import msgspec

from synchronizer.plugin.openstack import Service, documents, failure

#: Images that are looked at; the oldest, which are the same in each answer.
_MANY = "100"


class _Owned(msgspec.Struct):
    id: str
    owner: str | None = None


_decoder = msgspec.json.Decoder(_Owned)


def vouches(image: Mapping[str, object], own: str | None) -> bool:
    """Whether somebody else's image is neither public nor a community's. One that is shared
    with us is seen by members, too: there `doubt` speaks."""
    owner = image.get("owner")
    restricted = image.get("visibility") in ("private", "shared")
    return restricted and isinstance(owner, str) and owner != own


def doubt(glance: Service) -> str | None:
    """What speaks against the credential's seeing all images; None if nothing does.

    A member is shown what others share with it by the state of its membership, which is one of
    several; to an administrator this filter means nothing.
    """
    own = glance.credential.rights().project_id
    states = [
        set(_of_others(glance, own, {"visibility": "shared", "member_status": state}))
        for state in ("rejected", "pending")
    ]
    if states[0] & states[1]:
        return None
    if any(_of_others(glance, own, {"visibility": "private"})):
        return None
    if any(_of_others(glance, own, {"visibility": "shared", "member_status": "all"})):
        return (
            "glance shows this credential what is shared with its project only; give it a role"
            " that sees the images of all projects"
        )
    return None


def _of_others(glance: Service, own: str | None, query: Mapping[str, str]) -> Iterator[str]:
    answer = glance.get("/images", {**query, "limit": _MANY, "sort": "created_at:asc,id:asc"})
    if answer.status != 200:
        raise failure(answer, glance.name)
    texts, _ = documents.page(answer, glance.name, "images")
    for text in texts:
        try:
            image = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # the listing says what is wrong with it
        if image.owner is not None and image.owner != own:
            yield image.id
