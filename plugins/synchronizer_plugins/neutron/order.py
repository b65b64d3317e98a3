# SPDX-License-Identifier: Apache-2.0
"""Puts a list that Neutron shows in any order into one, without decoding what is in order.

Neutron keeps the availability zones of a network and of a router as a set, whose order
differs between its processes.
"""

from collections.abc import Callable

import msgspec

from synchronizer.plugin.openstack import Text, documents

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError)

_texts = msgspec.json.Decoder(list[str])


def in_order(field: str) -> Callable[[Text], Text]:
    """Sorts the texts in a list under this key."""
    # A quote within a JSON text is escaped, so that this is never found in a name.
    key = f'"{field}":'.encode()

    def ordered(text: Text) -> Text:
        whole = bytes(text)
        start = whole.find(key)
        if start < 0 or b"," not in whole[start : whole.find(b"]", start) + 1]:
            return text  # at most one: always in order
        try:
            fields = documents.fields(text)
            values = _texts.decode(fields[field])
        except _UNREADABLE:
            return text  # the sampler says what is wrong with it
        if values == sorted(values):
            return text
        return msgspec.json.encode({**fields, field: sorted(values)})

    return ordered
