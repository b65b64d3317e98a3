# SPDX-License-Identifier: Apache-2.0
"""The unit and its snippets: what systemd itself thinks of them, and what comes of them."""

import re

from tests.acceptance.systemd.service import CONFIGURATION, PLACES, UNIT, VENV, Service


def test_systemd_finds_nothing_wrong_with_the_unit(installed: Service) -> None:
    done = installed.machine.attempt("systemd-analyze", "verify", "--man=no", PLACES["service"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_service_is_exposed_to_little(installed: Service) -> None:
    said = installed.machine.run(
        "systemd-analyze", "security", "--no-pager", "--threshold=29", UNIT
    )
    exposure = re.search(r"exposure level for .*: ([\d.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) < 3.0


def test_the_service_has_a_user_of_its_own_who_cannot_log_in(installed: Service) -> None:
    name, _, _, _, _, home, shell = installed.machine.run(
        "getent", "passwd", "synchronizer"
    ).strip().split(":")  # fmt: skip
    assert (name, home, shell) == ("synchronizer", "/var/lib/synchronizer", "/usr/sbin/nologin")


def test_what_is_configured_is_read_by_the_service_and_by_no_other_user(installed: Service) -> None:
    installed.machine.write(CONFIGURATION, "[DEFAULT]\n")
    installed.machine.write("/etc/synchronizer/environment", "OS_LEDGER__CONNECTION=secret\n")
    installed.machine.run("systemd-tmpfiles", "--create", PLACES["tmpfiles"])
    may = installed.machine.attempt
    assert may("cat", CONFIGURATION, user="synchronizer").returncode == 0
    assert may("sh", "-c", f"echo >> {CONFIGURATION}", user="synchronizer").returncode != 0
    assert may("cat", CONFIGURATION, user="nobody").returncode != 0
    # systemd reads it for the service.
    assert may("cat", "/etc/synchronizer/environment", user="synchronizer").returncode != 0


def test_the_wheel_brings_the_unit_and_its_snippets(installed: Service) -> None:
    for suffix, place in PLACES.items():
        shared = f"{VENV}/share/synchronizer/systemd/synchronizer.{suffix}"
        assert (
            installed.machine.path(shared).read_text() == installed.machine.path(place).read_text()
        )
