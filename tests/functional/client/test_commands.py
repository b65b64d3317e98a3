# SPDX-License-Identifier: Apache-2.0
"""The commands through the real parser, against a real snapshot server."""

import csv
import io
import json
import signal
import subprocess

import yaml

from synchronizer.ledger import Hold
from synchronizer.model import StreamKey
from tests.functional.client.commands import Commands
from tests.functional.client.service import STREAM, Service

ROWS = [["e0", "server 0", "ACTIVE"], ["e1", "server 1", "ACTIVE"]]


def test_get_all_as_exact_entities(service: Service, commands: Commands) -> None:
    service.put({"id": "e2", "nested": {"a": [1, None]}, "ä": "ö"})
    entities = list(service.live[STREAM].values())
    assert json.loads(commands.output("get-all", "nova.server", "-f", "json")) == entities
    one_line = commands.output("get-all", "nova.server", "-f", "json", "--noindent")
    assert json.loads(one_line) == entities
    assert yaml.safe_load(commands.output("get-all", "nova.server", "-f", "yaml")) == entities
    lines = commands.output("get-all", "nova.server", "-f", "jsonl").splitlines()
    assert [json.loads(line) for line in lines] == entities


def test_get_all_as_rows(commands: Commands) -> None:
    table = commands.output("get-all", "nova.server", "-f", "table")
    assert [line.split() for line in table.splitlines()] == [
        ["id", "name", "status"],
        *(["e0", "server", "0", "ACTIVE"], ["e1", "server", "1", "ACTIVE"]),
    ]
    rows = list(csv.reader(io.StringIO(commands.output("get-all", "nova.server", "-f", "csv"))))
    assert rows == [["id", "name", "status"], *ROWS]
    values = commands.output("get-all", "nova.server", "-f", "value", "-c", "name")
    assert values.splitlines() == ["server 0", "server 1"]


def test_get_all_of_a_part(commands: Commands) -> None:
    arguments = ("get-all", "nova.server", "--where", "name=server 1", "-f", "jsonl")
    assert json.loads(commands.output(*arguments))["id"] == "e1"
    only = json.loads(commands.output(*arguments, "--fields", "status"))
    assert only["status"] == "ACTIVE" and "name" not in only
    assert json.loads(commands.output(*arguments, "-c", "name")) == {"name": "server 1"}
    both = ("--where", "id=e0", "--where", "id=e1", "-f", "json")
    assert len(json.loads(commands.output("get-all", "nova.server", *both))) == 2
    none = commands.output("get-all", "nova.server", "--where", "id=5", "-f", "json")
    assert json.loads(none) == []


def test_get_all_that_cannot_be_fresh_enough_says_so(commands: Commands) -> None:
    status, _, err = commands.run("get-all", "nova.server", "--max-age", "5")
    assert status == 3
    assert "listing" in err


def test_get_shows_one_entity(service: Service, commands: Commands) -> None:
    service.put({"id": "e0", "name": "new", "nested": {"a": 1}})
    assert json.loads(commands.output("get", "nova.server", "e0", "-f", "json")) == {
        "id": "e0",
        "name": "new",
        "nested": {"a": 1},
    }
    old = commands.output(
        "get", "nova.server", "e0", "--revision", "1", "-f", "value", "-c", "name"
    )
    assert old == "server 0\n"
    assert '{"a": 1}' in commands.output("get", "nova.server", "e0", "-f", "table")
    assert json.loads(commands.output("get", "nova.server", "e0"))["nested"] == {"a": 1}
    status, _, err = commands.run("get", "nova.server", "none")
    assert (status, len(err.splitlines())) == (1, 1)
    assert "there is no nova.server none; see synchronizer history nova.server none" in err


def test_describe_lists_streams(service: Service, commands: Commands) -> None:
    service.list_anew(StreamKey("c2", "nova.server"))
    streams = json.loads(commands.output("describe", "-f", "json"))
    assert [(s["cloud"], s["type"], s["count"], s["revision"]) for s in streams] == [
        ("c1", "nova.server", 2, 2),
        ("c2", "nova.server", 0, 0),
    ]
    assert "c2" not in commands.output("--cloud", "c1", "describe")
    (first, _) = json.loads(commands.output("describe", "--activity", "-f", "json"))
    assert (first["type"], first["calls"], first["errors"]) == ("nova.server", 0, 0)
    assert first["stale_seconds"] >= 0
    assert "calls" not in commands.output("describe")


def test_an_unknown_type_is_one_line_that_names_the_known(commands: Commands) -> None:
    status, out, err = commands.run("get-all", "nova.sever")
    assert (status, out, len(err.splitlines())) == (1, "", 1)
    assert "nova.server" in err


def test_held_deletes_are_listed_confirmed_and_released(
    service: Service, commands: Commands
) -> None:
    state = service.ledger.find(STREAM)
    assert state is not None
    holds = [
        Hold(id_, 2, "the credential sees less", 1_700_000_000_000_000) for id_ in ("e0", "e1")
    ]
    service.ledger.hold(state.id, holds)
    listed = json.loads(commands.output("held", "list", "-f", "json"))
    assert [(h["id"], h["reason"]) for h in listed] == [
        ("e0", "the credential sees less"),
        ("e1", "the credential sees less"),
    ]
    assert "1 confirmed" in commands.output("held", "confirm", "nova.server", "e0")
    assert "2 released" in commands.output("held", "release", "nova.server", "--all")
    assert {hold.verdict for _, hold in service.ledger.held(state.id)} == {"release"}
    status, _, err = commands.run("held", "confirm", "nova.server", "e9")
    assert status == 1 and "e9" in err
    assert commands.run("held", "confirm", "nova.server")[0] == 1
    assert commands.run("held", "confirm", "cinder.volume", "--all")[0] == 1


def test_watch_prints_each_line_at_once_and_ends_on_ctrl_c(
    service: Service, commands: Commands, processes: list[subprocess.Popen[str]]
) -> None:
    process = commands.start("watch", "nova.server", "-f", "jsonl")
    processes.append(process)
    assert process.stdout is not None and process.stderr is not None
    snapshot = [json.loads(process.stdout.readline()) for _ in range(3)]
    assert [line["event"] for line in snapshot] == ["added", "added", "synced"]
    service.put({"id": "e0", "name": "new"})
    updated = json.loads(process.stdout.readline())
    assert (updated["event"], updated["changed"]) == ("updated", ["name", "status"])
    service.drop("e1")
    assert json.loads(process.stdout.readline())["event"] == "deleted"
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert process.stderr.read() == ""


def test_watch_without_the_snapshot_prints_changes_only(
    service: Service, commands: Commands, processes: list[subprocess.Popen[str]]
) -> None:
    process = commands.start("watch", "nova.server", "--no-snapshot", "-f", "text")
    processes.append(process)
    assert process.stdout is not None
    assert "synced at revision 2: 2 entities" in process.stdout.readline()
    service.put({"id": "e1", "name": "new", "status": "ERROR"})
    line = process.stdout.readline()
    assert line.endswith("updated e1 new ERROR: name: server 1 → new, status: ACTIVE → ERROR\n")


def test_watch_ends_when_its_reader_goes_away(
    service: Service, commands: Commands, processes: list[subprocess.Popen[str]]
) -> None:
    process = commands.start("watch", "nova.server", "-f", "text")
    processes.append(process)
    assert process.stdout is not None and process.stderr is not None
    assert "added e0" in process.stdout.readline()
    process.stdout.close()
    service.put({"id": "e1", "name": "new"})
    assert process.wait(30) == 0
    assert process.stderr.read() == ""
