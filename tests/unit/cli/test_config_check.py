# SPDX-License-Identifier: Apache-2.0
"""What `config check` prints, and how it ends."""

import pathlib

import pytest

from synchronizer.cli.main import main


def check(path: pathlib.Path, text: str, mode: int = 0o600) -> int:
    file = path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nstate_path = {path}/s\nruntime_path = {path}/r\n{text}")
    file.chmod(mode)
    return main(["--config-file", str(file), "config", "check", "--offline"])


def test_an_advice_is_told_and_fails_nothing(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "clouds = one\ntransport_url = rabbit://me:hushhush@host/\n"
    assert check(tmp_path, text, 0o644) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"note  secrets in {tmp_path}/synchronizer.conf" in lines
    assert (
        f"      everybody on this host may read them: chmod o-rwx {tmp_path}/synchronizer.conf"
        in (lines)
    )
    assert "hushhush" not in "".join(lines)
    assert check(tmp_path, text, 0o640) == 0
    assert "note" not in capsys.readouterr().out


def test_each_problem_has_its_way_out_on_a_line_of_its_own(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, "") == 1
    out = capsys.readouterr().out
    assert "FAIL  clouds\n      none is named; set the option clouds in [DEFAULT]\n" in out
    assert "ok    state_path" in out


def test_an_unknown_variable_of_the_environment_is_told(
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OS_LEDGER__CONNECTON_FILE", "/run/secrets/ledger")
    assert check(tmp_path, "clouds = one\n") == 1
    assert "did you mean OS_LEDGER__CONNECTION_FILE?" in capsys.readouterr().err
