# SPDX-License-Identifier: Apache-2.0
import json
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.bus import envelope
from synchronizer.ledger import Hold
from synchronizer.snapshot import Endpoint
from tests.unit.publishing.support import Author


def walk(endpoint: Endpoint, id_: str, **asked: Any) -> list[dict[str, Any]]:
    """Every version of an entity."""
    found: list[dict[str, Any]] = []
    before = None
    while True:
        page = endpoint.history({}, "nova.server", id_, before=before, **asked)
        found += page["versions"]
        before = page["before"]
        if before is None:
            return found


def change_often(author: Author) -> None:
    """Revisions 1, 3, 5 ... 19 are of a."""
    for number in range(10):
        author.put({"id": "a", "n": number}, {"id": "b", "n": number})


@pytest.mark.parametrize("limit", [1, 3, 10, None])
def test_history_has_every_version_with_what_it_changed_newest_first(
    author, endpoint, limit
) -> None:
    change_often(author)
    author.drop("a")
    found = walk(endpoint, "a", limit=limit)
    assert [version["revision"] for version in found] == [21, *range(19, 0, -2)]
    assert [version["op"] for version in found] == ["delete", *["update"] * 9, "create"]
    assert [version["changed"] for version in found] == [[], *[["n"]] * 9, []]
    assert found[1]["entity"] == {"id": "a", "n": 9}
    for version in found:
        committed = version.pop("committed_at")
        assert envelope.instant_from_wire(committed) > 0
        whole = endpoint.get({}, "nova.server", "a", revision=version["revision"])
        assert version.items() <= whole.items()


def test_a_page_names_its_stream_and_how_far_back_the_ledger_goes(author, endpoint, ledger) -> None:
    change_often(author)
    ledger.mark_published(author.state.id, author.state.epoch, 0, author.state.revision)
    ledger.compact(author.state.id, 1 << 62, limit=4)
    answer = endpoint.history({}, "nova.server", "a")
    assert (answer["cloud"], answer["type"], answer["id"]) == ("openstack1", "nova.server", "a")
    assert (answer["epoch"], answer["floor"]) == (author.state.epoch, 6)
    assert [version["revision"] for version in answer["versions"]] == list(range(19, 4, -2))
    assert answer["before"] is None


def test_a_page_fits_into_a_message_and_what_does_not_is_marked(author, make_endpoint) -> None:
    endpoint = make_endpoint(max_bytes=4096)
    for number in range(12):
        author.put({"id": "a", "n": number, "text": "\u00e9" * 700})
    author.put({"id": "a", "text": "x" * 9000})
    author.put({"id": "a"})
    pages, before = [], None
    while True:
        page = endpoint.history({}, "nova.server", "a", before=before)
        assert len(json.dumps(json.dumps(page["versions"]))) <= 4096 * 7 // 4 + 10
        pages.append(page["versions"])
        before = page["before"]
        if before is None:
            break
    assert len(pages) > 4 and all(pages)
    found = [version for page in pages for version in page]
    assert [version["revision"] for version in found] == list(range(14, 0, -1))
    marked = [(v["revision"], v["entity"]) for v in found if "oversized" in v]
    assert marked == [(13, None)]


def test_only_what_is_below_a_revision_is_told_if_asked(author, endpoint) -> None:
    change_often(author)
    answer = endpoint.history({}, "nova.server", "a", before=8, limit=2)
    assert [version["revision"] for version in answer["versions"]] == [7, 5]
    assert answer["before"] == 5
    nothing = endpoint.history({}, "nova.server", "a", before=1)
    assert (nothing["versions"], nothing["before"]) == ([], None)


def test_what_never_was_has_no_history(author, endpoint, ledger) -> None:
    author.put({"id": "a"})
    ledger.hold(author.state.id, [Hold("gone", 1, "not confirmed", 1)])
    for id_ in ("never", "gone"):
        with pytest.raises(errors.NotFound, match=id_):
            endpoint.history({}, "nova.server", id_)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": 7},
        {"id": "x" * 1025},
        {"limit": 0},
        {"limit": 1001},
        {"limit": True},
        {"before": 0},
        {"before": "7"},
        {"before": 2**53 + 1},
    ],
)
def test_what_makes_no_sense_is_refused(author, endpoint, wrong) -> None:
    author.put({"id": "a"})
    with pytest.raises(errors.BadRequest):
        endpoint.history({}, "nova.server", **{"id": "a", **wrong})
