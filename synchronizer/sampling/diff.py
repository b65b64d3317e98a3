# SPDX-License-Identifier: Apache-2.0
"""Where a page becomes changes: what was observed, compared with what is known.

Nothing here records anything. An unchanged item costs its hash and one look-up; only
an item whose raw text is new is decoded, and only if its canonical fingerprint differs
too is it a change.
"""

import dataclasses
from collections.abc import Iterable

from synchronizer import errors, fingerprint
from synchronizer.model import Op
from synchronizer.sampling.baseline import Baseline, Moment
from synchronizer.sampling.rawhash import Slice
from synchronizer.sampling.rules import Rules


@dataclasses.dataclass(slots=True)
class Difference:
    """One change that waits to be committed. `match`, `raw`, `entity`: None for a delete."""

    op: Op
    id: str
    moment: Moment
    sampled_at: int
    match: bytes | None = None
    raw: int | None = None
    entity: bytes | None = None


@dataclasses.dataclass(slots=True)
class Diff:
    """`again`: ids whose observation was discarded, to be sampled again. `decoded`: how
    many items had to be."""

    differences: list[Difference] = dataclasses.field(default_factory=list)
    again: list[str] = dataclasses.field(default_factory=list)
    bad: list[errors.BadItem] = dataclasses.field(default_factory=list)
    decoded: int = 0


def compare(
    part: Slice, baseline: Baseline, rules: Rules, moment: Moment, sampled_at: int, tick: int
) -> Diff:
    """The present entities of a page. Marks each as observed at `tick`."""
    diff = Diff(bad=list(part.bad))
    find = baseline.live.get
    for id_, raw, item in zip(part.ids, part.hashes, part.items, strict=True):
        known = find(id_)
        if known is not None and known.raw == raw:
            known.observed = tick
            continue
        diff.decoded += 1
        try:
            entity = fingerprint.without(fingerprint.decode(item), rules.type.sensitive)
            match = fingerprint.fingerprint(entity, rules.type.volatile, rules.seed)
        except errors.BadItem as error:
            diff.bad.append(errors.BadItem(f"{id_}: {error}"))
            if known is not None:
                known.observed = tick  # it is there, whatever it is
            continue
        if known is not None and known.match == match:
            known.raw = raw
            known.observed = tick
            continue
        speaks = baseline.may_speak(id_, moment)
        if known is not None:
            known.observed = tick
        if not speaks:
            diff.again.append(id_)
            continue
        diff.differences.append(
            Difference(
                "create" if known is None else "update",
                id_,
                moment,
                sampled_at,
                match,
                raw,
                fingerprint.encode(entity),
            )
        )
    return diff


def compare_absent(
    absent: Iterable[tuple[str, Moment, int]], baseline: Baseline, tick: int
) -> Diff:
    """Entities of which there is evidence that they are deleted: id, and the moment and
    instant of the request that showed it. Unknown ones are ignored."""
    diff = Diff()
    for id_, moment, sampled_at in absent:
        if id_ not in baseline.live:
            baseline.remove(id_, tick)
        elif baseline.may_speak(id_, moment):
            diff.differences.append(Difference("delete", id_, moment, sampled_at))
        else:
            diff.again.append(id_)
    return diff
