# SPDX-License-Identifier: Apache-2.0
"""What RabbitMQ's driver is told, and by whom."""

import pathlib
import ssl
import subprocess
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.bus import rabbit, transport

OPERATING = pathlib.Path(__file__).parents[3] / "docs" / "operating" / "rabbitmq.md"
URL = "rabbit://me:secret@host/vhost"


def told(url: str = URL, options: dict[str, str] | None = None) -> Any:
    """What a driver for this URL goes by."""
    return transport.rpc_transport(url, options).conf.oslo_messaging_rabbit


@pytest.mark.parametrize("name", rabbit.DEFAULTS)
def test_the_driver_gets_each_default_and_the_documents_give_its_reason(name: str) -> None:
    default = rabbit.DEFAULTS[name]
    assert str(getattr(told(), name)) == default.value
    shown = "the system's CAs" if name == "ssl_ca_file" else f"`{default.value}`"
    assert f"| `{name}` | {shown} | {default.reason} |\n" in OPERATING.read_text()


def test_the_url_wins_over_the_options_and_they_over_the_defaults() -> None:
    options = {"rabbit_qos_prefetch_count": "7", "heartbeat_rate": "4"}
    assert told(options=options).rabbit_qos_prefetch_count == 7
    assert told(options=options).heartbeat_rate == 4
    assert told(f"{URL}?rabbit_qos_prefetch_count=8", options).rabbit_qos_prefetch_count == 8


def test_other_buses_do_not_hear_of_rabbits_options() -> None:
    made = transport.rpc_transport("local:///nowhere/bus.sock", {"heartbeat_rate": "4"})
    assert transport.url_of(made) == "local:///nowhere/bus.sock"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"heartbeat_rat": "4"}, "heartbeat_rat"),
        ({"heartbeat_rate": "often"}, "often"),
        ({"ssl": "true", "ssl_ca_file": ""}, "ssl_ca_file"),
        ({"ssl": "true", "ssl_ca_file": "/nonesuch/ca.pem"}, "/nonesuch/ca.pem"),
        ({"ssl": "true", "ssl_cert_file": "/nonesuch/cert.pem"}, "/nonesuch/cert.pem"),
        ({"ssl": "true", "ssl_key_file": "/nonesuch/key.pem"}, "ssl_cert_file"),
        ({"ssl": "true", "ssl_version": "TLSv9"}, "TLSv9"),
    ],
)
def test_options_that_cannot_be_used_are_bad_configuration(
    options: dict[str, str], word: str
) -> None:
    for make in (transport.rpc_transport, transport.notification_transport):
        with pytest.raises(errors.BadConfiguration) as caught:
            make(URL, options)
        assert word in caught.value.message
        assert "secret" not in caught.value.message


def test_a_file_that_holds_no_certificate_is_bad_configuration(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(errors.BadConfiguration, match=rf"ssl_ca_file: {file} cannot be used"):
        told(options={"ssl": "true", "ssl_ca_file": str(file)})


def test_a_key_that_needs_a_password_is_bad_configuration_and_asks_nobody(
    tmp_path: pathlib.Path,
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-passout", "pass:hidden",
            "-subj", "/CN=me", "-keyout", key, "-out", certificate,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    with pytest.raises(errors.BadConfiguration, match="ssl_cert_file"):
        told(
            options={
                "ssl": "true",
                "ssl_cert_file": str(certificate),
                "ssl_key_file": str(key),
            }
        )


def test_with_ssl_alone_the_system_s_cas_are_trusted() -> None:
    assert told(f"{URL}?ssl=true").ssl_ca_file == ssl.get_default_verify_paths().cafile


def test_queue_types_and_durability_pass_through() -> None:
    options = {"rabbit_quorum_queue": "true", "rabbit_quorum_delivery_limit": "3"}
    assert told(options=options).rabbit_quorum_queue is True
    assert told(options=options).rabbit_quorum_delivery_limit == 3
    assert told().amqp_durable_queues is False
    assert told(options={"amqp_durable_queues": "true"}).amqp_durable_queues is True
