# SPDX-License-Identifier: Apache-2.0
"""Rules that change between two lives of a worker, or between two workers of one ledger."""

from collections.abc import Callable

import msgspec
import pytest
import xxhash

from synchronizer import errors, fingerprint
from synchronizer.ledger import Ledger, Live, StreamState
from synchronizer.model import Entity, EntityType
from synchronizer.sampling.rules import Rules
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import Listed, Source, VirtualClock

Again = Callable[..., Bench]
WEATHER = frozenset({"weather"})


@pytest.fixture
def again(ledger: Ledger, source: Source, clock: VirtualClock) -> Again:
    """A worker that begins, with other settings."""

    def begin(**settings: object) -> Bench:
        return Bench(ledger, source, clock, **settings)

    return begin


def fill(source: Listed, entities: int) -> None:
    for number in range(entities):
        source.put(f"e{number}", weather="fair", heartbeat=0)


def blow(source: Listed) -> None:
    """The weather changes everywhere."""
    for entity in source.entities.values():
        entity["weather"] = "stormy"


def renamed_algorithm(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(entity: Entity, volatile: frozenset[str], seed: int) -> bytes:
        text = fingerprint.encode(fingerprint.without(entity, volatile))
        return xxhash.xxh3_128_digest(b"another way" + text, seed=seed)

    monkeypatch.setattr(fingerprint, "ALGORITHM", "another/1")
    monkeypatch.setattr(fingerprint, "fingerprint", other)


@pytest.mark.parametrize("what", ["more masked", "less masked", "plugin", "algorithm"])
def test_other_rules_announce_nothing_and_a_real_change_is_announced_once(
    again: Again, source: Source, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    source.page_size = 7
    fill(source, 50)
    less, more = {"volatile": frozenset[str]()}, {"volatile": WEATHER}
    first, then = (more, less) if what == "less masked" else (less, less)
    bench = again(**first)
    assert bench.listing().proven
    before, seen = bench.state, [(v.id, v.fingerprint, v.entity) for v in bench.versions]
    source.put("e7", state="B", weather="fair", heartbeat=0)  # while nobody samples
    if what == "more masked":
        then = more
    elif what == "plugin":
        monkeypatch.setattr(Source, "version", "2")
    elif what == "algorithm":
        renamed_algorithm(monkeypatch)
    after = again(**then)
    assert after.state.rules != before.rules
    assert (after.state.epoch, after.state.revision) == (before.epoch, before.revision)
    assert after.state.digest == before.digest
    assert after.listing().proven
    assert after.listing().proven
    assert [(v.id, v.fingerprint, v.entity) for v in after.versions[:50]] == seen
    assert [(v.id, v.changed) for v in after.versions[50:]] == [("e7", ("state",))]
    assert after.ledger.verify_digest(after.state.id)


def test_a_field_that_became_volatile_is_no_change_but_is_named_with_the_next_one(
    again: Again, source: Source
) -> None:
    fill(source, 5)
    again().listing()
    blow(source)
    bench = again(volatile=WEATHER)
    assert bench.listing().proven
    assert bench.state.revision == 5
    source.entities["e1"]["state"] = "B"
    bench.listing()
    (version,) = bench.versions[5:]
    assert (version.id, version.changed) == ("e1", ("state", "weather"))
    assert msgspec.json.decode(version.entity or b"")["weather"] == "stormy"


def test_a_field_that_is_volatile_no_more_is_a_change_where_it_differs_from_what_was_told(
    again: Again, source: Source
) -> None:
    fill(source, 5)
    again(volatile=WEATHER).listing()
    source.entities["e1"]["weather"] = "stormy"
    bench = again()
    assert bench.listing().proven
    assert [(v.id, v.changed) for v in bench.versions[5:]] == [("e1", ("weather",))]


def test_a_field_that_became_sensitive_is_taken_back_and_told_once(
    again: Again, source: Source
) -> None:
    fill(source, 5)
    del source.entities["e4"]["weather"]
    again().listing()
    bench = again(sensitive=WEATHER)
    told = bench.versions[5:]
    assert sorted((v.id, v.changed) for v in told) == [(f"e{n}", ("weather",)) for n in range(4)]
    assert bench.listing().proven
    assert len(bench.versions) == 9
    assert not any(b"weather" in (v.entity or b"") for v in bench.versions)
    # And back again: new content.
    shown = again()
    assert shown.listing().proven
    assert len(shown.versions) == 13
    assert all(v.changed == ("weather",) for v in shown.versions[9:])


def test_of_two_workers_with_different_rules_the_last_to_begin_has_the_stream(
    again: Again, source: Source
) -> None:
    fill(source, 5)
    old = again()
    old.listing()
    new = again(volatile=WEATHER)
    rules = new.state.rules
    source.put("e1", state="B")
    for poll in (old.listing, old.poll_changes, old.sampling.sampler.catch_up):
        with pytest.raises(errors.Fenced, match="another process has taken over"):
            poll()
    assert new.listing().proven
    assert new.state.rules == rules
    assert [v.id for v in new.versions[5:]] == ["e1"]


def test_a_sampler_without_an_owner_never_changes_the_rules(
    again: Again, bench: Bench, source: Source
) -> None:
    fill(source, 5)
    bench.listing()
    with pytest.raises(errors.Fenced):
        again(owner=None, volatile=WEATHER)
    assert bench.listing().proven
    same = again(owner=None)
    assert same.listing().proven


@pytest.mark.parametrize("other", ["claims", "changes the rules"])
def test_a_baseline_that_another_process_came_between_is_not_used(
    again: Again, source: Source, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    fill(source, 5)
    again().listing()
    read = ledger.baseline

    def late(stream_id: int) -> tuple[StreamState, list[Live]]:
        monkeypatch.setattr(ledger, "baseline", read)
        if other == "claims":
            ledger.claim(stream_id, "another")
        else:
            again(volatile=WEATHER)
        return read(stream_id)

    monkeypatch.setattr(ledger, "baseline", late)
    with pytest.raises(errors.Fenced):
        again()


def test_the_name_of_the_rules_differs_whenever_a_match_would() -> None:
    ab = frozenset({"a", "b"})
    plain = EntityType("x.y")
    names = {
        Rules(plain, 1, "1").name,
        Rules(plain, 1, "2").name,
        Rules(EntityType("x.y", volatile=ab), 1, "1").name,
        Rules(EntityType("x.y", sensitive=ab), 1, "1").name,
        Rules(EntityType("x.y", sensitive=frozenset({"a,b"})), 1, "1").name,
    }
    assert len(names) == 5
    other = EntityType("z.y", volatile=frozenset({"b", "a"}))
    assert Rules(other, 1, "1").name == Rules(EntityType("x.y", volatile=ab), 1, "1").name


@pytest.mark.parametrize(
    "settings", [{"volatile": {"id"}}, {"sensitive": {"id"}}, {"sensitive": {"project"}}]
)
def test_what_identifies_or_places_an_entity_cannot_be_masked(
    again: Again, settings: dict[str, set[str]]
) -> None:
    with pytest.raises(errors.BadConfiguration, match=r"test\.thing"):
        again(**{name: frozenset(fields) for name, fields in settings.items()})
