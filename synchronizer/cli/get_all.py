# SPDX-License-Identifier: Apache-2.0
"""`synchronizer get-all`: the latest snapshot of one entity type."""

import argparse
import itertools
import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

from synchronizer import errors
from synchronizer.cli import connect, terminal, texts
from synchronizer.cli.numbers import not_negative
from synchronizer.cli.progress import Progress
from synchronizer.cli.rows import Rows
from synchronizer.client.client import LISTING_PATIENCE
from synchronizer.model import Entity

#: Formats that show entities as they are, one after the other; the others show rows.
EXACT = ("json", "jsonl", "yaml")
#: Entities that are looked at to choose columns.
SAMPLE = 200


class GetAll(Rows):
    """List all entities of a type, as last recorded.

    A terminal gets a table of a few columns (see -c for others), a program JSON lines: whole
    entities, one on each line, none of them kept in memory.

    Examples: synchronizer get-all nova.server
              synchronizer get-all nova.server --where status=ERROR -c id -f csv
              synchronizer get-all nova.server --max-age 60 | jq -r .name
    """

    for_programs = "jsonl"
    empty = "There are none."

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("type", metavar="TYPE", help="entity type, for example nova.server")
        parser.add_argument(
            "--max-age",
            type=not_negative,
            metavar="SECONDS",
            help="how old the complete listing may be that the answer rests on; if it is older, "
            "the cloud is listed now, and waited for (default: what is recorded)",
        )
        parser.add_argument(
            "--wait",
            type=not_negative,
            default=LISTING_PATIENCE,
            metavar="SECONDS",
            help="how long to wait for such a listing (default: %(default)g)",
        )
        parser.add_argument("--fields", type=_names, metavar="A,B", help="only these fields")
        parser.add_argument(
            "--where",
            type=_condition,
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            help="only entities with this value; one field may be given several values. Numbers, "
            'true, false and null are taken as such; put a text that looks like one in ""',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[Sequence[str], Iterable[Any]]:
        where: dict[str, list[Any]] = {}
        for field, value in parsed_args.where:
            where.setdefault(field, []).append(value)
        return (), self._entities(parsed_args, where)

    def produce_output(
        self, parsed_args: argparse.Namespace, column_names: Sequence[str], data: Iterable[Any]
    ) -> int:
        entities: Iterator[Entity] = iter(data)
        if parsed_args.formatter not in EXACT:
            columns, rows = _rows(entities, parsed_args.columns, parsed_args.fields)
            super().produce_output(parsed_args, columns, rows)
            return 0
        if parsed_args.columns:
            wanted = parsed_args.columns
            entities = ({n: e[n] for n in wanted if n in e} for e in entities)
        _write(entities, parsed_args, self.app.stdout)
        return 0

    def _entities(
        self, parsed_args: argparse.Namespace, where: dict[str, list[Any]]
    ) -> Iterator[Entity]:
        progress = Progress(terminal.of(self.app, self.app.stderr))
        with connect.client(self.app.options) as client:
            try:
                snapshot = client.get_all(
                    parsed_args.type,
                    max_age=parsed_args.max_age,
                    fields=parsed_args.fields,
                    where=where or None,
                    timeout=parsed_args.wait,
                    waiting=progress.waiting(parsed_args.type),
                )
                entities: Iterator[Entity] = iter(snapshot)
                if parsed_args.formatter not in EXACT or not terminal.of(self.app).person:
                    total = None if where else snapshot.info.count
                    entities = progress.counting(entities, parsed_args.type, total)
                yield from entities
            except errors.Listing as error:
                what, _, _ = error.message.partition("; ask again")
                raise errors.Listing(
                    f"{what}; give it longer with --wait, or leave --max-age out to get what is "
                    "recorded",
                    **error.kwargs,
                ) from None
            finally:
                progress.end()


def _rows(
    entities: Iterator[Entity], asked: Sequence[str], fields: Sequence[str] | None
) -> tuple[list[str], list[list[Any]]]:
    sample = list(itertools.islice(entities, SAMPLE))
    everything = sample + list(entities)
    if asked:
        # cliff picks from these, and knows which it cannot find.
        columns = texts.all_columns(everything) or list(asked)
    else:
        columns = list(fields) if fields else texts.default_columns(sample)
    return columns, [[texts.cell(e.get(name)) for name in columns] for e in everything]


def _write(entities: Iterator[Entity], parsed_args: argparse.Namespace, out: Any) -> None:
    if parsed_args.formatter == "jsonl":
        for entity in entities:
            out.write(texts.as_json(entity) + "\n")
    elif parsed_args.formatter == "yaml":
        empty = True
        for entity in entities:
            empty = False
            out.write(yaml.safe_dump([entity], allow_unicode=True, sort_keys=False))
        if empty:
            out.write("[]\n")
    else:
        indent = None if parsed_args.noindent else 2
        separator = "[\n"
        for entity in entities:
            text = texts.as_json(entity, indent)
            out.write(separator + textwrap.indent(text, "  "))
            separator = ",\n"
        out.write("[]\n" if separator == "[\n" else "\n]\n")
    out.flush()


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("name at least one field")
    return names


def _condition(text: str) -> tuple[str, Any]:
    field, equals, value = text.partition("=")
    if not field or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not FIELD=VALUE")
    try:
        parsed = json.loads(value)
    except ValueError:
        return field, value
    return field, value if isinstance(parsed, list | dict) else parsed
