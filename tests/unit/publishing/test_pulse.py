# SPDX-License-Identifier: Apache-2.0
"""Within how long a relay, and what keeps the ledger in order, are heard of again."""

import threading
from collections.abc import Callable

from synchronizer.keeping.housekeeping import Housekeeping
from synchronizer.ledger import Ledger
from synchronizer.publishing import Relay
from synchronizer.vitals import STEP
from tests.support.pulse import RESTS, Heard
from tests.support.waiting import until
from tests.unit.publishing.support import SERVERS, Author

PATIENCE = 60.0


def test_a_message_has_its_deadline_beside_the_ledgers_time(
    author: Author, make_relay: Callable[..., Relay]
) -> None:
    heard = Heard()
    relay = make_relay(deadline=7.0, pulse=heard)
    author.fill(3)
    relay.turn()
    assert heard.words == [(STEP, "looks at the ledger"), (STEP + 7.0, "publishes")]


def test_a_relay_that_waits_says_for_how_long_until_it_ends(
    author: Author, make_relay: Callable[..., Relay]
) -> None:
    heard = Heard()
    relay = make_relay(poll=0.001, longest_poll=0.001, pulse=heard)
    running = threading.Thread(target=relay.run)
    running.start()
    assert heard.said.wait(PATIENCE)
    relay.stop()
    running.join(PATIENCE)
    assert {doing for _, doing in heard.words} >= {"looks at the ledger", "waits"}
    assert heard.words[-1] == (STEP, "ends")


def test_housekeeping_makes_progress_by_the_piece_and_rests_when_it_ends(
    ledger: Ledger, author: Author
) -> None:
    author.fill(1000)
    heard = Heard()
    keeper = Housekeeping(
        ledger, retention=0.0, compact_interval=300.0, verify_interval=1000.0, pulse=heard
    )
    keeper.start()
    until("it to wait", lambda: (300.0, "waits") in heard.words, PATIENCE, gap=0.01)
    keeper.stop()
    assert heard.words == [
        (STEP, ""),
        (STEP + 2.0, f"proves {SERVERS}"),
        (STEP, "compacts"),
        (300.0, "waits"),
        RESTS,
    ]
