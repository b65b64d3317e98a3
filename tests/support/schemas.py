# SPDX-License-Identifier: Apache-2.0
"""Holds messages against the published schemas, closed: what they do not describe may not be sent.

Consumers must ignore members that they do not know, so the schemas as published are open.
"""

import base64
import functools
import json
import zlib
from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from oslo_messaging._drivers import common

from synchronizer import errors, schemas

#: Answers and arguments of the RPC methods, by method.
METHODS = (
    "get_all",
    "changes",
    "get",
    "digests",
    "roster",
    "history",
    "describe",
    "barrier",
)


def check(name: str, wire: Any) -> None:
    """AssertionError, which says where, when this is not as the schema of this name says."""
    # An error's words may quote a message whole.
    problem = best_match(validator(name).iter_errors(wire))
    if problem is not None:
        where = problem.json_path
        raise AssertionError(f"{name}: {where}: {problem.message:.500}\nin {wire!r:.2000}")


def check_notification(event_type: str, payload: Any) -> None:
    """The payload of a notification with this event type."""
    kind = event_type.rpartition(".")[2]
    check({"changes": "change-set", "bookmark": "bookmark"}[kind], payload)
    assert event_type == f"{payload['type']}.{kind}"


def check_answer(method: str, wire: Any) -> None:
    """The result of a call; a page's entities are unpacked, too."""
    check(answer_of(method), wire)
    if method == "get_all" and wire["encoding"] == "zlib":
        check("entities", json.loads(zlib.decompress(base64.b64decode(wire["entities"]))))


def check_error(wire: Any) -> None:
    """What crosses the bus for an error; its class must be one that the schema tells of."""
    check("error", wire)
    assert wire["class"] in error_classes(), f"{wire['class']} is in no schema"
    assert not any("Traceback" in line for line in wire["tb"])


def failure_of(error: errors.SynchronizerError) -> Any:
    """What oslo.messaging makes of an error for the bus."""
    return json.loads(common.serialize_remote_exception((type(error), error, None)))


def answer_of(method: str) -> str:
    return f"{method.replace('_', '-')}-answer"


def request_of(method: str) -> str:
    return f"{method.replace('_', '-')}-request"


@functools.cache
def validator(name: str, *, closed: bool = True) -> Draft202012Validator:
    schema = schemas.load(name)
    return Draft202012Validator(
        close(schema) if closed else schema,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


@functools.cache
def error_classes() -> frozenset[str]:
    """The classes of which the schema says what their details are."""
    found: set[str] = set()
    for rule in schemas.load("error")["allOf"]:
        named = rule["if"]["properties"]["class"]
        found.update(named["enum"] if "enum" in named else [named["const"]])
    return frozenset(found)


def close(schema: Any) -> Any:
    """The schema without room for members that it does not name.

    Every object has all its members in one place: beside its `type`.
    """
    if isinstance(schema, list):
        return [close(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {word: close(inner) for word, inner in schema.items()}
    if is_object(schema):
        shut.setdefault("additionalProperties", False)
    return shut


def is_object(schema: dict[str, Any]) -> bool:
    """Whether this says what the members of an object are, and not only adds to it."""
    return schema.get("type") == "object" and isinstance(schema.get("properties"), dict)


class NewForms:
    """Checks only the first message of each form, so that thousands cost little.

    A form is the message with its numbers and texts told apart roughly, without entities.
    """

    def __init__(self) -> None:
        self._seen: set[Any] = set()

    def notification(self, event_type: str, payload: Any) -> None:
        self._once(event_type, payload, lambda: check_notification(event_type, payload))

    def answer(self, method: str, wire: Any) -> None:
        self._once(method, wire, lambda: check_answer(method, wire))

    def error(self, error: errors.SynchronizerError) -> None:
        failure = failure_of(error)
        self._once("error", failure, lambda: check_error(failure))

    def request(self, method: str, wire: Any) -> None:
        self._once(f"{method}?", wire, lambda: check(request_of(method), wire))

    def _once(self, kind: str, wire: Any, check_it: Callable[[], None]) -> None:
        form = (kind, _form(wire))
        if form not in self._seen:
            check_it()
            # Only now: what is wrong once is wrong each time.
            self._seen.add(form)


def _form(value: Any) -> Any:
    if isinstance(value, dict):
        return frozenset(
            (name, type(inner) if name == "entity" else _form(inner))
            for name, inner in value.items()
        )
    if isinstance(value, list):
        return (list, frozenset(map(_form, value)))
    if isinstance(value, str):
        return (str, len(value), value.isalpha(), value.isalnum())
    if isinstance(value, int | float):
        return (type(value), value > 0, value < 0)
    return value
