# SPDX-License-Identifier: Apache-2.0
"""The page of metrics while the ledger's database does not answer."""

from pathlib import Path

import pytest

from synchronizer.ledger import Ledger, StreamState
from synchronizer.metrics import Numbers, Page
from tests.engines.database import DatabaseServer
from tests.functional.ledger.contention import until
from tests.functional.ledger.places import of, of_servers
from tests.unit.ledger.builders import KEY

ENTITIES = "synchronizer_stream_entities{"
AWAY, THERE = "synchronizer_ledger_up 0.0", "synchronizer_ledger_up 1.0"


def told(page: Page) -> str:
    return page.read()[1].decode()


@of_servers
@pytest.mark.timeout(300)
def test_a_server_that_hangs_or_is_gone_takes_its_streams_off_the_page_until_it_is_back(
    ledger: Ledger, stream: StreamState, ledger_url: str, server: DatabaseServer
) -> None:
    page = Page(Numbers([]), ledger_url, intervals=lambda: {KEY: 1.0}, processes=list)
    until(lambda: ENTITIES in told(page), "the stream is told")
    server.pause()
    hung = told(page)
    assert AWAY in hung
    assert ENTITIES not in hung
    server.resume()
    until(lambda: THERE in told(page), "the ledger is there")
    server.kill()
    assert ENTITIES not in told(page)
    server.start()
    until(lambda: ENTITIES in told(page), "the stream is told")
    page.close()


@of("sqlite")
def test_a_file_that_was_replaced_is_read_anew(
    ledger: Ledger, stream: StreamState, ledger_url: str, tmp_path: Path
) -> None:
    page = Page(Numbers([]), ledger_url, intervals=lambda: {KEY: 1.0}, processes=list)
    until(lambda: ENTITIES in told(page), "the stream is told")
    ledger.close()
    path = Path(ledger_url.removeprefix("sqlite:///"))
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    another = Ledger.open(ledger_url, state_path=tmp_path / "another", migrate=True)
    until(lambda: THERE in told(page), "the ledger is there")
    assert ENTITIES not in told(page), "the new file has no stream yet"
    another.close()
    page.close()
