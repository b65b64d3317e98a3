# SPDX-License-Identifier: Apache-2.0
"""Messages of every form, as the project's own parts make them over a real ledger."""

import json
from pathlib import Path
from typing import Any

from synchronizer import errors
from synchronizer.bus import topics
from synchronizer.ledger import HighWater, Hold, Ledger
from synchronizer.publishing import Relay
from synchronizer.snapshot import Endpoint
from tests.support.schemas import failure_of
from tests.unit.publishing.support import VOLUMES, Author, Bus

#: An entity whose JSON is longer than this does not travel whole.
MAX_BYTES = 2000

Samples = dict[str, list[Any]]
"""By name of schema."""


def make(folder: Path, ledger: Ledger) -> Samples:
    """As JSON readers see them."""
    author = Author(ledger)
    unlisted = Author(ledger, VOLUMES)
    bus = Bus()
    relay = Relay(ledger, HighWater(folder / "marks"), bus.send, max_bytes=MAX_BYTES)
    endpoint = Endpoint(ledger, bus.send, host="here", max_bytes=MAX_BYTES)
    unlisted.put({"id": "v1"})
    author.put({"id": "a", "n": 1}, {"id": "b", "n": 1}, {"id": "big", "text": "x" * 5000})
    author.put({"id": "a", "n": 2})
    author.drop("b")
    author.listed()
    ledger.hold(author.state.id, [Hold("a", 1, "not confirmed", 1)])
    ledger.set_condition(unlisted.state.id, "503 from the service")
    while relay.turn() == 0.0:
        pass
    requests = _requests(author)
    made: Samples = {
        "change-set": bus.payloads("changes"),
        "changes-answer": [endpoint.changes({}, **asked) for asked in requests["changes"]],
        "get-all-answer": [endpoint.get_all({}, **asked) for asked in requests["get_all"]],
        "get-answer": [endpoint.get({}, **asked) for asked in requests["get"]],
        "digests-answer": [endpoint.digests({}, **asked) for asked in requests["digests"]],
        "roster-answer": [endpoint.roster({}, **asked) for asked in requests["roster"]],
        "history-answer": [endpoint.history({}, **asked) for asked in requests["history"]],
        "describe-answer": [endpoint.describe({})],
        "barrier-answer": [endpoint.barrier({}, **asked) for asked in requests["barrier"]],
        "error": [failure_of(error) for error in _errors()],
        **{f"{method.replace('_', '-')}-request": asked for method, asked in requests.items()},
    }
    # The barrier's bookmark has a nonce.
    made["bookmark"] = bus.payloads("bookmark") + bus.payloads("bookmark", VOLUMES)
    made["entities"] = [made["get-all-answer"][0]["entities"]]
    made["notification"] = [_notification(event, said) for _, event, said in bus.messages]
    read: Samples = json.loads(json.dumps(made))
    return read


def _requests(author: Author) -> dict[str, list[dict[str, Any]]]:
    type_, cloud, epoch = author.key.type, author.key.cloud, author.state.epoch
    everything = {"max_age": 1e12, "limit": 2, "cursor": None, "fields": ["n"], "encoding": "json"}
    return {
        "get_all": [
            {"type": type_},
            {"type": type_, "encoding": "zlib", "limit": 1},
            {"type": type_, "cloud": cloud, **everything, "where": {"n": [1, None], "id": "a"}},
        ],
        "changes": [
            {"type": type_, "cloud": cloud, "epoch": epoch, "since": 0, "limit": 10},
            {"type": type_, "since": author.state.revision},
        ],
        "get": [
            {"type": type_, "cloud": cloud, "id": "a", "revision": 4, "part": None},
            {"type": type_, "id": "b", "revision": 5},
            {"type": type_, "id": "big"},
            {"type": type_, "id": "big", "revision": 3, "part": 1},
        ],
        "digests": [
            {"type": type_, "epoch": epoch, "revision": 5},
            {"type": type_, "cloud": cloud, "epoch": epoch, "revision": 4, "bits": 3},
        ],
        "roster": [
            {"type": type_, "epoch": epoch, "revision": 5, "limit": 1},
            {
                "type": type_,
                "cloud": cloud,
                "epoch": epoch,
                "revision": 4,
                "bits": 1,
                "bucket": 0,
                "limit": 10,
                "cursor": None,
            },
        ],
        "history": [
            {"type": type_, "cloud": cloud, "id": "a", "limit": 1, "before": None},
            {"type": type_, "id": "a", "before": 4},
            {"type": type_, "id": "b"},
            {"type": type_, "id": "big"},
        ],
        "describe": [{}],
        "barrier": [{"type": type_, "cloud": cloud, "nonce": "n-1"}],
    }


def _errors() -> list[errors.SynchronizerError]:
    at = "2026-01-02T03:04:05.678901Z"
    told = {"cursor": "listing.x", "condition": "503", "held": 1, "listed_at": at}
    return [
        errors.UnknownType(known=["nova.server"]),
        errors.UnknownCloud(known=["openstack1"]),
        errors.NotFound(),
        errors.Compacted(floor=7),
        errors.EpochChanged(epoch="01KE8ZJ5V9Q2M7T4XW3N6B8R0C"),
        errors.BadCursor(),
        errors.BadRequest(),
        errors.ServiceUnavailable(),
        errors.ServiceUnavailable(retry_after=1.5, since=at, **told),
        errors.Listing(retry_after=1.5, since=at, **told),
    ]


def _notification(event_type: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "message_id": "4b8f4e0c-1d1f-4c53-9a2e-3f6c7f0f7a11",
        "publisher_id": topics.publisher_id("here"),
        "event_type": event_type,
        "priority": "INFO",
        "payload": payload,
        "timestamp": "2026-01-02 03:04:05.678901",
    }
