# SPDX-License-Identifier: Apache-2.0
"""`synchronizer history` through the real parser, against a real snapshot server."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from synchronizer.cli.main import Synchronizer
from tests.functional.client.service import STREAM, Service, server

Run = Callable[..., tuple[int, str, str]]


class Screen(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def run(service: Service, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    service.put({**server(1), "addresses": {"net": ["10.0.0.1"]}}, server(2))
    service.put({**server(1), "status": "ERROR", "addresses": {"net": ["10.0.0.2"]}})
    service.put({**server(1), "status": "ACTIVE", "note": "\u00e9\x1b[1m"})
    service.drop("e1")

    def run(*arguments: str, screen: bool = False) -> tuple[int, str, str]:
        out, err = (Screen(), Screen()) if screen else (io.StringIO(), io.StringIO())
        app = Synchronizer(stdout=out, stderr=err)
        base = ["--transport-url", service.url, "--timeout", "60"]
        status = app.run([*base, "history", "nova.server", *arguments])
        return status, out.getvalue(), err.getvalue()

    return run


def output(run: Run, *arguments: str) -> str:
    status, out, err = run(*arguments)
    assert (status, err) == (0, "")
    return out


def test_a_program_gets_a_version_on_each_line(run: Run) -> None:
    versions = [json.loads(line) for line in output(run, "e1").splitlines()]
    assert [(v["revision"], v["op"]) for v in versions] == [
        (5, "delete"),
        (4, "update"),
        (3, "update"),
        (1, "create"),
    ]
    assert versions[0]["entity"] is None
    assert versions[1]["differences"] == {
        "addresses": {"old": {"net": ["10.0.0.2"]}, "new": None},
        "note": {"old": None, "new": "\u00e9\x1b[1m"},
        "status": {"old": "ERROR", "new": "ACTIVE"},
    }
    assert versions[2]["changed"] == ["addresses", "status"]
    assert versions[3]["entity"]["addresses"] == {"net": ["10.0.0.1"]}
    assert all(v["committed_at"].endswith("Z") and v["sampled_at"] for v in versions)


def test_the_same_as_one_document(run: Run) -> None:
    lines = [json.loads(line) for line in output(run, "e1").splitlines()]
    assert json.loads(output(run, "e1", "-f", "json")) == lines
    assert yaml.safe_load(output(run, "e1", "-f", "yaml")) == lines


def test_rows_have_each_value_that_differs(run: Run) -> None:
    rows = list(csv.reader(io.StringIO(output(run, "e1", "-f", "csv"))))
    assert rows[0] == ["recorded", "revision", "op", "field", "old", "new"]
    assert all(row[0].endswith("Z") for row in rows[1:])
    assert [row[1:] for row in rows if row[1] == "3"] == [
        ["3", "update", "status", "ACTIVE", "ERROR"],
        ["3", "update", "addresses.net", "10.0.0.1", "10.0.0.2"],
    ]
    assert rows[-1][1:3] == ["1", "create"] and "server 1 ACTIVE" in rows[-1]


def test_a_person_reads_what_changed_day_by_day(run: Run) -> None:
    status, out, err = run("e1", screen=True)
    assert (status, err) == (0, "")
    days = [line for line in out.splitlines() if "day" in line]
    assert len(days) in (1, 2)  # it may be midnight
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert re.findall(r"^\d\d:\d\d:\d\d (.).*revision (\d+)$", plain, re.M) == [
        ("-", "5"),
        ("~", "4"),
        ("~", "3"),
        ("+", "1"),
    ]
    assert re.search(r"^ +status +ERROR \u2192 ACTIVE$", plain, re.M)
    assert re.search(r"^ +addresses\.net +10\.0\.0\.1 \u2192 10\.0\.0\.2$", plain, re.M)
    assert "+ server 1 e1 ACTIVE" in plain
    # What is in an entity does not talk to the terminal.
    assert "\u00e9\ufffd[1m\x1b[0m" in out


def test_a_person_gets_a_table_of_columns(run: Run) -> None:
    _, out, _ = run("e1", "-c", "revision", "-c", "op", screen=True)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert [line.split() for line in plain.splitlines()][:2] == [
        ["revision", "op"],
        ["5", "delete"],
    ]


def test_so_many_versions_and_no_more(run: Run) -> None:
    (line,) = output(run, "e1", "--limit", "1").splitlines()
    assert json.loads(line)["op"] == "delete"
    assert len(output(run, "e1", "--limit", "0").splitlines()) == 4
    with pytest.raises(SystemExit) as ended:
        run("e1", "--limit", "-1")
    assert ended.value.code == 2


def test_what_is_forgotten_is_said(service: Service, run: Run) -> None:
    service.put({**server(2), "status": "ERROR"})
    service.wait_published()
    state = service.ledger.find(STREAM)
    assert state is not None
    while service.ledger.compact(state.id, 1 << 62):
        pass
    (version,) = map(json.loads, output(run, "e2").splitlines())
    assert (version["changed"], version["differences"]) == (["status"], None)
    _, out, _ = run("e2", screen=True)
    assert "no longer kept" in out.splitlines()[-1]
    (row,) = list(csv.reader(io.StringIO(output(run, "e2", "-f", "csv"))))[1:]
    assert row[2:] == ["update", "status", "?", "ERROR"]


def test_what_never_was_is_said_in_one_line(run: Run) -> None:
    status, out, err = run("e77")
    assert (status, out, len(err.splitlines())) == (1, "", 1)
    assert "e77" in err


def test_columns_can_be_chosen(run: Run) -> None:
    versions: list[dict[str, Any]] = [
        json.loads(line) for line in output(run, "e1", "-c", "op", "-c", "revision").splitlines()
    ]
    assert versions[0] == {"op": "delete", "revision": 5}
