# SPDX-License-Identifier: Apache-2.0
"""Of a file that cannot be taken it is said where the fault is, and nothing of a secret."""

import pathlib

import pytest

from synchronizer import conf, errors
from synchronizer.daemon import logs
from synchronizer.plugin import Setting

DECLARED = {"racks": (Setting("key", 0, "A number that is secret.", secret=True),)}


def refusal(path: pathlib.Path, text: str | bytes) -> str:
    file = path / "synchronizer.conf"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(errors.BadConfiguration) as raised:
        conf.load([file], declarations=DECLARED)
    return raised.value.message


@pytest.mark.parametrize(
    "line", ["hushhush", "  rabbit://me:hushhush@host/", "[hushhush", ":hushhush", "=hushhush"]
)
def test_a_line_that_cannot_be_read_is_told_by_its_number_alone(
    tmp_path: pathlib.Path, line: str
) -> None:
    text = f"[DEFAULT]\nclouds = one\ntransport_url =\n\n{line}\n"
    assert "synchronizer.conf, line 5: " in refusal(tmp_path, text)
    assert "hushhush" not in refusal(tmp_path, text)
    with pytest.raises(errors.BadConfiguration) as raised:
        logs.read([tmp_path / "synchronizer.conf"])
    assert "hushhush" not in raised.value.message


def test_an_option_before_any_section_is_told_by_its_line(tmp_path: pathlib.Path) -> None:
    assert "synchronizer.conf, line 2: " in refusal(tmp_path, "transport_url = hushhush\n\n")
    assert "hushhush" not in refusal(tmp_path, "transport_url = hushhush\n\n")


def test_a_file_in_another_encoding_is_named(tmp_path: pathlib.Path) -> None:
    text = "[DEFAULT]\nclouds = one\n# für\n".encode("latin-1")
    assert f"{tmp_path}/synchronizer.conf is not text" in refusal(tmp_path, text)


@pytest.mark.parametrize("section", ["DEFAULT", "cloud:one"])
def test_a_dollar_that_stands_for_nothing_is_told_with_the_option_that_has_it(
    tmp_path: pathlib.Path, section: str
) -> None:
    said = {"DEFAULT": "clouds = one\n", "cloud:one": ""}
    said[section] += "notification_transport_url = rabbit://me:hush$hush@host/\n"
    told = refusal(tmp_path, "".join(f"[{name}]\n{lines}" for name, lines in said.items()))
    assert f"notification_transport_url in [{section}]" in told
    assert "write $$" in told
    assert "hush" not in told


@pytest.mark.parametrize(
    "line",
    ["debug = maybe", "use_journal = 7", "log_file = /x/$nothing", "log_rotate_interval = soon"],
)
def test_a_fault_in_an_option_of_the_log_ends_nobody(tmp_path: pathlib.Path, line: str) -> None:
    """oslo.config has the process end for a wrong value of what a command line may say, too."""
    option = line.partition(" =")[0]
    assert f"{option} in [DEFAULT]" in refusal(tmp_path, f"[DEFAULT]\nclouds = one\n{line}\n")
    with pytest.raises(errors.BadConfiguration, match=option):
        logs.read([tmp_path / "synchronizer.conf"])


def test_a_directory_in_place_of_a_file_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.BadConfiguration, match=f"{tmp_path}: Is a directory"):
        conf.load([tmp_path])


def test_all_values_that_are_wrong_are_named_with_their_sections_and_no_secret(
    tmp_path: pathlib.Path,
) -> None:
    told = refusal(
        tmp_path,
        "[DEFAULT]\nclouds = one\n[cloud:one]\nplugins = racks\n[sampling]\ninterval = soon\n"
        "[racks]\nkey = hushhush\nmax_in_flight = none\n",
    )
    file = tmp_path / "synchronizer.conf"
    assert f"interval in [sampling] of {file} is not valid: " in told
    assert "soon" in told
    assert f"key in [racks] of {file} is not valid;" in told
    assert "max_in_flight in [racks]" in told
    assert "hushhush" not in told
