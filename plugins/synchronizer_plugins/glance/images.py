# SPDX-License-Identifier: Apache-2.0
"""The type `glance.image`: how images are listed, and what of them is kept."""

import datetime
from collections.abc import Mapping

import msgspec

from synchronizer.plugin import EntityType
from synchronizer.plugin.openstack import Kind, Text, by_href, documents
from synchronizer_plugins.glance import visibility

#: What Glance gives at most unless it is configured otherwise; it quietly clamps more.
PAGE_SIZE = 1000

IMAGE = EntityType(
    name="glance.image",
    # Where the data lies, often with the credentials of the store.
    sensitive=frozenset({"locations", "direct_url"}),
    scope_field="owner",
)

_tags = msgspec.json.Decoder(list[str])


def changed_since(instant: int) -> Mapping[str, str]:
    """The filter for what changed at or after an instant (microseconds since 1970), rounded
    down to the second: Glance keeps no parts of it."""
    moment = datetime.datetime.fromtimestamp(instant // 1_000_000, datetime.UTC)
    return {"updated_at": f"gte:{moment.strftime('%Y-%m-%dT%H:%M:%SZ')}"}


def with_sorted_tags(text: Text) -> Text:
    """Glance keeps tags as a set, and shows them in an order that differs between its hosts."""
    if b'"tags": []' in bytes(text):
        return text
    try:
        fields = documents.fields(text)
        tags = _tags.decode(fields["tags"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        return text  # the sampler says what is wrong with it
    ordered = sorted(tags)
    if tags == ordered:
        return text
    return msgspec.json.encode({**fields, "tags": ordered})


IMAGES = Kind(
    type=IMAGE,
    path="/images",
    plural="images",
    # Unasked, Glance leaves out the community images of others. The oldest first: what is
    # made meanwhile comes at the end, and nothing that Glance sorts by ever changes.
    query={"visibility": "all", "sort": "created_at:asc,id:asc"},
    # Hidden ones are listed by themselves or not at all.
    parts=({"os_hidden": "false"}, {"os_hidden": "true"}),
    paging=by_href("next", size=PAGE_SIZE),
    one="/images/{id}",
    singular=None,
    changes=changed_since,
    shape=with_sorted_tags,
    vouches=visibility.vouches,
    doubt=visibility.doubt,
    doubt_requests=2,
)
