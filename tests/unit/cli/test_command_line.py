# SPDX-License-Identifier: Apache-2.0
"""The command line itself: what is refused, what is said, which status it ends with."""

import io
from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.cli.main import Synchronizer, status_of


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = Synchronizer(stdout=out, stderr=err).run(list(arguments))
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "synchronizer.conf"
    path.write_text(f"[DEFAULT]\nstate_path = {tmp_path}/state\nruntime_path = {tmp_path}/run\n")
    return path


def test_without_a_command_help_lists_the_commands() -> None:
    status, out, _ = run()
    assert status == 2
    for name in ("get-all", "watch", "held confirm", "plugins"):
        assert f"  {name} " in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("get-all",),
        ("get-all", "a.b", "--max-age", "-1"),
        ("get-all", "a.b", "--where", "nothing"),
        ("get-all", "a.b", "--fields", ","),
        ("get-all", "a.b", "-f", "xml"),
        ("watch",),
        ("get", "a.b"),
        ("--timeout", "0", "describe"),
    ],
)
def test_a_wrong_command_line_is_refused(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        run(*arguments)
    assert exit_.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("synchronizer") and line.endswith(" --help")


def test_an_unknown_command_is_refused_with_a_suggestion() -> None:
    status, out, err = run("get-al1", "nova.server")
    assert (status, out) == (2, "")
    assert err == (
        "synchronizer: 'get-al1' is not a command; did you mean get-all? See synchronizer --help\n"
    )


def test_a_command_of_two_words_is_completed() -> None:
    status, _, err = run("held")
    assert status == 2
    assert err.endswith("takes one more word: held confirm, held list, held release\n")


def test_the_bus_is_the_one_of_the_option_the_environment_or_the_configuration(
    config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SYNCHRONIZER_TRANSPORT_URL", raising=False)
    base = ("--config-file", str(config), "--timeout", "0.2")
    assert f"local://{tmp_path}/run/bus.sock" in run(*base, "describe")[2]
    monkeypatch.setenv("SYNCHRONIZER_TRANSPORT_URL", f"local://{tmp_path}/env.sock")
    assert "env.sock" in run(*base, "describe")[2]
    option = ("--transport-url", f"local://{tmp_path}/option.sock")
    assert "option.sock" in run(*base, *option, "describe")[2]


def test_an_error_is_one_line_and_its_status_says_whether_to_try_again(tmp_path: Path) -> None:
    url = f"local://{tmp_path}/none.sock"
    status, out, err = run("--transport-url", url, "--timeout", "0.2", "get-all", "nova.server")
    assert (status, out) == (3, "")
    assert url in err.splitlines()[-1]
    assert "Traceback" not in err


@pytest.mark.parametrize("scheme", ["rabbit://user:hush@", "nonsense://user:hush@"])
def test_a_password_is_never_shown(scheme: str) -> None:
    status, out, err = run(
        "--transport-url", f"{scheme}127.0.0.1:1/x", "--timeout", "0.2", "describe"
    )
    assert status in (1, 3)
    assert "127.0.0.1:1" in err
    assert "hush" not in out + err


def test_a_bad_configuration_names_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "bad.conf"
    path.write_text("[DEFAULT]\nstate_paht = /x\n")
    status, _, err = run("--config-file", str(path), "held", "list")
    assert status == 1
    assert "state_path" in err


def test_held_deletes_without_a_ledger_say_so_and_make_none(config: Path, tmp_path: Path) -> None:
    status, _, err = run("--config-file", str(config), "held", "list")
    assert status == 1
    assert "there is no ledger" in err
    assert not (tmp_path / "state").exists()


def test_plugins_are_listed_with_their_state() -> None:
    status, out, _ = run("plugins", "-f", "value", "-c", "name", "-c", "types", "-c", "state")
    assert status == 0
    assert any(line.startswith("nova nova.server ") for line in out.splitlines())


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NobodyAnswers(), 3),
        (errors.ServiceUnavailable(), 3),
        (errors.UnknownType(), 1),
        (errors.BadConfiguration(), 1),
        (ValueError(), 1),
        (BrokenPipeError(), 141),
    ],
)
def test_the_exit_status_says_what_kind_of_error_it_was(error: Exception, status: int) -> None:
    assert status_of(error) == status
