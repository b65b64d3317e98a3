# SPDX-License-Identifier: Apache-2.0
"""What the master takes over of a configuration that it read again."""

import logging
import pathlib
from collections.abc import Callable

import pytest
from oslo_config import cfg

from synchronizer import conf, errors
from synchronizer.conf.differences import values
from synchronizer.daemon.access import Access
from synchronizer.daemon.concerns import changed
from synchronizer.daemon.current import Current
from synchronizer.daemon.main import read_again
from synchronizer.daemon.reloading import Configuration, Reloader

TYPES = {"nova": ("nova.server", "nova.flavor"), "heat": ("heat.stack",)}
WORKERS = ("worker one/nova", "worker two/nova", "worker two/heat")
PROCESSES = ("monitor", "broker", "relay", "snapshot", *WORKERS)
CLOUDS = "[DEFAULT]\nclouds = one, two\n[cloud:two]\nplugins = nova, heat\n"


class Master:
    """With a file that is edited, and what is said meanwhile."""

    def __init__(self, path: pathlib.Path) -> None:
        self._file = path / "synchronizer.conf"
        self.access: Access = {}
        self.set_up: list[str] = []
        self.refuse: Callable[[], None] = lambda: None
        first = self.read_text(CLOUDS)
        self.current = Current(first.settings, PROCESSES)
        self.reloader = Reloader(first, self._read, TYPES)

    def edit(self, text: str = "") -> None:
        """The first configuration with this behind it is read again."""
        self.edit_whole(CLOUDS + text)

    def edit_whole(self, text: str) -> None:
        """Another configuration is read."""
        self._file.write_text(text)
        self.reloader(self.current)

    def read_text(self, text: str) -> Configuration:
        self._file.write_text(text)
        return self._read()

    def _read(self) -> Configuration:
        options = cfg.ConfigOpts()
        settings = conf.load([self._file], conf=options)
        return Configuration(settings, values(options), self._set_up_logs, dict(self.access))

    def _set_up_logs(self) -> None:
        self.refuse()
        self.set_up.append("logs")


@pytest.fixture
def master(tmp_path: pathlib.Path) -> Master:
    return Master(tmp_path)


class Forked(Current):
    """As a process sees it that is forked now: the settings stay what they are."""

    def __init__(self, of: Current) -> None:
        self.__dict__.update(of.__dict__)
        self._state = of._state._replace(told=dict(of._state.told))


def test_the_processes_are_told_apart_by_what_they_go_by(master: Master) -> None:
    old = master.current.settings
    for text, expected in {
        "[relay]\nbookmark_interval = 7\n": {"relay", "snapshot"},
        "[ledger]\nretention = 99999\n": {"relay"},
        "[nova.flavor]\nsettle = 7\n": {"monitor", "snapshot", *WORKERS[:2]},
        "[cloud:two:heat.stack]\ninterval = 7\n": {"monitor", "snapshot", WORKERS[2]},
        "[heat]\nnotification_channels = none\n": {WORKERS[2]},
        "[local]\nmax_messages = 7\n": {"broker"},
        "[sampling]\nhint_rate = 7\n": {"monitor", "snapshot", *WORKERS},
        "[monitor]\nlisten =\n": {"monitor"},
    }.items():
        new = master.read_text(CLOUDS + text).settings
        assert set(changed(old, new, TYPES)) == expected, text


def test_a_process_that_was_forked_since_has_the_new_settings(tmp_path: pathlib.Path) -> None:
    master = Master(tmp_path)
    before = Forked(master.current)
    master.edit("[relay]\npoll = 0.5\n")
    after = Forked(master.current)
    assert before.settings.relay.poll == 0.025
    assert before.outdated("relay")
    assert not before.outdated("broker")
    assert after.settings.relay.poll == 0.5
    assert not after.outdated("relay")


def test_a_fault_is_one_line_and_changes_nothing(
    master: Master, caplog: pytest.LogCaptureFixture
) -> None:
    forked = Forked(master.current)
    with caplog.at_level(logging.INFO):
        master.edit("[relay]\npoll = 0.5\nbookmark_intervall = 7\n")
    (record,) = caplog.records
    assert "did you mean bookmark_interval?" in record.getMessage()
    assert master.current.settings.relay.poll == 0.025
    assert not any(forked.outdated(name) for name in PROCESSES)


@pytest.mark.parametrize("error", [SystemExit(1), RuntimeError("unforeseen")])
def test_whatever_reading_does_the_daemon_goes_on(
    master: Master, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    def fail() -> None:
        raise error

    master.refuse = fail
    master.edit("[DEFAULT]\ndebug = true\n[relay]\npoll = 0.5\n")
    assert "all goes on as it was" in caplog.text
    assert master.current.settings.relay.poll == 0.025


def test_a_log_that_cannot_be_written_refuses_all_of_it(master: Master) -> None:
    forked = Forked(master.current)

    def refuse() -> None:
        raise errors.BadConfiguration("no such directory")

    master.refuse = refuse
    master.edit("[relay]\npoll = 0.5\n[DEFAULT]\ndebug = true\n")
    assert master.current.settings.relay.poll == 0.025
    assert not forked.take_logs()


def test_the_log_s_options_are_told_to_all_and_taken_once(master: Master) -> None:
    forked = Forked(master.current)
    master.edit("[DEFAULT]\ndebug = true\n")
    assert master.set_up == ["logs"]
    assert [forked.take_logs(), forked.take_logs()] == [True, False]
    master.edit("[DEFAULT]\ndebug = true\n[relay]\npoll = 0.5\n")
    assert master.set_up == ["logs"]
    assert not forked.take_logs()


def test_who_reads_a_credential_that_is_another_begins_again(master: Master) -> None:
    of = {("one", "nova"): "a", ("two", "nova"): "a", ("two", "heat"): errors.BadConfiguration("x")}
    master.access = of
    master.edit()
    forked = Forked(master.current)
    master.access = {**of, ("two", "nova"): "b", ("two", "heat"): errors.BadConfiguration("y")}
    master.edit()
    assert {name for name in PROCESSES if forked.outdated(name)} == {"snapshot", WORKERS[1]}


def test_a_credential_that_is_there_no_more_refuses_the_configuration(
    master: Master, caplog: pytest.LogCaptureFixture
) -> None:
    master.access = {("one", "nova"): "a"}
    master.edit()
    forked = Forked(master.current)
    caplog.clear()
    master.access = {("one", "nova"): errors.BadConfiguration("no cloud one")}
    master.edit("[relay]\npoll = 0.5\n")
    assert "cloud one, plugin nova: no cloud one" in caplog.text
    assert not any(forked.outdated(name) for name in PROCESSES)


def test_plugins_that_are_not_known_yet_may_have_any_types(master: Master) -> None:
    old = master.current.settings
    new = master.read_text(f"{CLOUDS}[heat.stack]\nsettle = 7\n").settings
    assert WORKERS[2] in changed(old, new, {})


def test_what_is_of_a_cloud_or_plugin_that_begins_or_ends_waits_for_the_restart(
    master: Master, caplog: pytest.LogCaptureFixture
) -> None:
    """And is named each time."""
    master.edit("[cloud:two:heat]\nmax_in_flight = 2\n")
    text = "[DEFAULT]\nclouds = one, three\n[cloud:one]\nplugins = nova, heat\nregion = West\n"
    text += "[cloud:three]\nregion = East\n[cloud:one:heat]\nmax_in_flight = 3\n"
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.INFO):
            master.edit_whole(text)
        warned = [of.getMessage() for of in caplog.records if of.levelno == logging.WARNING]
        assert {line.partition(": ")[0] for line in warned} == {
            "[DEFAULT] clouds",
            "[cloud:one] plugins",
            "[cloud:one:heat] max_in_flight",
            "[cloud:three] region",
            "[cloud:two] plugins",
            "[cloud:two:heat] max_in_flight",
        }
    settings = master.current.settings
    assert settings.source("two", "heat")[1].max_in_flight == 2
    assert settings.source("one", "nova")[1].values == {"region": "West"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no cloud is configured"),
        ("[DEFAULT]\nclouds = one\n[local]\ngroup = no-such-group\n", "no-such-group"),
        (f"[DEFAULT]\nclouds = one\nruntime_path = /{'x' * 107}\n", "shorter runtime_path"),
    ],
)
def test_what_no_daemon_would_begin_with_is_refused_by_one_that_runs(
    tmp_path: pathlib.Path, text: str, told: str
) -> None:
    file = tmp_path / "synchronizer.conf"
    file.write_text(text)
    with pytest.raises(errors.SynchronizerError, match=told):
        read_again([file], cfg.ConfigOpts(), [])
