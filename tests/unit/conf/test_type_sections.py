# SPDX-License-Identifier: Apache-2.0
"""What a section [TYPE] or [cloud:NAME:TYPE] may say of a type's fields, and of its retention."""

import pathlib

import pytest

from synchronizer import conf, errors
from synchronizer.daemon import main
from synchronizer.daemon.typesettings import sampling_of
from synchronizer.plugin.loader import PluginInfo

NOVA = PluginInfo("nova", "here 1", types=("nova.server", "nova.flavor"))


def load(path: pathlib.Path, text: str) -> conf.Settings:
    file = path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nclouds = one, two\n{text}")
    return conf.load([file])


def read(path: pathlib.Path, text: str, *more: PluginInfo) -> conf.Settings:
    """With the plugins that are installed, as the daemon has it."""
    file = path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nclouds = one, two\n{text}")
    return main.read([file], plugins=[NOVA, *more])


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


@pytest.mark.parametrize(
    ("section", "meant"),
    [
        ("nova.servers", "nova.server?"),
        ("cloud:two:nova.servr", "cloud:two:nova.server?"),
        ("cloud:tow:nova.server", "cloud:two:nova.server?"),
        ("novva.server", "nova.server?"),
        ("cinder.volume", "section [cinder.volume] is not known"),
    ],
)
def test_a_section_of_a_type_that_there_is_not_is_refused(
    tmp_path: pathlib.Path, section: str, meant: str
) -> None:
    with pytest.raises(errors.BadConfiguration) as raised:
        read(tmp_path, f"[{section}]\nsensitive = adminPass\n")
    assert meant in raised.value.message


def test_a_section_of_a_type_is_taken_where_a_plugin_is_not_known(tmp_path: pathlib.Path) -> None:
    text = "[cloud:one]\nplugins = nova, racks\n[racks.rack]\ninterval = 7\n"
    assert read(tmp_path, text).of_type("one", "racks.rack").interval == 7
    broken = PluginInfo("racks", "here 1", error="cannot be imported")
    assert read(tmp_path, text, broken).of_type("one", "racks.rack").interval == 7


def test_a_variable_of_a_type_that_there_is_not_is_refused_if_it_is_much_like_one(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_NOVA_SERVER__INTERVAL", "7")
    assert read(tmp_path, "").of_type("one", "nova.server").interval == 7
    monkeypatch.setenv("OS_IMAGE_FORMAT__INTERVAL", "7")
    assert read(tmp_path, "").of_type("one", "nova.server").interval == 7
    monkeypatch.setenv("OS_NOVA_SERVR__INTERVAL", "7")
    with pytest.raises(errors.BadConfiguration, match="did you mean OS_NOVA_SERVER__INTERVAL"):
        read(tmp_path, "")


@pytest.mark.parametrize("section", ["sampling", "nova.server", "cloud:two:nova.server"])
def test_a_retention_within_which_no_listing_may_end_is_refused(
    tmp_path: pathlib.Path, section: str
) -> None:
    text = f"[ledger]\nretention = 7200\n[{section}]\ninterval = "
    assert load(tmp_path, f"{text}3600\n").ledger.retention == 7200
    with pytest.raises(errors.BadConfiguration, match=r"retention.*3601"):
        load(tmp_path, f"{text}3601\n")
