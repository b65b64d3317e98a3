# SPDX-License-Identifier: Apache-2.0
"""`synchronizer history`: what one entity has been."""

import argparse
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from synchronizer.cli import connect, events, terminal, texts
from synchronizer.cli.numbers import whole
from synchronizer.cli.rows import Rows
from synchronizer.client import Added, Deleted, PastVersion, Updated
from synchronizer.model import StreamKey

#: Formats that have one object for each version; the others have a row for each difference.
EXACT = ("json", "jsonl", "yaml")
COLUMNS = ("recorded", "revision", "op", "field", "old", "new")
MEMBERS = (
    "revision",
    "op",
    "id",
    "committed_at",
    "sampled_at",
    "changed",
    "differences",
    "entity",
)
#: In place of an old value that the ledger has forgotten.
FORGOTTEN = "?"
_STYLES = {"create": "good", "update": "warn", "delete": "bad"}


class History(Rows):
    """Tell what one entity has been, the newest version first.

    A terminal gets what each version changed, old and new value, and when it was recorded; a
    program gets JSON lines, a version on each. Versions are kept for the daemon's retention
    (7 days by default) after they were superseded.

    Examples: synchronizer history nova.server 9f1c...
              synchronizer history nova.server 9f1c... --limit 1 -f json
              synchronizer history nova.server 9f1c... | jq -c .differences
    """

    for_programs = "jsonl"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("type", metavar="TYPE", help="entity type, for example nova.server")
        parser.add_argument("id", metavar="ID")
        parser.add_argument(
            "--limit", type=whole, default=0, metavar="N", help="versions at most (default: 0, all)"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Any]]:
        versions = self._versions(parsed_args)
        if parsed_args.formatter in EXACT:
            return MEMBERS, (_members(version) for version in versions)
        if self._is_journal(parsed_args):
            return COLUMNS, versions
        return COLUMNS, (row for version in versions for row in _rows(version))

    def produce_output(
        self, parsed_args: argparse.Namespace, column_names: Sequence[str], data: Iterable[Any]
    ) -> int:
        if not self._is_journal(parsed_args):
            return super().produce_output(parsed_args, column_names, data)
        self._journal(data, whole=not parsed_args.limit)
        return 0

    def mood(self, column: str, value: Any) -> str | None:
        return _STYLES.get(value) if column == "op" else super().mood(column, value)

    def _is_journal(self, parsed_args: argparse.Namespace) -> bool:
        """Whether a person looks, who has not asked for columns."""
        person = terminal.of(self.app).person
        return person and parsed_args.formatter == "table" and not parsed_args.columns

    def _journal(self, versions: Iterable[PastVersion], *, whole: bool) -> None:
        """As `watch` tells changes, below the days on which they were recorded."""
        out = terminal.of(self.app)
        day, version = "", None
        for version in versions:
            this = time.strftime("%A %Y-%m-%d", time.localtime(version.committed_at / 1e6))
            if this != day:
                day = this
                out.line(out.styled(day, "head"))
            stream = StreamKey(version.cloud, version.type)
            text = events.for_people(_event(version), out, (stream,))
            head, *rest = text.splitlines()
            out.line(f"{head}  {out.styled(f'revision {version.revision}', 'dim')}")
            for line in rest:
                out.line(line)
        if whole and version is not None and version.op != "create":
            out.line(out.styled("What was before that is no longer kept.", "dim"))

    def _versions(self, parsed_args: argparse.Namespace) -> Iterator[PastVersion]:
        with connect.client(self.app.options) as client:
            yield from client.history(
                parsed_args.type, parsed_args.id, limit=parsed_args.limit or None
            )


def _members(version: PastVersion) -> tuple[Any, ...]:
    """A version for programs."""
    differences = version.differences
    return (
        version.revision,
        version.op,
        version.id,
        texts.instant(version.committed_at),
        texts.instant(version.sampled_at),
        list(version.changed),
        None
        if differences is None
        else {name: {"old": old, "new": new} for name, (old, new) in differences.items()},
        version.entity,
    )


def _rows(version: PastVersion) -> Iterator[tuple[Any, ...]]:
    """A row for each value that a version changed; at least one."""
    start = (texts.instant(version.committed_at), version.revision, version.op)
    event = _event(version)
    differences = events.differences(event) if isinstance(event, Updated) else []
    for field, old, new in differences:
        before = FORGOTTEN if old is events.UNKNOWN else texts.cell(old)
        yield (*start, field, before, texts.cell(new))
    if not differences:
        yield (*start, None, None, events.named(version.entity or {}).strip() or None)


def _event(version: PastVersion) -> Added | Updated | Deleted:
    """What a watch would have told, when it was recorded."""
    entity = version.entity or {}
    which: dict[str, Any] = {
        "cloud": version.cloud,
        "type": version.type,
        "id": version.id,
        "revision": version.revision,
        "sampled_at": version.committed_at,
    }
    if version.op == "create":
        return Added(**which, entity=entity)
    if version.op == "delete":
        return Deleted(**which, old=None)
    known = version.differences
    return Updated(
        **which,
        old=None if known is None else {name: old for name, (old, _) in known.items()},
        new=entity,
        changed=version.changed if known is None else tuple(known),
    )
