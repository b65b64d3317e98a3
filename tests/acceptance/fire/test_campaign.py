# SPDX-License-Identifier: Apache-2.0
"""A run ends at the first failure, says how to play it again, and leaves nothing behind else."""

import pathlib

import pytest

from tests.acceptance.fire.campaign import campaign
from tests.acceptance.fire.run import Run

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def directory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Where worlds are made."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_the_first_failure_ends_the_run_and_says_how_to_play_it_again(
    directory: pathlib.Path,
) -> None:
    # Nobody can begin with such a bus.
    nowhere = Run(5, 36, servers=100, transport_url="nonsense://")
    said: list[str] = []
    result = campaign(nowhere, 1, said.append)
    assert result.failure is not None and "ended by itself" in result.failure
    assert (result.worlds, result.rounds) == (1, 0)
    replay = " ".join(["[1] replay: python -m tests.acceptance.fire", *nowhere.arguments(1)])
    assert replay in said
    assert said[-1].endswith(f"FAILED: {result.failure}")
    kept = list(directory.glob("fire-*"))
    assert len(kept) == 1 and (kept[0] / "daemon.out").exists()


def test_of_a_run_that_held_nothing_is_left(directory: pathlib.Path) -> None:
    result = campaign(Run(5, 1, servers=100), 2)
    assert result.failure is None
    assert result.rounds == 1
    assert list(directory.glob("fire-*")) == []
