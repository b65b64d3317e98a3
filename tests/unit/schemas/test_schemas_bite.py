# SPDX-License-Identifier: Apache-2.0
"""A schema that takes anything proves nothing: messages that are wrong are refused."""

import copy
from typing import Any

import pytest

from synchronizer import schemas
from tests.support.schemas import check, check_error, validator
from tests.unit.schemas.mutations import named, paths, retyped, without
from tests.unit.schemas.samples import Samples

#: Members that may be left out, and no others.
OPTIONAL = {
    "bookmark": {"nonce"},
    "describe-answer": {"clouds.*", "clouds.*.*"}
    | {f"clouds.*.*.{name}" for name in ("activity", "interval", "owner")},
    "error": {f"kwargs.{name}" for name in ("retry_after", "since")},
    "get-all-request": {"cloud", "max_age", "limit", "cursor", "fields", "where", "encoding"},
    "changes-request": {"cloud", "epoch", "since", "limit"},
    "get-request": {"cloud", "revision", "part"},
    "digests-request": {"cloud", "bits"},
    "roster-request": {"cloud", "bits", "bucket", "limit", "cursor"},
    "history-request": {"cloud", "limit", "before"},
    "barrier-request": {"cloud"},
    "notification": {"payload.nonce"},
}

WRONG: list[tuple[str, str, Any]] = [
    ("change-set", "schema", 2),
    ("change-set", "digest", "5F0C" * 8),
    ("change-set", "cloud", "a.b"),
    ("change-set", "type", "server"),
    ("change-set", "first", 0),
    ("change-set", "count", -1),
    ("change-set", "changes", []),
    ("change-set", "changes.0.op", "rename"),
    ("change-set", "changes.0.sampled_at", "2026-01-02T03:04:05Z"),
    ("change-set", "changes.0.fingerprint", None),
    ("change-set", "changes.0.entity", None),
    ("change-set", "changes.0.oversized", True),
    ("change-set", "changes.0.changed", ["n"]),
    ("bookmark", "next_within", 0),
    ("bookmark", "listed_at", ""),
    ("notification", "event_type", "nova.server.news"),
    ("notification", "priority", "WARN"),
    ("get-all-answer", "encoding", "gzip"),
    ("get-all-answer", "encoding", "zlib"),
    ("get-all-answer", "entities", "eJyLjgUAARUAuQ=="),
    ("get-all-answer", "entities.0.entity", {}),
    ("get-answer", "parts", 3),
    ("digests-answer", "buckets", []),
    ("digests-answer", "buckets.0.digest", "5F0C" * 8),
    ("roster-answer", "items.0.fingerprint", None),
    ("roster-answer", "items.0.revision", 0),
    ("history-answer", "before", 0),
    ("history-answer", "versions.0.op", "create"),
    ("history-answer", "versions.0.committed_at", None),
    ("roster-request", "bits", 11),
    ("roster-request", "epoch", None),
    ("digests-request", "revision", None),
    ("describe-answer", "clouds.openstack1.nova", {}),
    ("error", "module", "builtins"),
]


@pytest.mark.parametrize("name", schemas.names())
def test_real_messages_are_taken(name: str, samples: Samples) -> None:
    assert samples[name]
    for sample in samples[name]:
        check(name, sample)


@pytest.mark.parametrize("name", schemas.names())
def test_a_message_of_which_a_member_is_missing_is_refused(name: str, samples: Samples) -> None:
    spared = set()
    for sample in samples[name]:
        for path in paths(sample):
            if isinstance(path[-1], int):
                continue
            if validator(name, closed=False).is_valid(without(sample, path)):
                spared.add(named(path))
    assert spared == OPTIONAL.get(name, set())


@pytest.mark.parametrize("name", schemas.names())
def test_a_message_of_which_a_member_is_of_another_type_is_refused(
    name: str, samples: Samples
) -> None:
    for sample in samples[name]:
        for path in paths(sample):
            wrong = retyped(sample, path)
            assert not validator(name, closed=False).is_valid(wrong), named(path)


@pytest.mark.parametrize(("name", "path", "value"), WRONG)
def test_a_value_that_makes_no_sense_is_refused(
    name: str, path: str, value: Any, samples: Samples
) -> None:
    wrong = copy.deepcopy(samples[name][0])
    *outer, last = path.split(".")
    owner = wrong
    for word in outer:
        owner = owner[int(word) if isinstance(owner, list) else word]
    owner[last] = value
    assert not validator(name, closed=False).is_valid(wrong)


def test_a_class_of_error_that_is_not_described_is_open_to_consumers_and_refused_here(
    samples: Samples,
) -> None:
    new = {**samples["error"][0], "class": "BrandNew"}
    assert validator("error", closed=False).is_valid(new)
    with pytest.raises(AssertionError, match="BrandNew"):
        check_error(new)


@pytest.mark.parametrize("name", [name for name in schemas.names() if name != "entities"])
def test_what_is_not_described_is_refused_when_closed_and_else_only_in_requests(
    name: str, samples: Samples
) -> None:
    for sample in samples[name]:
        more = {**sample, "brand_new": 1}
        assert not validator(name).is_valid(more)
        assert validator(name, closed=False).is_valid(more) == (not name.endswith("-request"))


def test_what_is_not_described_is_found_inside_too(samples: Samples) -> None:
    wheres = {
        "change-set": lambda message: message["changes"][0],
        "notification": lambda message: message["payload"],
        "get-all-answer": lambda message: message["entities"][0],
        "entities": lambda message: message[0],
        "digests-answer": lambda message: message["buckets"][0],
        "roster-answer": lambda message: message["items"][0],
        "history-answer": lambda message: message["versions"][0],
        "describe-answer": lambda message: message["clouds"]["openstack1"]["nova.server"],
        "error": lambda message: message["kwargs"],
    }
    for name, where in wheres.items():
        message = copy.deepcopy(samples[name][0])
        where(message)["brand_new"] = 1
        assert validator(name, closed=False).is_valid(message), name
        assert not validator(name).is_valid(message), name
