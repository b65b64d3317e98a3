# SPDX-License-Identifier: Apache-2.0
"""Each secret may stand in a file of its own."""

import pathlib

import pytest
from oslo_config import cfg

from synchronizer import conf, errors
from synchronizer.conf import exposed
from synchronizer.plugin import Setting

DECLARED = {"racks": (Setting("password", "", "Of the racks.", secret=True),)}
URL = "postgresql://me:hushhush@db/ledger"


def load(path: pathlib.Path, text: str, *, buses_only: bool = False) -> conf.Settings:
    file = path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nclouds = one\n{text}")
    return conf.load([file], declarations=DECLARED, buses_only=buses_only)


@pytest.fixture
def secret(tmp_path: pathlib.Path) -> pathlib.Path:
    file = tmp_path / "secret"
    file.write_text(f"{URL}\n")
    return file


def test_a_file_stands_for_the_option(tmp_path: pathlib.Path, secret: pathlib.Path) -> None:
    assert load(tmp_path, f"[ledger]\nconnection_file = {secret}\n").ledger.url == URL


@pytest.mark.parametrize("password", ["pa$word", "pa$$word", "$", r"pa\$word", "${host}", "$host"])
def test_a_dollar_in_a_file_stands_for_itself(
    tmp_path: pathlib.Path, secret: pathlib.Path, password: str
) -> None:
    url = f"postgresql://me:{password}@db/ledger"
    secret.write_text(url)
    text = f"[ledger]\nconnection_file = {secret}\n[cloud:one]\nplugins = racks\n"
    settings = load(tmp_path, f"{text}password_file = {secret}\n")
    assert settings.ledger.url == url
    assert settings.clouds[0].plugins[0].values == {"password": url}


def test_the_environment_may_name_the_file(
    tmp_path: pathlib.Path, secret: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_LEDGER__CONNECTION_FILE", str(secret))
    secret_of_bus = tmp_path / "bus"
    secret_of_bus.write_text("rabbit://me:pw@host/")
    monkeypatch.setenv("OS_CLOUD_ONE__NOTIFICATION_TRANSPORT_URL_FILE", str(secret_of_bus))
    settings = load(tmp_path, "")
    assert settings.ledger.url == URL
    assert settings.clouds[0].notification_transport_url == "rabbit://me:pw@host/"


def test_what_is_not_absolute_is_a_credential_of_systemd(
    tmp_path: pathlib.Path, secret: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"[ledger]\nconnection_file = {secret.name}\n"
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(errors.BadConfiguration, match="CREDENTIALS_DIRECTORY is not set"):
        load(tmp_path, text)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret.parent))
    assert load(tmp_path, text).ledger.url == URL


@pytest.mark.parametrize("section", ["racks", "cloud:one", "cloud:one:racks"])
def test_a_secret_of_a_plugin_may_stand_in_a_file(
    tmp_path: pathlib.Path, secret: pathlib.Path, section: str
) -> None:
    lines = {"cloud:one": "plugins = racks\n"}
    lines[section] = lines.get(section, "") + f"password_file = {secret}\n"
    text = "".join(f"[{name}]\n{of}" for name, of in lines.items())
    (cloud,) = load(tmp_path, text).clouds
    assert cloud.plugins[0].values == {"password": URL}


def test_both_are_one_too_many(
    tmp_path: pathlib.Path, secret: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"[ledger]\nconnection_file = {secret}\n"
    with pytest.raises(errors.BadConfiguration, match=r"^connection and connection_file are both"):
        load(tmp_path, f"{text}connection = sqlite:///here\n")
    monkeypatch.setenv("OS_LEDGER__CONNECTION", "sqlite:///here")
    with pytest.raises(
        errors.BadConfiguration, match=r"^OS_LEDGER__CONNECTION and connection_file"
    ):
        load(tmp_path, text)


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n", b"\xff\xfe"])
def test_a_file_that_holds_no_secret_is_refused_without_its_content(
    tmp_path: pathlib.Path, secret: pathlib.Path, content: bytes
) -> None:
    secret.write_bytes(content)
    with pytest.raises(errors.BadConfiguration, match=r"connection_file in \[ledger\]") as raised:
        load(tmp_path, f"[ledger]\nconnection_file = {secret}\n")
    assert "two" not in raised.value.message


def test_a_missing_file_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.BadConfiguration, match=r"/nowhere.*No such file"):
        load(tmp_path, "[ledger]\nconnection_file = /nowhere/at/all\n")


def test_who_needs_the_buses_alone_need_not_read_other_secrets(
    tmp_path: pathlib.Path, secret: pathlib.Path
) -> None:
    secret.write_text("rabbit://me:pw@host/")
    text = f"transport_url_file = {secret}\n[ledger]\nconnection_file = /nowhere/at/all\n"
    settings = load(tmp_path, text, buses_only=True)
    assert settings.transport_url == "rabbit://me:pw@host/"


def test_settings_do_not_show_secrets(tmp_path: pathlib.Path) -> None:
    bus = "notification_transport_url = rabbit://me:hushhush@host/\n"
    settings = load(
        tmp_path,
        f"transport_url = rabbit://me:hushhush@host/\n{bus}[ledger]\nconnection = {URL}\n"
        f"[cloud:one]\nplugins = racks\n{bus}[racks]\npassword = hushhush\n",
    )
    assert settings.clouds[0].plugins[0].values == {"password": "hushhush"}
    assert "hushhush" not in repr(settings)


def test_what_a_container_engine_puts_there_is_its_own_affair(
    tmp_path: pathlib.Path, secret: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret.chmod(0o644)
    file = tmp_path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nclouds = one\n[ledger]\nconnection_file = {secret}\n")
    options = cfg.ConfigOpts()
    conf.load([file], conf=options)
    assert exposed.exposed(options) == [str(secret)]
    monkeypatch.setattr(exposed, "ENGINES", secret.parent)
    assert exposed.exposed(options) == []
