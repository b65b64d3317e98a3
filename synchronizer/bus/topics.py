# SPDX-License-Identifier: Apache-2.0
"""The names on the bus. They are part of the wire contract."""

import re
from typing import Literal

from synchronizer import errors
from synchronizer.model import StreamKey

EXCHANGE = "synchronizer"
RPC_TOPIC = "synchronizer"
#: The version of the contract that every server has had, and that a call names.
RPC_VERSION = "1.0"
#: The present one, which servers offer: 1.0 and some methods more.
RPC_OFFERED = "1.1"
#: What a call of such a method names, so that an older server refuses it.
RPC_SINCE = {"digests": "1.1", "roster": "1.1", "history": "1.1"}
CONTROL_TOPIC = "synchronizer.control"
PRIORITY = "info"

#: What an event type says of a notification's payload.
Event = Literal["changes", "bookmark"]

_EVENTS: tuple[Event, ...] = ("changes", "bookmark")
# Brokers take "." for the separator of words and "*", "#" for wildcards; a queue's name has
# at most 255 bytes, and topic, priority and a suffix must fit into it.
_CLOUD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TYPE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\.[a-z0-9][a-z0-9_-]{0,63}")


class BadName(errors.BadRequest, ValueError):
    """A cloud or an entity type has a name that cannot be used on the bus."""


def check_cloud(name: str) -> str:
    """The name, when it can be a cloud's: letters, digits, `-` and `_`, at most 64."""
    if not _CLOUD.fullmatch(name):
        raise BadName(
            f"{name!r} cannot name a cloud: 1 to 64 letters, digits, '-' or '_', "
            "the first a letter or digit",
        )
    # `synchronizer.control` is a topic of its own.
    if name == "control":
        raise BadName("'control' cannot name a cloud: the bus uses it for itself")
    return name


def check_type(name: str) -> str:
    """The name, when it can be an entity type's: `service.kind` in lower case."""
    if not _TYPE.fullmatch(name):
        raise BadName(
            f"{name!r} cannot name an entity type: service.kind, each 1 to 64 lower-case "
            "letters, digits, '-' or '_', the first a letter or digit",
        )
    return name


def topic_of(cloud: str, entity_type: str) -> str:
    """`synchronizer.<cloud>.<service>.<kind>`; `BadName` when that is no topic."""
    return f"{EXCHANGE}.{check_cloud(cloud)}.{check_type(entity_type)}"


def parse_topic(topic: str) -> StreamKey:
    """The stream whose notifications go to this topic; the inverse of `topic_of`."""
    words = topic.split(".")
    if len(words) != 4 or words[0] != EXCHANGE:
        raise BadName(f"{topic!r} is not a topic of the form {EXCHANGE}.<cloud>.<service>.<kind>")
    return StreamKey(check_cloud(words[1]), check_type(f"{words[2]}.{words[3]}"))


def event_type(entity_type: str, event: Event) -> str:
    """`<service>.<kind>.changes` or `<service>.<kind>.bookmark`."""
    return f"{check_type(entity_type)}.{event}"


def parse_event_type(text: str) -> tuple[str, Event]:
    """(entity type, event) of a notification; the inverse of `event_type`."""
    entity_type, _, last = text.rpartition(".")
    for event in _EVENTS:
        if last == event:
            return check_type(entity_type), event
    raise BadName(f"{text!r} is not an event type of the form <service>.<kind>.{'|'.join(_EVENTS)}")


def publisher_id(host: str) -> str:
    """Who sends the notifications of a host."""
    return f"{EXCHANGE}.{host}"
