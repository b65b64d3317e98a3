# SPDX-License-Identifier: Apache-2.0
"""Services and pools, which Cinder shows without an id: the id that they are given here.

What has not the fields to make one is handed over as it is: the sampler says what is wrong.
"""

import contextlib
from collections.abc import Callable

import msgspec

from synchronizer.plugin.openstack import Text

Fields = dict[str, msgspec.Raw]

_objects = msgspec.json.Decoder(Fields)
_texts = msgspec.json.Decoder(str)


def service(text: Text) -> Text:
    """Its binary and host: "cinder-volume:node1@lvm"."""
    return _changed(text, _identify_service)


def pool(text: Text) -> Text:
    """Its name ("node1@lvm#pool"), which Cinder keeps unique. `timestamp` moves out of
    `capabilities`, to be told from what changes only when something happens."""
    return _changed(text, _identify_pool)


def _identify_service(fields: Fields) -> Fields:
    binary, host = _texts.decode(fields["binary"]), _texts.decode(fields["host"])
    return {"id": _raw(f"{binary}:{host}"), **fields}


def _identify_pool(fields: Fields) -> Fields:
    identified = {"id": _raw(_texts.decode(fields["name"])), **fields}
    with contextlib.suppress(msgspec.DecodeError, KeyError):  # without detail there are none
        capabilities = _objects.decode(fields["capabilities"])
        identified["timestamp"] = capabilities.pop("timestamp")
        identified["capabilities"] = msgspec.Raw(msgspec.json.encode(capabilities))
    return identified


def _changed(text: Text, change: Callable[[Fields], Fields]) -> Text:
    try:
        return msgspec.json.encode(change(_objects.decode(text)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        return text


def _raw(value: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
