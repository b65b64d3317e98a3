# SPDX-License-Identifier: Apache-2.0
"""The screen of `status`: it fits, and what matters is on it."""

import io
from collections.abc import Sequence

import pytest

from synchronizer.cli import health, screen, table
from synchronizer.cli.terminal import Terminal
from synchronizer.client import StreamInfo
from tests.unit.cli.looked import Look
from tests.unit.cli.streams import NOW, SECOND, listed, stream

TYPES = ("nova.server", "nova.flavor", "cinder.volume", "heat.stack", "neutron.port")
DOWN = {"problem": "listing: the service does not answer", "failing_since": NOW - SECOND}


def report(streams: Sequence[StreamInfo], answered: float | None = 0.012) -> screen.Report:
    findings = health.judged(streams, NOW)
    services = health.services(streams, findings, NOW)
    return screen.Report("rabbit://u:***@bus/", answered, 0.02, services, findings)


def drawn(out: io.StringIO, of: screen.Report) -> str:
    screen.draw(Terminal(out, "never", {}), of)
    return out.getvalue()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")


def test_all_is_well(small: None) -> None:
    lines = drawn(Look(), report([stream(type_) for type_ in TYPES])).splitlines()
    assert lines[0] == "✔ all is well"
    assert lines[2].strip() == "answers in 12 ms, notifies in 20 ms"
    assert lines[3].strip() == "sampled on ctl1"
    assert [line.split()[:3] for line in lines[6:]] == [
        ["✔", "boston", service] for service in ("cinder", "heat", "neutron", "nova")
    ]


def test_what_is_wrong_is_told_with_what_to_do(small: None) -> None:
    text = drawn(Look(), report([stream(), stream("heat.stack", **DOWN)]))
    assert text.startswith("✖ something needs a look\n")
    assert "✖  boston  heat" in text and "✔  boston  nova" in text
    assert "✖ boston, heat.stack, for " in text
    assert "\n  listing: the service does not answer\n  → look at the service" in text


def test_a_daemon_that_has_just_begun_is_not_called_broken(small: None) -> None:
    text = drawn(Look(), report([stream(**listed(None))]))
    assert text.startswith("● it has just begun\n")
    assert "not yet" in text


@pytest.mark.parametrize("clouds", [1, 3, 30])
def test_it_fits_one_screen_however_much_is_wrong(small: None, clouds: int) -> None:
    streams = [
        stream(f"{service}.kind{n}", cloud=f"cloud-{cloud}", **(DOWN if cloud % 2 else {"held": n}))
        for cloud in range(clouds)
        for service in ("cinder", "heat", "nova", "glance")
        for n in range(3)
    ]
    lines = drawn(Look(), report(streams)).splitlines()
    assert len(lines) < 24
    assert max(map(table.width, lines)) <= 80
    assert any(line.startswith("  → ") for line in lines), "what to do first is on it"


def test_a_program_gets_all_of_it() -> None:
    streams = [stream(f"s{n}.kind", **DOWN) for n in range(50)]
    text = drawn(io.StringIO(), report(streams))
    assert text.count("  → look at the service") == 50
    assert "more" not in text


def test_nobody_answers(small: None) -> None:
    away = health.Finding("wrong", "the bus is away", "start it")
    of = screen.Report("local:///x", None, None, [], [away])
    assert not of.well
    assert drawn(Look(), of).splitlines() == [
        "✖ nobody answers",
        "bus  local:///x",
        "",
        "✖ the bus is away",
        "  → start it",
    ]
