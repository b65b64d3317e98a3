# SPDX-License-Identifier: Apache-2.0
"""What a terminal is shown, and what a pipe gets."""

import json
import signal
import subprocess

import pytest

from synchronizer.cli import table
from tests.functional.client.commands import Commands
from tests.functional.client.service import STREAM, Service, server

LONG = "x" * 300


def test_a_person_gets_a_table_that_fits_in_colours(service: Service, commands: Commands) -> None:
    service.put({**server(0), "status": "ERROR", "name": LONG})
    with commands.look("get-all", "nova.server") as look:
        assert look.ended() == 0
    head, *rows = look.text.splitlines()
    assert head.startswith("\x1b[1;4mid\x1b[0m")
    assert any("\x1b[31mERROR\x1b[0m" in row and "x…" in row for row in rows)
    with commands.look("get-all", "nova.server", environment={"NO_COLOR": "1"}) as plain:
        assert plain.ended() == 0
    assert "\x1b" not in plain.text
    assert max(map(table.width, plain.text.splitlines())) == 80


def test_a_dumb_terminal_gets_a_table_without_colours(commands: Commands) -> None:
    with commands.look("get-all", "nova.server", environment={"TERM": "dumb"}) as look:
        assert look.ended() == 0
    assert look.text.splitlines()[0].split() == ["id", "name", "status"]


def test_a_program_gets_json_lines_that_are_whole(service: Service, commands: Commands) -> None:
    service.put({**server(0), "name": LONG})
    lines = commands.output("get-all", "nova.server").splitlines()
    told = {entity["id"]: entity for entity in map(json.loads, lines)}
    assert told == service.live[STREAM]
    assert "\x1b" not in "".join(lines)
    table_ = commands.output("get-all", "nova.server", "-f", "table")
    assert LONG in table_ and "\x1b" not in table_
    assert "\x1b[" in commands.output("--color", "always", "get-all", "nova.server", "-f", "table")


def test_columns_come_in_the_order_in_which_they_are_asked_for(commands: Commands) -> None:
    chosen = ("-c", "status", "-c", "id")
    for format_ in ("table", "csv"):
        text = commands.output("get-all", "nova.server", "-f", format_, *chosen)
        assert [word.strip('"') for word in text.replace(",", " ").split()[:2]] == ["status", "id"]


def test_columns_may_be_written_in_any_case_but_must_be_there(commands: Commands) -> None:
    text = commands.output("describe", "-f", "value", "-c", "Listed At", "-c", "TYPE")
    assert text.split()[1] == "nova.server"
    for command in (
        ("describe",),
        ("get-all", "nova.server", "-f", "csv"),
        ("get", "nova.server", "e0", "-f", "table"),
    ):
        status, out, err = commands.run(*command, "-c", "nmae")
        assert (status, out, len(err.splitlines())) == (1, "", 1)
        assert "there is no column nmae; " in err


def test_a_watching_person_sees_what_changes_with_old_and_new_values(
    service: Service, commands: Commands
) -> None:
    with commands.look("watch", "nova.server", environment={"NO_COLOR": "1"}) as look:
        look.until("● nova.server  2 entities at revision 2")
        service.put({**server(0), "status": "SHUTOFF", "note": "new"})
        look.until("note    - → new\n")
        service.drop("e1")
        look.until(" - server 1 e1 ACTIVE\n")
        look.process.send_signal(signal.SIGINT)
        assert look.ended() == 0
    told = [line[9:] if line[2:3] == ":" else line for line in look.text.splitlines()]
    assert told[1:] == [
        "~ server 0 e0 SHUTOFF",
        "           status  ACTIVE → SHUTOFF",
        "           note    - → new",
        "- server 1 e1 ACTIVE",
    ]


def test_a_person_may_ask_for_what_there_is(commands: Commands) -> None:
    arguments = ("watch", "nova.server", "--until-synced")
    with commands.look(*arguments, environment={"NO_COLOR": "1"}) as look:
        assert look.ended() == 0
    assert [line.split()[-4:] for line in look.text.splitlines()[:2]] == [
        ["server", "0", "e0", "ACTIVE"],
        ["server", "1", "e1", "ACTIVE"],
    ]


def test_a_program_that_watches_may_have_old_values_too(
    service: Service, commands: Commands, processes: list[subprocess.Popen[str]]
) -> None:
    process = commands.start("watch", "nova.server", "--old", "--no-snapshot")
    processes.append(process)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == "synced"
    service.put({**server(0), "status": "ERROR"})
    line = json.loads(process.stdout.readline())
    assert (line["old"], line["entity"]["status"]) == (server(0), "ERROR")


@pytest.mark.parametrize("arguments", [("describe",), ("held", "list"), ("get-all", "nova.server")])
def test_a_person_is_told_that_there_is_nothing(
    service: Service, commands: Commands, arguments: tuple[str, ...]
) -> None:
    service.drop("e0", "e1")
    with commands.look("--cloud", "c1", *arguments) as look:
        assert look.ended() == 0
    if arguments != ("describe",):
        assert look.text.startswith(("No deletes are held.", "There are none."))
