# SPDX-License-Identifier: Apache-2.0
"""The schemas as documents: sound, whole by themselves, and in accord with code and documents."""

import inspect
import io
import json
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from synchronizer import errors, schemas
from synchronizer.bus import topics
from synchronizer.cli.main import Synchronizer
from synchronizer.snapshot import Endpoint
from tests.support.schemas import METHODS, check, error_classes, is_object, request_of

ROOT = pathlib.Path(__file__).parents[3]
COMMON = schemas.load("change-set")["$defs"][f"{schemas.ID_PREFIX}common"]["$defs"]
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.text(alphabet="abzAZ09_-. \u00e9", max_size=8) | st.sampled_from(
    ["control", "a" * 64, "a" * 65, "a.b", "a" * 64 + ".b", "a.b.c"]
)


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a schema, itself too."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    return Synchronizer(stdout=out, stderr=io.StringIO()).run(list(arguments)), out.getvalue()


@pytest.mark.parametrize("name", schemas.names())
def test_a_schema_is_sound_and_has_its_name_for_id(name: str) -> None:
    schema = schemas.load(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == schemas.ID_PREFIX + name
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] and schema["description"]


@pytest.mark.parametrize("name", schemas.names())
def test_all_that_a_schema_refers_to_is_in_it(name: str) -> None:
    schema = schemas.load(name)
    bundled = {schema["$id"]: schema}
    bundled.update({key: inner for key, inner in schema.get("$defs", {}).items() if ":" in key})
    for document in bundled.values():
        own = {**document, "$defs": dict(document.get("$defs", {}))}
        for key in bundled:
            own["$defs"].pop(key, None)
        for node in nodes(own):
            if isinstance(reference := node.get("$ref"), str):
                place, _, pointer = reference.partition("#")
                target: Any = bundled[place] if place else document
                for word in filter(None, pointer.split("/")):
                    target = target[word]
                assert isinstance(target, dict)


@pytest.mark.parametrize("name", schemas.names())
def test_every_member_is_described_and_every_required_one_is_a_member(name: str) -> None:
    schema = schemas.load(name)
    shared = {**COMMON, **schema.get("$defs", {})}
    for node in nodes(schema):
        if not is_object(node):
            continue
        for member, says in node["properties"].items():
            if "description" not in says:
                says = shared[says["$ref"].rpartition("/")[2]]
            assert len(says["description"]) > 9, member
        assert set(node.get("required", ())) <= set(node["properties"])


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(errors.NotFound, match="change-set"):
        schemas.load("common")


@UNHURRIED
@given(NAMES)
def test_clouds_are_named_as_the_bus_allows(text: str) -> None:
    assert Draft202012Validator(COMMON["cloud"]).is_valid(text) == allowed(topics.check_cloud, text)


@UNHURRIED
@given(NAMES)
def test_types_are_named_as_the_bus_allows(text: str) -> None:
    assert Draft202012Validator(COMMON["type"]).is_valid(text) == allowed(topics.check_type, text)


def allowed(examine: Any, text: str) -> bool:
    try:
        examine(text)
    except topics.BadName:
        return False
    return True


@pytest.mark.parametrize("method", METHODS)
def test_a_request_has_the_arguments_of_the_method(method: str) -> None:
    parameters = list(inspect.signature(getattr(Endpoint, method)).parameters)
    assert set(schemas.load(request_of(method))["properties"]) == set(parameters[2:])


def test_the_methods_are_those_of_the_endpoint() -> None:
    assert set(METHODS) == {name for name in vars(Endpoint) if not name.startswith("_")}


def test_the_errors_are_classes_that_a_python_client_finds() -> None:
    for name in error_classes():
        assert issubclass(getattr(errors, name), errors.SynchronizerError)


@pytest.mark.parametrize("name", schemas.names())
def test_the_command_prints_a_schema(name: str) -> None:
    status, out = run("schema", name)
    assert (status, json.loads(out)) == (0, schemas.load(name))


def test_the_command_lists_the_schemas() -> None:
    status, out = run("schema")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == list(schemas.names())


def test_the_documents_name_every_schema() -> None:
    text = (ROOT / "docs" / "schemas.md").read_text()
    assert set(re.findall(r"`([a-z-]+)`", text)) >= set(schemas.names())


def test_the_messages_in_the_documents_are_as_described() -> None:
    checked = []
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        blocks = re.findall(r"^```json\n(.*?)^```", document.read_text(), re.M | re.S)
        for block in blocks:
            message = json.loads(block)
            if "schema" in message:
                name = form_of(message)
                check(name, message)
                checked.append(name)
    assert {"change-set", "bookmark"} <= set(checked)


def form_of(message: dict[str, Any]) -> str:
    """Which message an example shows, by a member that no other has."""
    telling = {
        "next_within": "bookmark",
        "encoding": "get-all-answer",
        "clouds": "describe-answer",
        "held": "changes-answer",
        "changes": "change-set",
    }
    return next(name for member, name in telling.items() if member in message)
