# SPDX-License-Identifier: Apache-2.0
"""The sample that is installed beside the daemon."""

import pathlib
import re

import pytest

from synchronizer.daemon.check import check
from synchronizer.daemon.main import read

SAMPLE = pathlib.Path(__file__).parents[3] / "etc/synchronizer.conf.sample"
#: Comments have a blank after the sign.
OPTION = re.compile(r"^#(?=\w+ *=)", re.MULTILINE)


def test_with_every_option_uncommented_it_passes_the_offline_check(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "synchronizer.conf"
    text, number = OPTION.subn("", SAMPLE.read_text())
    file.write_text(text)
    assert number > 300
    # The only ones that are another for each user.
    monkeypatch.setenv("OS_DEFAULT__STATE_PATH", str(tmp_path / "state"))
    monkeypatch.setenv("OS_DEFAULT__RUNTIME_PATH", str(tmp_path / "run"))
    assert [finding for finding in check(read([file]), offline=True) if finding.problem] == []


def test_with_every_option_uncommented_it_says_what_holds_without_it(
    tmp_path: pathlib.Path,
) -> None:
    settings = []
    for text in (
        "[DEFAULT]\nclouds = openstack1\nhost = controller1\n",
        OPTION.sub("", SAMPLE.read_text()),
    ):
        file = tmp_path / "synchronizer.conf"
        file.write_text(text)
        settings.append(read([file]))
    left_out, said = settings
    assert said.clouds[0].plugins[0].name == left_out.clouds[0].plugins[0].name
    for name in (
        *("host", "state_path", "runtime_path", "transport_url", "notification_transport_url"),
        *("graceful_shutdown_timeout", "ledger", "relay", "snapshot", "local", "monitor"),
        "default_type",
    ):
        assert getattr(said, name) == getattr(left_out, name), name
    assert set(said.types.values()) == {said.default_type}


def test_no_option_is_shown_without_a_value_that_could_be_meant() -> None:
    assert re.findall(r"^#\w+ *= *<.*$", SAMPLE.read_text(), re.MULTILINE) == []
