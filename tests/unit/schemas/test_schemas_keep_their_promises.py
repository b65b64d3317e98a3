# SPDX-License-Identifier: Apache-2.0
"""What released versions described stays true: newer daemons with older consumers, and the other
way round."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from synchronizer import schemas
from tests.unit.schemas.samples import Samples
from tests.upgrades import place

Schema = dict[str, Any]

#: Lists of it may grow: who does not know one of its classes takes it for another one.
GROWS = "error"


def released() -> list[Any]:
    """Every schema of every released version."""
    found = []
    for folder in sorted(place.HERE.glob("*.*/")):
        found += [
            pytest.param(name, schema, id=f"{name}-{folder.name}")
            for name, schema in place.schemas(folder.name).items()
        ]
    assert found
    return found


def broken(old: Any, new: Any, *, sent: bool, where: str = "$") -> Iterator[str]:
    """What of an older schema a newer one does not keep. `sent`: by us, else to us."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    fewer, more = (new, old) if sent else (old, new)
    for word in ("type", "enum"):
        if word in old and not _all(fewer.get(word)) <= _all(more.get(word)):
            yield f"{where}: {word} was {old[word]} and is {new.get(word)}"
    if old.get("const") != new.get("const"):
        yield f"{where}: const was {old.get('const')} and is {new.get('const')}"
    demanded = set(more.get("required", ())) - set(fewer.get("required", ()))
    if demanded:
        yield f"{where}: required differs by {sorted(demanded)}"
    if sent and new.get("additionalProperties") is False:
        yield f"{where}: it is closed"
    for word in ("properties", "$defs"):
        for name, inner in old.get(word, {}).items():
            if name not in new.get(word, {}):
                yield f"{where}: {name} is gone"
            else:
                yield from broken(inner, new[word][name], sent=sent, where=f"{where}.{name}")
    for word in ("items", "$ref"):
        if isinstance(old.get(word), str) and old[word] != new.get(word):
            yield f"{where}: refers to {new.get(word)} and no more to {old[word]}"
        yield from broken(old.get(word), new.get(word), sent=sent, where=f"{where}[]")
    for word in ("anyOf", "oneOf"):
        if len(old.get(word, ())) != len(new.get(word, ())):
            yield f"{where}: has another choice"
        for one, other in zip(old.get(word, ()), new.get(word, ()), strict=False):
            yield from broken(one, other, sent=sent, where=f"{where}|")


def _all(value: Any) -> set[Any]:
    return set(value) if isinstance(value, list) else {value}


@pytest.mark.parametrize(("name", "old"), released())
def test_nothing_that_was_described_is_another_thing_now(name: str, old: Schema) -> None:
    sent = not name.endswith("-request") and name != GROWS
    assert list(broken(old, schemas.load(name), sent=sent)) == []


@pytest.mark.parametrize(("name", "old"), released())
def test_what_is_sent_now_is_what_an_older_consumer_expects(
    name: str, old: Schema, samples: Samples
) -> None:
    messages = samples.get(name, [])
    assert messages
    for message in messages:
        problem = best_match(Draft202012Validator(old).iter_errors(message))
        assert problem is None, f"{problem.json_path}: {problem.message}"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s["required"].remove("epoch"), "required differs by ['epoch']"),
        (lambda s: s["properties"].pop("epoch"), "epoch is gone"),
        (lambda s: s["properties"]["first"].update({"$ref": "#/other"}), "refers to #/other"),
        (lambda s: s.update(additionalProperties=False), "it is closed"),
    ],
)
def test_a_broken_promise_is_noticed(change: Any, told: str) -> None:
    old, new = schemas.load("change-set"), schemas.load("change-set")
    change(new)
    assert told in "\n".join(broken(old, new, sent=True))


def test_a_new_demand_on_older_consumers_is_noticed() -> None:
    old, new = schemas.load("get-request"), schemas.load("get-request")
    new["required"].append("proof")
    assert "['proof']" in "\n".join(broken(old, new, sent=False))
