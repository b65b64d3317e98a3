# SPDX-License-Identifier: Apache-2.0
"""A process that is killed in the middle of a change of rules, over 5,000 entities."""

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.fingerprint import encode
from synchronizer.ledger import Ledger, StreamState, Write
from synchronizer.model import EntityType
from synchronizer.sampling.rules import Rules, masked
from tests.unit.ledger.builders import KEY, T0

SPAWN = multiprocessing.get_context("spawn")
DEADLINE = 60.0
ENTITIES = 5000
#: Matched by the process before it waits to be killed: some pages are written, some not.
REACHED = 2750
PLAIN = EntityType(KEY.type)


def rules(seed: int, masks: str = "", secrets: str = "") -> Rules:
    volatile, sensitive = (frozenset(text.split()) for text in (masks, secrets))
    return Rules(masked(PLAIN, volatile, sensitive), seed, "1")


def change_until_killed(
    url: str, state_path: Path, masks: str, secrets: str, pipe: Connection
) -> None:
    """Puts other rules in force; tells when it is amid it, and stays there."""
    ledger = Ledger.open(url, state_path=state_path)
    new = rules(ledger.seed, masks, secrets)
    matched = 0

    class Slow(Rules):
        def match(self, payload: bytes) -> bytes:
            nonlocal matched
            matched += 1
            if matched == REACHED:
                pipe.send("amid")
                pipe.recv()  # never comes
            return super().match(payload)

    ledger.ensure_stream(KEY, Slow(new.type, new.seed, new.plugin_version).to_change())


def kill_amid(ledger_url: str, state_path: Path, masks: str, secrets: str) -> None:
    mine, childs = SPAWN.Pipe()
    process = SPAWN.Process(
        target=change_until_killed, args=(ledger_url, state_path, masks, secrets, childs)
    )
    process.start()
    try:
        assert mine.poll(DEADLINE), "the process never came so far"
        assert mine.recv() == "amid"
    finally:
        process.kill()
        process.join(DEADLINE)


@pytest.fixture
def filled(ledger: Ledger) -> StreamState:
    """5,000 entities that say a field `beat` and a field `token`."""
    old = rules(ledger.seed)
    state = ledger.ensure_stream(KEY, old.to_change())
    for start in range(0, ENTITIES, 1000):
        writes = []
        for number in range(start, start + 1000):
            entity = encode({"id": f"e{number}", "beat": number, "token": f"t{number}"})
            match = old.match(entity)
            writes.append(Write("create", f"e{number}", match, match, state.revision, T0, entity))
        state = ledger.commit(state, writes)
    return state


def wrongly_matched(ledger: Ledger, stream_id: int, by: Rules) -> list[str]:
    _, live = ledger.baseline(stream_id)
    texts = ledger.entities(stream_id, [row.id for row in live])
    return [row.id for row in live if row.match != by.match(texts[row.id])]


@pytest.mark.parametrize("then", ["the new rules again", "the old rules"])
def test_whoever_opens_it_next_puts_his_rules_in_force_and_nothing_is_announced(
    ledger: Ledger, ledger_url: str, state_path: Path, filled: StreamState, then: str
) -> None:
    kill_amid(ledger_url, state_path, "beat", "")
    with pytest.raises(errors.Refused):
        ledger.commit(filled, [], listed_at=T0)
    mine = rules(ledger.seed, "beat" if then == "the new rules again" else "")
    state = ledger.ensure_stream(KEY, mine.to_change())
    assert wrongly_matched(ledger, state.id, mine) == []
    assert (state.epoch, state.revision, state.digest) == (
        filled.epoch,
        filled.revision,
        filled.digest,
    )
    assert ledger.verify_digest(state.id)


def test_what_may_not_be_kept_is_told_once_for_each_entity(
    ledger: Ledger, ledger_url: str, state_path: Path, filled: StreamState
) -> None:
    kill_amid(ledger_url, state_path, "", "token")
    mine = rules(ledger.seed, "", "token")
    state = ledger.ensure_stream(KEY, mine.to_change())
    assert state.revision == filled.revision + ENTITIES
    assert wrongly_matched(ledger, state.id, mine) == []
    history = ledger.changes(state.id, 0, limit=3 * ENTITIES, max_bytes=1 << 30).versions
    told = history[ENTITIES:]
    assert {version.id for version in told} == {f"e{number}" for number in range(ENTITIES)}
    assert {version.changed for version in told} == {("token",)}
    assert not any(b"token" in (version.entity or b"") for version in history)
    assert ledger.verify_digest(state.id)
