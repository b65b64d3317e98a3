# SPDX-License-Identifier: Apache-2.0
"""What the environment says goes before what files say."""

import pathlib

import pytest

from synchronizer import conf, errors
from synchronizer.plugin import Setting

DECLARED = {"nova": (Setting("page_size", 0, "How many."), Setting("region", "", "Where."))}


def load(path: pathlib.Path, text: str = "") -> conf.Settings:
    file = path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nclouds = one, east-1\n{text}")
    return conf.load([file], declarations=DECLARED)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


def test_any_option_may_come_from_the_environment(
    tmp_path: pathlib.Path, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("OS_DEFAULT__TRANSPORT_URL", "rabbit://me:pw@host/")
    environment.setenv("OS_LEDGER__RETENTION", "86400")
    settings = load(tmp_path, "[ledger]\nretention = 172800\n")
    assert settings.transport_url == "rabbit://me:pw@host/"
    assert settings.ledger.retention == 86400


def test_sections_with_a_colon_or_a_dot_have_an_underscore_there(
    tmp_path: pathlib.Path, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("OS_NOVA__PAGE_SIZE", "10")
    environment.setenv("OS_CLOUD_EAST_1_NOVA__PAGE_SIZE", "20")
    environment.setenv("OS_CLOUD_EAST_1__REGION", "East")
    environment.setenv("OS_CLOUD_EAST_1__NOTIFICATION_TRANSPORT_URL", "rabbit://me:pw@east/")
    one, east = load(tmp_path).clouds
    assert one.plugins[0].values == {"page_size": 10}
    assert east.plugins[0].values == {"page_size": 20, "region": "East"}
    assert (one.notification_transport_url, east.notification_transport_url) == (
        "",
        "rabbit://me:pw@east/",
    )


def test_a_type_may_have_its_section_in_the_environment_alone(
    tmp_path: pathlib.Path, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("OS_NOVA_SERVER__INTERVAL", "50")
    environment.setenv("OS_CINDER_VOLUME_TYPE__VOLATILE", "a, b")
    environment.setenv("OS_CLOUD_EAST_1_NOVA_SERVER__INTERVAL", "25")
    settings = load(tmp_path, "[nova.server]\nsettle = 7\n")
    assert settings.of_type("one", "nova.server").interval == 50
    assert settings.of_type("one", "nova.server").settle == 7
    assert settings.of_type("east-1", "nova.server").interval == 25
    assert settings.of_type("east-1", "nova.server").settle == 7
    assert settings.of_type("one", "cinder.volume_type").volatile == ("a", "b")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("OS_LEDGER__RETENSION", "did you mean OS_LEDGER__RETENTION?"),
        ("OS_LEDGERS__CONNECTION", "did you mean OS_LEDGER__CONNECTION?"),
        ("OS_DEFAULT__TRANSPORT_URI", "did you mean OS_DEFAULT__TRANSPORT_URL?"),
        ("OS_RELAY__NOTHING_LIKE_THIS", "OS_RELAY__NOTHING_LIKE_THIS is not known"),
    ],
)
def test_a_variable_much_like_one_of_ours_is_refused(
    tmp_path: pathlib.Path, environment: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    environment.setenv(name, "1")
    with pytest.raises(errors.BadConfiguration) as raised:
        load(tmp_path)
    assert meant in raised.value.message


@pytest.mark.parametrize(
    "name", ["OS_CLOUD", "OS_AUTH_URL", "OS_GLANCE_STORE__ROOT", "OS_DEFAULT__MY_IP", "PATH__X"]
)
def test_variables_of_other_programs_are_left_alone(
    tmp_path: pathlib.Path, environment: pytest.MonkeyPatch, name: str
) -> None:
    environment.setenv(name, "/anywhere")
    assert load(tmp_path).clouds


def test_a_wrong_value_is_named_with_its_variable(
    tmp_path: pathlib.Path, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("OS_NOVA_SERVER__INTERVAL", "soon")
    with pytest.raises(errors.BadConfiguration, match=r"OS_NOVA_SERVER__INTERVAL.*soon"):
        load(tmp_path)
