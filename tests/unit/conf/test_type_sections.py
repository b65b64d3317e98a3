# SPDX-License-Identifier: Apache-2.0
"""What a section [TYPE] or [cloud:NAME:TYPE] may say of a type's fields, and of its retention."""

import pathlib

import pytest

from synchronizer import conf, errors
from synchronizer.daemon.typesettings import sampling_of


def load(path: pathlib.Path, text: str) -> conf.Settings:
    file = path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nclouds = one, two\n{text}")
    return conf.load([file])


def test_fields_are_masked_by_type_and_the_cloud_s_own_section_wins(
    tmp_path: pathlib.Path,
) -> None:
    settings = load(
        tmp_path,
        """
[nova.server]
volatile = updated, OS-EXT-STS:task_state
sensitive = metadata
[cloud:two:nova.server]
volatile = progress
new_content_rate = 5
""",
    )
    one, two = (sampling_of(settings, cloud, "nova.server") for cloud in ("one", "two"))
    assert one.volatile == {"updated", "OS-EXT-STS:task_state"}
    assert two.volatile == {"progress"}
    assert one.sensitive == two.sensitive == {"metadata"}
    assert (one.new_content_rate, two.new_content_rate) == (200.0, 5.0)
    assert sampling_of(settings, "one", "cinder.volume").volatile == frozenset()


def test_fields_are_of_a_type_and_cannot_be_masked_for_all(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.BadConfiguration, match="volatile"):
        load(tmp_path, "[sampling]\nvolatile = updated\n")


@pytest.mark.parametrize("section", ["sampling", "nova.server", "cloud:two:nova.server"])
def test_a_retention_within_which_no_listing_may_end_is_refused(
    tmp_path: pathlib.Path, section: str
) -> None:
    text = f"[ledger]\nretention = 7200\n[{section}]\ninterval = "
    assert load(tmp_path, f"{text}3600\n").ledger.retention == 7200
    with pytest.raises(errors.BadConfiguration, match=r"retention.*3601"):
        load(tmp_path, f"{text}3601\n")
