# SPDX-License-Identifier: Apache-2.0
"""Defects that the harness must notice, each put into the real classes.

Every one is a mistake that a system of this kind can be built with, and breaks one of
the guarantees.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from synchronizer import outgoing
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.transport import notification_transport
from synchronizer.client.replica import Replica
from synchronizer.ledger import StreamState, reading
from synchronizer.ledger.commit import Commit
from synchronizer.model import EntityType
from synchronizer.plugin import Page
from synchronizer.publishing.batch import Batch, batch_of
from synchronizer.publishing.relay import Relay
from synchronizer.sampling import stream
from synchronizer.sampling.baseline import Baseline, Moment
from synchronizer.sampling.diff import Diff, compare
from synchronizer.sampling.evidence import Evidence, Verdict
from synchronizer.sampling.observation import Request
from synchronizer.sampling.rawhash import Slice
from synchronizer.sampling.rules import Rules
from synchronizer_plugins.nova.plugin import NovaPlugin


def publish_before_commit(transport_url: str) -> None:
    """The worker tells of its changes as soon as they are written, before they are durable."""

    @functools.cache
    def notifier() -> Notifier:
        return Notifier(notification_transport(transport_url), "synchronizer.early")

    run = Commit.run

    def running(self: Commit, connection: Any) -> StreamState:
        state = run(self, connection)
        if self._writes:
            since = self._state.revision
            read = reading.changes(
                connection, self._payloads, state.id, since, len(self._writes), outgoing.MAX_BYTES
            )
            batch = batch_of(read, outgoing.MAX_BYTES)
            notifier().send(batch.topic, batch.event_type, batch.payload(), 5.0)
        return state

    Commit.run = running  # type: ignore[method-assign]


def mark_before_publish(_transport_url: str) -> None:
    """The relay marks revisions as published, and publishes them then."""
    publish, mark = Relay.publish_batch, Relay.mark_batch
    marked: dict[str, bool] = {}

    def marking(self: Relay, batch: Batch) -> None:
        marked["it"] = mark(self, batch)

    def publishing(self: Relay, batch: Batch) -> bool:
        publish(self, batch)
        return marked["it"]

    # Each stands in the place of the other.
    Relay.publish_batch = marking  # type: ignore[method-assign]
    Relay.mark_batch = publishing  # type: ignore[method-assign]


def page_dropped_called_complete(_transport_url: str) -> None:
    """A page of each listing but the first gets lost, and the listing is called complete."""
    get_all = NovaPlugin.get_all
    listings = itertools.count()

    def dropping(self: NovaPlugin, type_: EntityType) -> Iterator[Page]:
        first = next(listings) == 0
        for number, page in enumerate(get_all(self, type_)):
            yield page if number or first else dataclasses.replace(page, items=())

    NovaPlugin.get_all = dropping  # type: ignore[method-assign]


def confirmation_off(_transport_url: str) -> None:
    """What a complete listing does not show is taken for deleted."""

    def after_listing(self: Evidence, began: Request, _previous: Moment | None) -> Verdict:
        absent = self._sampler.absences(began.moment)
        outcome = self._sampler.record_deleted([(id_, began) for id_ in absent])
        self._holds.forget(outcome.deleted)
        return Verdict(again=outcome.again)

    Evidence.after_listing = after_listing  # type: ignore[method-assign, assignment]


def global_raw_hashes(_transport_url: str) -> None:
    """One set of all raw hashes ever seen, instead of one hash for each id."""
    everything: set[int] = set()

    def comparing(
        part: Slice, baseline: Baseline, rules: Rules, moment: Moment, sampled_at: int, tick: int
    ) -> Diff:
        kept = Slice([], [], [], part.bad)
        items = list(kept.items)
        for id_, raw, item in zip(part.ids, part.hashes, part.items, strict=True):
            known = baseline.live.get(id_)
            if known is not None and raw in everything:
                known.observed = tick
                continue
            kept.ids.append(id_)
            kept.hashes.append(raw)
            items.append(item)
            everything.add(raw)
        part = dataclasses.replace(kept, items=items)
        return compare(part, baseline, rules, moment, sampled_at, tick)

    stream.compare = comparing  # type: ignore[attr-defined]


def bookmarks_ignored() -> None:
    """The consumer takes no notice of bookmarks, and so of no silence either."""
    Replica.bookmarks_ignored = True
    touch = Replica._touch

    def never_silent(self: Replica, now: float) -> None:
        touch(self, now)
        self._silent_at = float("inf")

    Replica._touch = never_silent  # type: ignore[method-assign]


OF_DAEMON: dict[str, Callable[[str], None]] = {
    "publish_before_commit": publish_before_commit,
    "mark_before_publish": mark_before_publish,
    "page_dropped_called_complete": page_dropped_called_complete,
    "confirmation_off": confirmation_off,
    "global_raw_hashes": global_raw_hashes,
}

OF_CONSUMER: dict[str, Callable[[], None]] = {"bookmarks_ignored": bookmarks_ignored}

ALL = (*OF_DAEMON, *OF_CONSUMER)
