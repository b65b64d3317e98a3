# SPDX-License-Identifier: Apache-2.0
import pathlib

import pytest

from synchronizer import conf, errors
from synchronizer.plugin import Setting

DECLARED = {"nova": (Setting("page_size", 0, "How many."), Setting("verify", True, "Whether."))}


def load(path: pathlib.Path, text: str) -> conf.Settings:
    file = path / "synchronizer.conf"
    file.write_text(text)
    return conf.load([file], declarations=DECLARED)


def test_the_defaults_are_one_host_with_embedded_parts(tmp_path: pathlib.Path) -> None:
    settings = load(tmp_path, "[DEFAULT]\nclouds = one\n")
    assert settings.transport_url == "local:///run/synchronizer/bus.sock"
    assert settings.notification_transport_url == settings.transport_url
    assert settings.ledger.url == "sqlite:////var/lib/synchronizer/ledger.sqlite"
    assert str(settings.local_socket) == "/run/synchronizer/bus.sock"
    (cloud,) = settings.clouds
    assert [plugin.name for plugin in cloud.plugins] == ["nova"]


def test_the_cloud_s_section_for_a_type_wins_over_the_type_s_own(tmp_path: pathlib.Path) -> None:
    settings = load(
        tmp_path,
        """
[DEFAULT]
clouds = one, two
[sampling]
interval = 100
[nova.server]
interval = 50
settle = 7
[cloud:two:nova.server]
interval = 25
""",
    )
    assert settings.of_type("one", "nova.server").interval == 50
    assert settings.of_type("two", "nova.server").interval == 25
    assert settings.of_type("two", "nova.server").settle == 7
    assert settings.of_type("one", "cinder.volume").interval == 100


def test_the_cloud_s_section_for_a_plugin_wins_over_the_plugin_s_own(
    tmp_path: pathlib.Path,
) -> None:
    settings = load(
        tmp_path,
        """
[DEFAULT]
clouds = one, two
[nova]
page_size = 10
verify = false
[cloud:two:nova]
page_size = 20
""",
    )
    one, two = (cloud.plugins[0].values for cloud in settings.clouds)
    assert one == {"page_size": 10, "verify": False}
    assert two == {"page_size": 20, "verify": False}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[ledger]\nretension = 9999\n", ["retension", "[ledger]", "retention"]),
        ("[legder]\nretention = 9999\n", ["[legder]", "ledger"]),
        ("[DEFAULT]\nclouds = one\n[cloud:uno]\nplugins = nova\n", ["[cloud:uno]", "cloud:one"]),
        ("[DEFAULT]\nclouds = one\n[nova]\npage_sise = 5\n", ["page_sise", "page_size"]),
        ("[DEFAULT]\nclouds = one\n[nova]\npage_size = many\n", ["page_size", "many"]),
        ("[ledger]\nretention = soon\n", ["retention", "soon", "synchronizer.conf"]),
        ("[DEFAULT]\nclouds = a b/c\n", ["clouds", "a b/c"]),
        ("nonsense", ["synchronizer.conf"]),
    ],
)
def test_a_wrong_line_is_named_with_the_way_out(
    tmp_path: pathlib.Path, text: str, told: list[str]
) -> None:
    with pytest.raises(errors.BadConfiguration) as raised:
        load(tmp_path, text)
    for word in told:
        assert word in raised.value.message
    assert "LocationInfo" not in raised.value.message


@pytest.mark.parametrize(
    "line",
    [
        "transport_url = hushhush",
        "notification_transport_url = rabbit:/me:hushhush@host/",
        "[ledger]\nconnection = postgresql:/me:hushhush@host/db",
    ],
)
def test_what_is_no_url_is_refused_unseen(tmp_path: pathlib.Path, line: str) -> None:
    with pytest.raises(errors.BadConfiguration, match=r"in \[\w+\] is no URL") as raised:
        load(tmp_path, f"[DEFAULT]\nclouds = one\n{line}\n")
    assert "hushhush" not in raised.value.message


def test_all_that_is_unknown_is_named_at_once(tmp_path: pathlib.Path) -> None:
    text = "[DEFAULT]\nclouds = one\nhots = a\n[relay]\npole = 1\n[cloud:two]\nplugins = nova\n"
    with pytest.raises(errors.BadConfiguration) as raised:
        load(tmp_path, f"{text}[cloud:one:cinder]\ntypes = cinder.volume\n")
    for said in (
        "hots in [DEFAULT] is not known; did you mean host?",
        "pole in [relay] is not known; did you mean poll?",
        "it needs two among the clouds in [DEFAULT]",
        "it needs cinder among the plugins of [cloud:one]",
    ):
        assert said in raised.value.message


def test_a_plugin_that_no_cloud_has_may_have_its_section(tmp_path: pathlib.Path) -> None:
    text = "[DEFAULT]\nclouds = one\n[cloud:one]\nplugins = other\n[nova]\n"
    assert load(tmp_path, f"{text}page_size = 5\n").clouds
    with pytest.raises(errors.BadConfiguration, match="page_size"):
        load(tmp_path, f"{text}page_sise = 5\n")


def test_who_knows_no_plugins_takes_a_section_for_that_of_one_unless_it_is_like_ours(
    tmp_path: pathlib.Path,
) -> None:
    file = tmp_path / "synchronizer.conf"
    file.write_text("[DEFAULT]\nclouds = one\n[cinder]\npage_size = 5\n")
    assert conf.load([file]).clouds
    file.write_text("[DEFAULT]\nclouds = one\n[legder]\nretention = 9999\n")
    with pytest.raises(errors.BadConfiguration, match="did you mean ledger"):
        conf.load([file])


def test_a_missing_file_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.BadConfiguration, match=r"absent\.conf"):
        conf.load([tmp_path / "absent.conf"])


def test_other_transports_start_no_embedded_broker(tmp_path: pathlib.Path) -> None:
    settings = load(tmp_path, "[DEFAULT]\ntransport_url = rabbit://u:p@host/v\n")
    assert settings.local_socket is None


def test_the_sample_can_be_used_for_any_cloud(tmp_path: pathlib.Path) -> None:
    sample = (pathlib.Path(__file__).parents[3] / "etc/synchronizer.conf.sample").read_text()
    settings = load(tmp_path, sample.replace("#clouds = openstack1", "clouds = mine"))
    assert [cloud.name for cloud in settings.clouds] == ["mine"]


@pytest.mark.parametrize("name", ["control", "-x", "x" * 65])
def test_a_name_that_the_bus_cannot_carry_is_refused(tmp_path: pathlib.Path, name: str) -> None:
    with pytest.raises(errors.BadConfiguration, match="clouds"):
        load(tmp_path, f"[DEFAULT]\nclouds = {name}\n")


def test_a_cloud_may_have_a_bus_of_its_services(tmp_path: pathlib.Path) -> None:
    text = """
[DEFAULT]
clouds = one, two
[cloud:one]
plugins = nova, cinder
notification_transport_url = rabbit://me:pw@host/
[cinder]
notification_channels = cinder/notifications, other/topic
[cloud:one:nova]
notification_channels = none
"""
    one, two = load(tmp_path, text).clouds
    assert one.notification_transport_url == "rabbit://me:pw@host/"
    assert two.notification_transport_url == ""
    nova, cinder = one.plugins
    assert nova.notification_channels == ("none",)
    assert cinder.notification_channels == ("cinder/notifications", "other/topic")
    assert two.plugins[0].notification_channels == ()


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("[cloud:one]\nnotification_transport_url = kafka://me:pw@host/", "must begin with rabbit"),
        ("[cloud:one]\nnotification_transport_url = rabbit:/me:pw@host/", "must begin with rabbit"),
        ("[nova]\nnotification_channels = nova", "notification_channels"),
    ],
)
def test_a_services_bus_that_cannot_be_listened_to_is_refused(
    tmp_path: pathlib.Path, lines: str, named: str
) -> None:
    with pytest.raises(errors.BadConfiguration, match=named) as raised:
        load(tmp_path, f"[DEFAULT]\nclouds = one\n{lines}\n")
    assert "pw" not in raised.value.message


def test_the_rabbit_driver_s_options_are_handed_on_as_they_were_said(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
[DEFAULT]
clouds = one
transport_url = rabbit://me:pw@host/vhost
[oslo_messaging_rabbit]
ssl = true
ssl_ca_file = /etc/ca.pem
kombu_reconnect_timeout = 7
"""
    monkeypatch.setenv("OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_RATE", "4")
    assert load(tmp_path, text).rabbit_options == {
        "ssl": "True",
        "ssl_ca_file": "/etc/ca.pem",
        "kombu_missing_consumer_retry_timeout": "7",
        "heartbeat_rate": "4",
    }


@pytest.mark.parametrize(
    ("line", "told"), [("ssl_ca_fil = x", "ssl_ca_file"), ("heartbeat_rate = often", "often")]
)
def test_an_option_that_the_rabbit_driver_does_not_take_is_refused(
    tmp_path: pathlib.Path, line: str, told: str
) -> None:
    with pytest.raises(errors.BadConfiguration, match=told):
        load(tmp_path, f"[DEFAULT]\nclouds = one\n[oslo_messaging_rabbit]\n{line}\n")


def test_the_urls_of_the_two_buses_may_differ(tmp_path: pathlib.Path) -> None:
    settings = load(
        tmp_path,
        """
[DEFAULT]
clouds = one
runtime_path = /run/here
notification_transport_url = rabbit://me:pw@host/vhost
""",
    )
    assert settings.transport_url == "local:///run/here/bus.sock"
    assert settings.notification_transport_url == "rabbit://me:pw@host/vhost"
    assert str(settings.local_socket) == "/run/here/bus.sock"
