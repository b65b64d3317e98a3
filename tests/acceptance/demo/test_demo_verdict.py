# SPDX-License-Identifier: Apache-2.0
"""What the demonstration prints and how it ends, when it is left alone."""

import json
from pathlib import Path

import pytest

from tests.acceptance.demo.staging import Staged

FIELDS = [
    "converged",
    "entities",
    "changes",
    "lag_p50_ms",
    "lag_p99_ms",
    "api_calls",
    "false_deletes",
]


def test_json_is_one_object_on_the_last_line_of_an_exact_copy(staged: Staged) -> None:
    done = staged.run("--json", "--seconds", "10", "--servers", "200", "--churn", "20")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    report = json.loads(line)
    assert list(report) == FIELDS
    assert report["converged"] is True
    assert report["false_deletes"] == 0
    assert report["entities"] > 100
    assert report["changes"] > 50
    assert 0 < report["lag_p50_ms"] <= report["lag_p99_ms"]
    assert 10 < report["api_calls"] < 500
    assert staged.processes() == []
    assert staged.left() == []


def test_a_lost_delete_that_nothing_mends_is_found(staged: Staged) -> None:
    done = staged.run("--json", "--seconds", "3", "--servers", "100", "--break", "drop-message")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["converged"] is False
    assert staged.processes() == []
    assert staged.left() == []


def test_without_a_terminal_there_is_a_line_for_each_phase_and_a_verdict(staged: Staged) -> None:
    done = staged.run("--seconds", "3", "--servers", "100")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "Starting the daemon" in done.stdout
    assert "The copy equals the cloud: all " in done.stdout
    assert "No server was reported as deleted that was there." in done.stdout
    assert "\x1b" not in done.stdout


def test_a_temporary_directory_too_long_for_a_socket_is_no_obstacle(staged: Staged) -> None:
    long = staged.path / ("x" * 100)
    long.mkdir()
    staged.environment["TMPDIR"] = str(long)
    done = staged.run("--json", "--seconds", "3", "--servers", "100")
    assert done.returncode == 0, done.stderr
    assert staged.left() == [str(long)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--seconds", "soon"], "soon is not a positive number"),
        (["--seconds", "-1"], "-1 is not a positive number"),
        (["--servers", "1.5"], "1.5 is not a whole number"),
        (["--break", "everything"], "invalid choice: 'everything'"),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_wrong_arguments_are_told_in_a_line(
    staged: Staged, arguments: list[str], told: str
) -> None:
    done = staged.run(*arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("synchronizer demo: ")
    assert told in line
    assert line.endswith("see synchronizer demo --help")
    assert done.stdout == ""
    assert staged.left() == []


def test_a_cloud_that_clouds_yaml_lacks_is_told_in_a_line(staged: Staged, tmp_path: Path) -> None:
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text("clouds: {mine: {auth: {auth_url: 'http://127.0.0.1:9/v3'}}}\n")
    staged.environment["OS_CLIENT_CONFIG_FILE"] = str(clouds)
    done = staged.run("--os-cloud", "yours")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "no cloud 'yours'" in line
    assert "mine" in line
    assert staged.left() == []


def test_a_cloud_that_is_away_is_told_in_a_line(staged: Staged, tmp_path: Path) -> None:
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(
        "clouds: {mine: {region_name: R, auth: {auth_url: 'http://127.0.0.1:9/v3', "
        "username: u, password: p, project_name: p, "
        "user_domain_name: Default, project_domain_name: Default}}}\n"
    )
    staged.environment["OS_CLIENT_CONFIG_FILE"] = str(clouds)
    done = staged.run("--os-cloud", "mine", "--json")
    assert done.returncode == 3, done.stderr
    (line,) = done.stderr.splitlines()
    assert "the cloud mine cannot be read" in line
    assert done.stdout == ""
    assert staged.processes() == []
    assert staged.left() == []
