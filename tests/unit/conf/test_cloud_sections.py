# SPDX-License-Identifier: Apache-2.0
"""What a cloud's own section says for all of its plugins."""

import pathlib

import pytest

from synchronizer import conf, errors
from synchronizer.plugin import Setting

DECLARED = {
    "nova": (Setting("region", "", "Of nova."), Setting("page_size", 0, "Servers.")),
    "heat": (Setting("region", "", "Of heat."), Setting("nested", False, "Or not.")),
    "racks": (Setting("url", "", "Where."),),
}


def read(path: pathlib.Path, text: str) -> dict[tuple[str, str], dict[str, object]]:
    file = path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nclouds = east, west\n{text}")
    settings = conf.load([file], declarations=DECLARED)
    return {(c.name, p.name): dict(p.values) for c in settings.clouds for p in c.plugins}


def test_a_setting_of_a_cloud_is_for_all_of_its_plugins_that_have_it(
    tmp_path: pathlib.Path,
) -> None:
    found = read(
        tmp_path,
        "[cloud:east]\nplugins = nova, heat, racks\nregion = East\nnested = yes\n"
        "[cloud:west]\nregion = West\n",
    )
    assert found == {
        ("east", "nova"): {"region": "East"},
        ("east", "heat"): {"region": "East", "nested": True},
        ("east", "racks"): {},
        ("west", "nova"): {"region": "West"},
    }


def test_a_plugin_of_one_cloud_goes_before_the_cloud_and_that_before_the_plugin(
    tmp_path: pathlib.Path,
) -> None:
    found = read(
        tmp_path,
        "[nova]\nregion = Any\npage_size = 5\n[cloud:east]\nregion = East\n"
        "[cloud:east:nova]\nregion = Own\n[cloud:west]\nplugins = nova, heat\nregion = West\n"
        "[cloud:west:heat]\nregion = Own\n",
    )
    assert found == {
        ("east", "nova"): {"region": "Own", "page_size": 5},
        ("west", "nova"): {"region": "West", "page_size": 5},
        ("west", "heat"): {"region": "Own"},
    }


def test_a_setting_that_no_plugin_of_the_cloud_has_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.BadConfiguration, match=r"option nested in \[cloud:east\]"):
        read(tmp_path, "[cloud:east]\nnested = yes\n")


def test_a_plugin_without_settings_has_none_in_its_clouds_section_either(
    tmp_path: pathlib.Path,
) -> None:
    file = tmp_path / "synchronizer.conf"
    file.write_text("[DEFAULT]\nclouds = east\n[cloud:east]\nplugins = bare\nregion = East\n")
    with pytest.raises(errors.BadConfiguration, match=r"option region in \[cloud:east\]"):
        conf.load([file], declarations={"bare": ()})


def test_where_a_plugin_is_not_known_its_clouds_section_may_hold_its_settings(
    tmp_path: pathlib.Path,
) -> None:
    file = tmp_path / "synchronizer.conf"
    file.write_text("[DEFAULT]\nclouds = east\n[cloud:east]\nregion = East\nos_cloud = x\n")
    # As commands that only need the bus read it, and machines where the plugins are not.
    (cloud,) = conf.load([file]).clouds
    assert dict(cloud.plugins[0].values) == {"region": "East", "os_cloud": "x"}
