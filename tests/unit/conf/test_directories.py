# SPDX-License-Identifier: Apache-2.0
"""Files in synchronizer.conf.d beside synchronizer.conf."""

import pathlib

import pytest

from synchronizer import conf, errors


@pytest.fixture
def home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    more = tmp_path / ".synchronizer" / "synchronizer.conf.d"
    more.mkdir(parents=True)
    (more.parent / "synchronizer.conf").write_text("[DEFAULT]\nclouds = one\n")
    return more


def test_they_may_have_sections_of_types_and_plugins(home: pathlib.Path) -> None:
    (home / "10.conf").write_text("[nova.server]\ninterval = 50\n[nova]\nmax_in_flight = 2\n")
    (home / "20.conf").write_text("[nova.server]\ninterval = 70\n")
    settings = conf.load()
    assert settings.of_type("one", "nova.server").interval == 70
    assert settings.clouds[0].plugins[0].max_in_flight == 2


def test_they_go_before_a_file_that_is_named(home: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (home / "10.conf").write_text("[relay]\npoll = 7\n")
    file = tmp_path / "named.conf"
    file.write_text("[DEFAULT]\nclouds = two\n[relay]\npoll = 5\n")
    settings = conf.load([file])
    assert settings.relay.poll == 7
    assert [cloud.name for cloud in settings.clouds] == ["two"]


def test_what_is_not_known_is_refused_there_too(home: pathlib.Path) -> None:
    (home / "10.conf").write_text("[ledger]\nretension = 9999\n[legder]\nretention = 9999\n")
    with pytest.raises(errors.BadConfiguration) as raised:
        conf.load()
    assert "did you mean retention?" in raised.value.message
    assert "did you mean ledger?" in raised.value.message
