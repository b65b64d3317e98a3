# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
from collections.abc import Callable

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger, NewRules, StreamState
from tests.unit.ledger.builders import KEY, NO_LIMITS, create, delete, update

SECOND = "rules 2"


def rematch(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()[:16]


def censor(text: bytes) -> bytes | None:
    entity = json.loads(text)
    return None if entity.pop("secret", None) is None else json.dumps(entity).encode()


CENSORING = NewRules(SECOND, rematch, lambda _: censor)


def matched(ledger: Ledger, stream: StreamState) -> bool:
    """Whether every live entity has its match under the second rules."""
    _, live = ledger.baseline(stream.id)
    texts = ledger.entities(stream.id, [row.id for row in live])
    return [row.match for row in live] == [rematch(texts[row.id]) for row in live]


def payloads(ledger: Ledger, stream: StreamState) -> list[bytes | None]:
    return [version.entity for version in ledger.changes(stream.id, 0, **NO_LIMITS).versions]


def stopping_at(call: int) -> Callable[[bytes], bytes]:
    """Matches until the call of that number."""
    calls = 0

    def stop(text: bytes) -> bytes:
        nonlocal calls
        calls += 1
        if calls == call:
            raise KeyboardInterrupt
        return rematch(text)

    return stop


def test_other_rules_change_only_match(ledger: Ledger, stream: StreamState) -> None:
    state = ledger.commit(stream, [create(str(n)) for n in range(1000)])
    state = ledger.commit(state, [create("a"), create("b"), update("0", name="x"), delete("1")])
    _, before = ledger.baseline(stream.id)
    seen = payloads(ledger, stream)
    after = ledger.ensure_stream(KEY, NewRules(SECOND, rematch))
    assert after.rules == SECOND
    assert (after.epoch, after.revision, after.digest) == (state.epoch, 1004, state.digest)
    _, live = ledger.baseline(stream.id)
    assert matched(ledger, stream)
    assert [(r.id, r.fingerprint) for r in live] == [(r.id, r.fingerprint) for r in before]
    assert payloads(ledger, stream) == seen
    assert ledger.verify_digest(stream.id)


def test_while_the_rules_change_nobody_commits_under_any_rules(
    ledger: Ledger, stream: StreamState
) -> None:
    state = ledger.commit(stream, [create("a"), create("b")])
    refused: list[str] = []

    def slowly(text: bytes) -> bytes:
        for known in (state, ledger.state(stream.id)):
            with pytest.raises(errors.Refused) as raised:
                ledger.commit(known, [create("c")])
            refused.append(raised.value.message)
        return rematch(text)

    after = ledger.ensure_stream(KEY, NewRules(SECOND, slowly))
    assert len(refused) == 4
    assert all("rules" in message for message in refused)
    assert matched(ledger, stream)
    assert ledger.commit(after, [create("c")]).revision == 3


@pytest.mark.parametrize("again", ["rules 1", SECOND])
def test_a_change_that_was_interrupted_is_begun_again_by_whoever_comes(
    ledger: Ledger, stream: StreamState, again: str
) -> None:
    state = ledger.commit(stream, [create(str(n)) for n in range(1000)])
    ledger.commit(state, [create(str(n)) for n in range(1000, 1300)])
    before = ledger.state(stream.id)
    with pytest.raises(KeyboardInterrupt):
        ledger.ensure_stream(KEY, NewRules(SECOND, stopping_at(700)))
    between = ledger.state(stream.id)
    assert between.rules not in ("rules 1", SECOND)
    with pytest.raises(ValueError, match="rules differ"):
        ledger.ensure_stream(KEY, again)
    after = ledger.ensure_stream(KEY, NewRules(again, rematch))
    assert after.rules == again
    assert matched(ledger, stream)
    assert (after.epoch, after.revision, after.digest) == (
        before.epoch, before.revision, before.digest,
    )  # fmt: skip


def test_an_interrupted_change_does_not_tell_which_rules_there_were(
    ledger: Ledger, stream: StreamState
) -> None:
    ledger.commit(stream, [create("a")])
    asked: list[str] = []

    def after(rules: str) -> None:
        asked.append(rules)

    with pytest.raises(KeyboardInterrupt):
        ledger.ensure_stream(KEY, NewRules(SECOND, stopping_at(1), after))
    ledger.ensure_stream(KEY, NewRules(SECOND, rematch, after))
    ledger.ensure_stream(KEY, NewRules("rules 3", rematch, after))
    assert asked[0] == "rules 1"
    assert asked[1] not in ("rules 1", SECOND)
    assert asked[2] == SECOND


def test_of_two_who_change_the_rules_the_first_yields(ledger: Ledger, stream: StreamState) -> None:
    ledger.commit(stream, [create("a"), create("b")])

    def overtaken(text: bytes) -> bytes:
        if ledger.state(stream.id).rules != "rules 3":
            ledger.ensure_stream(KEY, NewRules("rules 3", rematch))
        return b"1" * 16

    with pytest.raises(errors.Fenced):
        ledger.ensure_stream(KEY, NewRules(SECOND, overtaken))
    assert ledger.state(stream.id).rules == "rules 3"
    assert matched(ledger, stream)


def test_who_is_fenced_off_while_he_changes_the_rules_yields(
    ledger: Ledger, stream: StreamState
) -> None:
    ledger.commit(stream, [create("a"), create("b")])

    def fenced(text: bytes) -> bytes:
        ledger.claim(stream.id, "somebody else")
        return rematch(text)

    with pytest.raises(errors.Fenced, match="somebody else"):
        ledger.ensure_stream(KEY, NewRules(SECOND, fenced))


def test_who_claimed_the_stream_earlier_changes_nothing(
    ledger: Ledger, stream: StreamState
) -> None:
    ledger.commit(stream, [create("a"), create("b")])
    mine = ledger.claim(stream.id, "me")
    ledger.claim(stream.id, "somebody else")
    with pytest.raises(errors.Fenced, match="somebody else"):
        ledger.ensure_stream(KEY, NewRules(SECOND, rematch), fence=mine.fence)
    assert ledger.state(stream.id).rules == "rules 1"


def test_an_unchanged_match_is_not_written(ledger: Ledger, stream: StreamState) -> None:
    state = ledger.commit(stream, [create("a"), create("b")])
    kept = {row.id: row.match for row in ledger.baseline(stream.id)[1]}
    texts = ledger.entities(stream.id, kept)
    same = {text: kept[id_] for id_, text in texts.items()}
    after = ledger.ensure_stream(KEY, NewRules(SECOND, lambda text: same[text]))
    assert (after.rules, after.revision) == (SECOND, state.revision)
    assert {row.id: row.match for row in ledger.baseline(stream.id)[1]} == kept


def test_what_may_not_be_kept_goes_from_history_too_and_copies_are_told(
    ledger: Ledger, stream: StreamState
) -> None:
    state = ledger.commit(stream, [create("a", secret="x"), create("b"), create("c", secret="y")])
    state = ledger.commit(state, [update("a", secret="z", name="new"), delete("c")])
    after = ledger.ensure_stream(KEY, CENSORING)
    assert after.rules == SECOND
    assert (after.epoch, after.revision, after.count) == (state.epoch, 6, 2)
    assert not any(b"secret" in text for text in payloads(ledger, stream) if text)
    (told,) = ledger.changes(stream.id, 5, **NO_LIMITS).versions
    assert (told.id, told.op, told.changed) == ("a", "update", ("secret",))
    assert json.loads(told.entity or b"") == {"id": "a", "status": "ACTIVE", "name": "new"}
    assert matched(ledger, stream)
    assert ledger.verify_digest(stream.id)
    page = ledger.snapshot_page(stream.id, state.epoch, 3, 0, **NO_LIMITS)
    assert [json.loads(v.entity or b"").keys() for v in page.versions] == [{"id", "status"}] * 3


def test_content_goes_once_however_often_the_change_was_interrupted(
    ledger: Ledger, stream: StreamState
) -> None:
    state = ledger.commit(stream, [create(str(n), secret=n) for n in range(1000)])
    state = ledger.commit(state, [create(str(n), secret=n) for n in range(1000, 1200)])
    for call in (100, 600, 750):
        with pytest.raises(KeyboardInterrupt):
            ledger.ensure_stream(KEY, NewRules(SECOND, stopping_at(call), lambda _: censor))
    ledger.ensure_stream(KEY, CENSORING)
    told = ledger.changes(stream.id, 1200, **NO_LIMITS).versions
    assert sorted(v.id for v in told) == sorted(str(n) for n in range(1200))
    assert matched(ledger, stream)


def test_damaged_content_stops_the_change(
    ledger: Ledger, stream: StreamState, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.commit(stream, [create("a")])
    monkeypatch.setattr(ledger._payloads, "unpack", damaged)
    with pytest.raises(errors.LedgerDamaged):
        ledger.ensure_stream(KEY, NewRules(SECOND, rematch))


def test_other_rules_without_a_way_to_match_are_refused(
    ledger: Ledger, stream: StreamState
) -> None:
    with pytest.raises(ValueError, match="rules differ"):
        ledger.ensure_stream(KEY, SECOND)
    assert ledger.state(stream.id) == stream


def damaged(payload: bytes) -> bytes:
    raise errors.LedgerDamaged
