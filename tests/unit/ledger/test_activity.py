# SPDX-License-Identifier: Apache-2.0
"""What sampling costs, kept for everybody to see."""

import sqlalchemy as sa

from synchronizer.ledger import Activity, Ledger
from synchronizer.ledger.dialects import dialect_of
from synchronizer.model import StreamKey
from synchronizer.sampling.activity import Reporting
from synchronizer.sampling.counters import Counters

ONE, TWO = StreamKey("c1", "nova.server"), StreamKey("c1", "nova.flavor")


def test_a_new_stream_has_cost_nothing(ledger: Ledger) -> None:
    stream = ledger.ensure_stream(ONE, "r")
    assert ledger.activity.all() == {stream.id: Activity()}


def test_costs_add_up_and_the_last_listing_stands(ledger: Ledger) -> None:
    one, two = ledger.ensure_stream(ONE, "r").id, ledger.ensure_stream(TWO, "r").id
    ledger.activity.add({two: Activity(1, 1, 0.5, 0.25, 3.0), one: Activity(7)})
    ledger.activity.add({two: Activity(2, 0, 0.5, 0.25)})
    assert ledger.activity.all() == {one: Activity(7), two: Activity(3, 1, 1.0, 0.5, 3.0)}
    ledger.activity.add({two: Activity(listing=1.5)})
    assert ledger.activity.all()[two].listing == 1.5


def test_a_stream_that_an_older_program_made_is_counted_when_it_is_claimed(
    ledger: Ledger, url: str
) -> None:
    stream = ledger.ensure_stream(ONE, "r").id
    older = dialect_of(sa.make_url(url)).engine()
    with older.begin() as connection:
        connection.execute(sa.text("DELETE FROM activity"))
    older.dispose()
    for _ in range(2):
        ledger.claim(stream, "host1:1")
        ledger.activity.add({stream: Activity(1)})
    assert ledger.activity.all() == {stream: Activity(2)}


def test_only_what_was_gained_is_told(ledger: Ledger) -> None:
    stream = ledger.ensure_stream(ONE, "r").id
    counters, reporting = Counters(ONE), Reporting(ledger)
    reporting.report({stream: counters})
    counters.add(calls=2, call_seconds=0.5)
    counters.listed(9.0)
    for _ in range(2):
        reporting.report({stream: counters})
    counters.add(calls=1, errors=1, waited_seconds=2.0)
    reporting.report({stream: counters})
    told = Activity(calls=3, errors=1, seconds=0.5, waited=2.0, listing=9.0)
    assert ledger.activity.all() == {stream: told}


def test_several_processes_add_to_the_same(ledger: Ledger) -> None:
    stream = ledger.ensure_stream(ONE, "r").id
    for _ in range(2):
        counters = Counters(ONE)
        counters.add(calls=5)
        Reporting(ledger).report({stream: counters})
    assert ledger.activity.all()[stream].calls == 10
