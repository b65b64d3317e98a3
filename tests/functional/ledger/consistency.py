# SPDX-License-Identifier: Apache-2.0
"""What has to be true of a ledger at any moment."""

from synchronizer.fingerprint import digest
from synchronizer.ledger import Ledger
from tests.unit.ledger.builders import NO_LIMITS


def assert_consistent(ledger: Ledger, stream_id: int) -> None:
    """A snapshot at the floor and the changes above it give the baseline."""
    state, live = ledger.baseline(stream_id)
    page = ledger.snapshot_page(stream_id, state.epoch, state.floor, 0, **NO_LIMITS)
    copy = {v.id: v.fingerprint for v in page.versions}
    changes = ledger.changes(stream_id, state.floor, **NO_LIMITS).versions
    assert [v.revision for v in changes] == list(range(state.floor + 1, state.revision + 1))
    for version in changes:
        if version.op == "delete":
            del copy[version.id]
        else:
            copy[version.id] = version.fingerprint
    assert copy == {row.id: row.fingerprint for row in live}
    assert (state.count, state.digest) == (
        len(live),
        digest((row.id, row.fingerprint) for row in live),
    )
