# SPDX-License-Identifier: Apache-2.0
"""A daemon of which one process after the other stands still, as systemd and whoever asks for
its health see it."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from synchronizer.simulator import Fault
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, MICROVERSION, TYPE, SimulatedCloud
from tests.support.waiting import until

PATIENCE = 120.0
#: Seconds, and those that an API takes here which is slower than that.
HANG_TIMEOUT, SLOW = 5.0, 12.0

BROKER, RELAY, SNAPSHOT, WORKER = "broker", "relay", "snapshot 0", f"worker {CLOUD}/nova"
MONITOR, MASTER = "monitor", "master"


class Watched:
    """A daemon, and what it tells of itself."""

    def __init__(self, cloud: SimulatedCloud, path: pathlib.Path) -> None:
        self.cloud = cloud
        self.trap = path / "hang"
        self._systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._systemd.bind(str(path / "notify"))
        self._systemd.setblocking(False)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        options = f"""
[sampling]
interval = 1
changes_interval = 0
[nova]
microversion = {MICROVERSION}
types = {TYPE}
timeout = 60
[monitor]
listen = 127.0.0.1:{self._port}
hang_timeout = {HANG_TIMEOUT}
"""
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("NOTIFY_SOCKET", str(path / "notify"))
            environment.setenv("WATCHDOG_USEC", "60000000")
            self.daemon = Daemon(
                cloud=CLOUD,
                clouds_yaml=cloud.clouds_yaml,
                options=options,
                program=(
                    sys.executable,
                    "-m",
                    "tests.acceptance.simulated.hanging",
                    str(self.trap),
                ),
            )

    def messages(self) -> list[str]:
        """What systemd was told since the last time."""
        found = []
        while True:
            try:
                found += self._systemd.recv(65536).decode().splitlines()
            except BlockingIOError:
                return found

    def hears(self, *lines: str) -> list[str]:
        """All that systemd is told until it is told this, in this order."""
        heard: list[str] = []

        def listen() -> bool:
            heard.extend(self.messages())
            rest = iter(heard)
            return all(line in rest for line in lines)

        until(f"{lines} to systemd", listen, PATIENCE, told=self.daemon.told())
        return heard

    def ask(self, path: str) -> tuple[int, dict[str, Any]]:
        """The answer; the status 0 if there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=30) as got:
                return got.status, json.load(got)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def processes(self) -> dict[str, dict[str, Any]]:
        """All are there, and at work; each by its name."""

        def ready() -> dict[str, dict[str, Any]]:
            status, told = self.ask("/readyz")
            return {of["name"]: of for of in told["processes"]} if status == 200 else {}

        return until("readiness", ready, PATIENCE, told=self.daemon.told())

    def replaced(self, name: str, before: dict[str, dict[str, Any]]) -> None:
        """Waits until another process does this one's work."""

        def another() -> bool:
            now = self.processes()[name]
            return bool(
                now["pid"] != before[name]["pid"] and now["starts"] > before[name]["starts"]
            )

        until(f"another {name}", another, PATIENCE, told=self.daemon.told())

    def listed(self) -> None:
        """Waits for what only a listing from now on can show."""
        made = self.cloud.control.mutate("create")

        def shown() -> bool:
            try:
                return made in self.daemon.ask("get-all", TYPE, "-f", "value", "-c", "id")
            except (AssertionError, subprocess.TimeoutExpired):
                return False  # nobody answers yet

        until("the ledger to follow", shown, PATIENCE, told=self.daemon.told())


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    # The socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="synchronizer-test-") as directory:
        path = pathlib.Path(directory)
        with SimulatedCloud(path, servers=20) as cloud:
            made = Watched(cloud, path)
            with made.daemon:
                yield made


def test_systemd_is_told_that_it_is_ready_when_all_processes_are_at_work(watched: Watched) -> None:
    heard = watched.hears("READY=1")
    assert heard[0] == "STATUS=Prepares the ledger"
    assert heard.index("STATUS=6 processes run") < heard.index("READY=1")
    names = [BROKER, RELAY, SNAPSHOT, WORKER, MONITOR, MASTER]
    assert sorted(watched.processes()) == sorted(names)
    assert watched.ask("/healthz")[0] == 200


@pytest.mark.parametrize("names", [(BROKER, RELAY, SNAPSHOT, WORKER), (MONITOR,)])
def test_processes_that_stand_still_are_replaced_before_the_watchdog_bites(
    watched: Watched, names: tuple[str, ...]
) -> None:
    before = watched.processes()
    watched.messages()
    for name in names:
        os.kill(before[name]["pid"], signal.SIGSTOP)
    for name in names:
        watched.replaced(name, before)
        killed = rf"ERROR .*{name} \(pid {before[name]['pid']}\) makes no progress"
        assert re.search(killed, watched_log(watched), re.IGNORECASE)
    watched.hears("WATCHDOG=1")
    watched.listed()


def test_a_thread_that_waits_for_itself_is_told_and_its_process_replaced(watched: Watched) -> None:
    before = watched.processes()
    watched.trap.touch()
    watched.replaced(WORKER, before)
    assert re.search(
        rf"ERROR .*{WORKER} \(pid {before[WORKER]['pid']}\) makes no progress for \d+ s "
        rf"\({CLOUD}/{TYPE} listing: asks nova\); it is killed and started again",
        watched_log(watched),
    )
    watched.listed()


def test_an_api_that_hangs_for_longer_than_that_kills_nobody(watched: Watched) -> None:
    watched.processes()
    said = len(watched_log(watched))
    number = watched.cloud.control.add_fault(
        Fault(kind="hang", operations=frozenset({"list"}), seconds=SLOW)
    )
    until("a request that hangs", lambda: hanging(watched, number), PATIENCE)
    began = time.monotonic()
    until("it to hang for long", lambda: time.monotonic() - began > SLOW, PATIENCE)
    watched.cloud.control.remove_fault(number)
    watched.listed()
    # Of a machine that is too busy for the process as a whole nothing is said here.
    assert "asks nova); it is killed" not in watched_log(watched)[said:]


def test_a_master_that_stands_still_feeds_the_watchdog_no_more(watched: Watched) -> None:
    watched.processes()
    os.kill(watched.daemon.pid, signal.SIGSTOP)
    try:
        until("systemd to hear nothing", lambda: starves(watched), PATIENCE)
    finally:
        os.kill(watched.daemon.pid, signal.SIGCONT)
    watched.hears("WATCHDOG=1")
    assert watched.ask("/healthz")[0] == 200


def test_a_reload_is_told_to_systemd(watched: Watched) -> None:
    watched.processes()
    watched.messages()
    os.kill(watched.daemon.pid, signal.SIGHUP)
    heard = watched.hears("RELOADING=1", "READY=1")
    at = heard.index("RELOADING=1")
    assert heard[at + 1].startswith("MONOTONIC_USEC=")


def test_the_end_is_told_to_systemd_and_comes_though_a_process_stands_still(
    watched: Watched,
) -> None:
    stopped = watched.processes()[WORKER]["pid"]
    os.kill(stopped, signal.SIGSTOP)
    assert watched.daemon.stop() == 0
    assert "STOPPING=1" in watched.messages()
    assert f"{WORKER} (pid {stopped}) did not end within 10 s; it is killed" in watched_log(watched)


def starves(watched: Watched) -> bool:
    """Whether the monitor looks twice, finds the master stuck, and does not feed systemd's
    watchdog meanwhile."""
    seen: set[float] = set()
    watched.messages()
    while len(seen) < 2:
        status, told = watched.ask("/healthz")
        if status != 503 or MASTER not in [problem["process"] for problem in told["problems"]]:
            return False
        seen |= {of["due_within"] for of in told["processes"] if of["name"] == MASTER}
        time.sleep(0.1)
    return "WATCHDOG=1" not in watched.messages()


def watched_log(watched: Watched) -> str:
    return watched.daemon.log.read_text()


def hanging(watched: Watched, number: int) -> bool:
    """Whether a request has met this fault."""
    return any(
        fault["id"] == number and fault["struck"] for fault in watched.cloud.control.faults()
    )
