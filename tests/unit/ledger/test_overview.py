# SPDX-License-Identifier: Apache-2.0
"""All streams at a glance, by one who only watches."""

from collections.abc import Iterator

import pytest

from synchronizer.ledger import Activity, Hold, Ledger, StreamState, Watcher
from synchronizer.model import StreamKey
from tests.unit.ledger.builders import KEY, T0, create, update

OTHER = StreamKey("openstack1", "nova.flavor")


@pytest.fixture
def watcher(url: str) -> Iterator[Watcher]:
    made = Watcher(url, answer_timeout=30.0)
    yield made
    made.close()


def test_a_new_stream_has_nothing_to_tell(
    ledger: Ledger, stream: StreamState, watcher: Watcher
) -> None:
    (one,), _ = watcher.read()
    assert one.state == stream
    assert (one.held, one.failing, one.listing, one.unpublished_since) == (0, False, None, None)


def test_everything_is_told_of_its_own_stream(
    ledger: Ledger, stream: StreamState, watcher: Watcher
) -> None:
    ledger.ensure_stream(OTHER, "rules 1")
    ledger.commit(stream, [create("a"), create("b")])
    ledger.hold(stream.id, [Hold(id_, 0, "why", T0) for id_ in ("a", "b")])
    ledger.set_condition(stream.id, "the service is down")
    ledger.activity.add({stream.id: Activity(listing=2.5)})
    other, one = watcher.read()[0]
    assert (one.state.key, one.state.count) == (KEY, 2)
    assert (one.held, one.failing, one.listing) == (2, True, 2.5)
    assert (other.held, other.failing, other.listing) == (0, False, None)
    assert other.unpublished_since is None


def test_the_outbox_is_as_old_as_its_oldest_revision(
    ledger: Ledger, stream: StreamState, watcher: Watcher
) -> None:
    first = ledger.commit(stream, [create("a"), create("b")])
    second = ledger.commit(first, [update("a", base=first.revision, n=2)])

    def committed(id_: str) -> int:
        return ledger.version(stream.id, id_).committed_at

    def since() -> int | None:
        return watcher.read()[0][0].unpublished_since

    assert since() == committed("b")
    assert ledger.mark_published(stream.id, second.epoch, first.published, first.revision)
    assert since() == committed("a")
    assert ledger.mark_published(stream.id, second.epoch, first.revision, second.revision)
    assert since() is None


def test_the_size_grows_with_what_is_kept(
    ledger: Ledger, stream: StreamState, watcher: Watcher
) -> None:
    size = watcher.read()[1]
    assert size is not None
    assert size > 0
