# SPDX-License-Identifier: Apache-2.0
"""The daemon as systemd runs it in a machine: installed, configured, asked and disturbed."""

import json
import pathlib
import re
import shutil
import urllib.error
import urllib.request
from typing import Any

from tests.engines.processes import free_port
from tests.support.checkout import ROOT
from tests.support.nspawn import Machine
from tests.support.waiting import until

UNIT = "synchronizer.service"
VENV = "/opt/synchronizer"
CONFIGURATION = "/etc/synchronizer/synchronizer.conf"
STATE, RUNTIME, LOGS = (f"{at}/synchronizer" for at in ("/var/lib", "/run", "/var/log"))

#: Where the files of etc/systemd belong, by their suffix.
PLACES = {
    "service": f"/etc/systemd/system/{UNIT}",
    "sysusers": "/usr/lib/sysusers.d/synchronizer.conf",
    "tmpfiles": "/usr/lib/tmpfiles.d/synchronizer.conf",
}

#: As the daemon's processes call themselves.
_TITLE = re.compile(r"synchronizer: (.+) worker\((\d+)\)")

#: Run in the machine: a database is no file to be read from elsewhere while it is in use.
_REVISIONS = """
import sqlite3, sys
ledger = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
ask = "SELECT version.revision FROM version JOIN stream ON stream.id = version.stream"
ask += " WHERE stream.type = ?"
print(*(revision for (revision,) in ledger.execute(ask, (sys.argv[2],))))
"""

PATIENCE = 600.0


class Service:
    """Of one machine. `wheels`: a directory of the host with all that an installation needs."""

    def __init__(self, machine: Machine, wheels: pathlib.Path) -> None:
        self.machine = machine
        self._wheels = wheels
        self.port = free_port()

    # --- as an administrator does ------------------------------------------

    @property
    def is_installed(self) -> bool:
        return self.machine.path(f"{VENV}/bin/synchronizer").exists()

    def install(self, wheel: pathlib.Path) -> None:
        """Into a new `VENV`, with all that it needs."""
        for path in self._wheels.iterdir():
            self._hand_over(path)
        self.machine.run("python3", "-m", "venv", VENV)
        self._pip(f"synchronizer[openstack] @ file://{self._hand_over(wheel)}")

    def replace(self, wheel: pathlib.Path) -> None:
        """What is installed, by this build; of the same version even."""
        self._pip("--force-reinstall", "--no-deps", self._hand_over(wheel))

    def install_units(self, etc: pathlib.Path = ROOT / "etc/systemd") -> None:
        for suffix, place in PLACES.items():
            self.machine.write(place, (etc / f"synchronizer.{suffix}").read_text())
        self.machine.run("systemd-sysusers")
        self.machine.run("systemd-tmpfiles", "--create", PLACES["tmpfiles"])
        self.machine.run("systemctl", "daemon-reload")

    def configure(self, text: str, clouds_yaml: pathlib.Path) -> None:
        self.machine.write(CONFIGURATION, text)
        self.machine.write("/etc/synchronizer/clouds.yaml", clouds_yaml.read_text())
        self.machine.run("systemd-tmpfiles", "--create", PLACES["tmpfiles"])

    def drop_in(self, name: str, text: str) -> None:
        self.machine.write(f"/etc/systemd/system/{UNIT}.d/{name}.conf", f"[Service]\n{text}\n")
        self.machine.run("systemctl", "daemon-reload")

    def systemctl(self, verb: str) -> None:
        """Until systemd says that it is done."""
        done = self.machine.attempt("systemctl", verb, UNIT)
        assert done.returncode == 0, f"{verb}: {done.stderr}{self.told()}"

    def wipe(self) -> None:
        """Ends it, and takes away all that it and its administrator left."""
        self.machine.attempt("systemctl", "stop", UNIT)
        for path in (STATE, RUNTIME, LOGS):
            while self.machine.attempt("umount", path).returncode == 0:
                pass
        drop_ins = f"/etc/systemd/system/{UNIT}.d"
        self.machine.run("rm", "-rf", STATE, RUNTIME, LOGS, drop_ins, "/etc/synchronizer")
        if self.machine.path(PLACES["tmpfiles"]).exists():
            self.install_units()
        self.machine.attempt("systemctl", "reset-failed", UNIT)
        self.machine.run("journalctl", "--rotate", "--vacuum-time=1us", "--quiet")

    def _hand_over(self, wheel: pathlib.Path) -> str:
        """Where the machine has it now."""
        directory = self.machine.path("/opt/wheels")
        directory.mkdir(exist_ok=True)
        shutil.copyfile(wheel, directory / wheel.name)
        return f"/opt/wheels/{wheel.name}"

    def _pip(self, *what: str) -> None:
        install = ("install", "--quiet", "--no-index", "--find-links", "/opt/wheels")
        self.machine.run(f"{VENV}/bin/pip", *install, *what)

    # --- how it is -----------------------------------------------------------

    @property
    def transport_url(self) -> str:
        """Of its embedded bus, for the host."""
        return f"local://{self.machine.path(RUNTIME)}/bus.sock"

    def shown(self, name: str) -> str:
        """What systemd says: ActiveState, StatusText, MainPID, NRestarts ..."""
        return self.machine.show(UNIT, name)[name]

    def told(self) -> str:
        """Its journal's end, for a failing test's report."""
        return f"{self.shown('StatusText')}\n{self.machine.journal(UNIT)[-6000:]}"

    def lost_revisions(self, type_: str) -> set[int]:
        """Of one type's stream, up to the newest: each change that was recorded has one."""
        command = (f"{VENV}/bin/python", "-c", _REVISIONS, f"{STATE}/ledger.sqlite", type_)
        found = {int(word) for word in self.machine.run(*command, user="synchronizer").split()}
        assert found, f"nothing of {type_} was recorded"
        return set(range(1, max(found) + 1)) - found

    def processes(self) -> dict[str, int]:
        """The pids of those that run, in the machine, by name; of the master's children alone."""
        main = int(self.shown("MainPID"))
        found = {"master": main} if main else {}
        for path in self.machine.path("/proc").glob("[0-9]*"):
            try:
                title = (path / "cmdline").read_bytes().rstrip(b"\0").decode(errors="replace")
                state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            matched = _TITLE.fullmatch(title)
            if matched and main and int(parent) == main and state not in "ZX":
                found[matched[1]] = int(path.name)
        return found

    def signal(self, name: str, pid: int) -> None:
        """KILL, STOP ..., to a process that may just have ended."""
        self.machine.attempt("sh", "-c", f"kill -{name} {pid}")

    def health(self, page: str = "healthz") -> tuple[int, dict[str, Any]]:
        """Status and answer of a page of the monitor; (0, {}) if nobody answers."""
        url = f"http://127.0.0.1:{self.port}/{page}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except OSError:
            return 0, {}

    def wait_ready(self) -> None:
        until("readiness", lambda: self.health("readyz")[0] == 200, PATIENCE)
