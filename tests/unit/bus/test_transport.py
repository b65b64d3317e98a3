# SPDX-License-Identifier: Apache-2.0
import pytest

from synchronizer import errors
from synchronizer.bus import transport
from synchronizer.bus.rpc import RpcClient, RpcServer


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("local:///run/bus.sock", "local:///run/bus.sock"),
        ("rabbit://me:pw@host:5672/vhost", "rabbit://me:***@host:5672/vhost"),
        ("rabbit://me@host/", "rabbit://me@host/"),
        ("rabbit://a:pw@h1:1,b:pw@h2:2/v", "rabbit://a:***@h1:1,b:***@h2:2/v"),
        ("rabbit://me:p@w@host/", "rabbit://me:***@host/"),
        ("rabbit://me:p/w@host/", "rabbit://me:***@host/"),
        ("rabbit://me:p,w@host/", "rabbit://me:***@host/"),
        ("rabbit://me:pw@host/v?password=pw", "rabbit://me:***@host/v"),
        ("postgresql://host/db?user=me&password=pw", "postgresql://host/db"),
        ("rabbit//me:pw@host/", "rabbit//me:***@host/"),
    ],
)
def test_a_shown_url_has_no_password(url: str, shown: str) -> None:
    assert transport.redact_url(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "nonesuch://me:secret@host/",
        "no url, secret",
        "local://me:secret@host/run/bus.sock",
        "local://",
        "local:///run/bus.sock?secret=1",
        "rabbit://me:secret@host:port/",
        "rabbit//me:secret@host/",
    ],
)
def test_a_bad_url_is_bad_configuration_and_keeps_its_password(url: str) -> None:
    with pytest.raises(errors.BadConfiguration) as caught:
        transport.rpc_transport(url)
    assert ":secret@" not in str(caught.value)


@pytest.mark.parametrize("mark", "/#?,")
def test_of_a_password_that_breaks_the_url_no_part_is_told(mark: str) -> None:
    with pytest.raises(errors.BadConfiguration, match="percent") as caught:
        transport.rpc_transport(f"rabbit://me:sec{mark}ret@host:5672/")
    assert "sec" not in str(caught.value)


def test_our_exchange_and_defaults_are_set_without_the_global_configuration() -> None:
    made = transport.notification_transport("rabbit://me:pw@host/?heartbeat_rate=5")
    assert made._driver._default_exchange == "synchronizer"
    assert made.conf.oslo_messaging_rabbit.rabbit_qos_prefetch_count == 100
    assert made.conf.oslo_messaging_rabbit.heartbeat_rate == 5
    assert "pw" not in transport.url_of(made).replace("***", "")


def test_rpc_works_over_memory_alone() -> None:
    class Endpoint:
        def add(self, ctxt: object, a: int, b: int) -> int:
            return a + b

        def gone(self, ctxt: object) -> None:
            raise errors.NotFound(id="x")

    made = transport.rpc_transport("kombu+memory://")
    server = RpcServer(made, [Endpoint()], "here")
    server.start()
    assert server.wait_started(10)
    client = RpcClient(made, timeout=10)
    assert client.call("add", a=1, b=2) == 3
    with pytest.raises(errors.NotFound) as caught:
        client.call("gone")
    assert caught.value.kwargs == {"id": "x"}
    server.stop()
    made.cleanup()


def test_a_local_bus_whose_path_no_socket_can_have_is_refused_with_the_way_out() -> None:
    with pytest.raises(errors.BadConfiguration, match=r"longer than 107 bytes.*shorter") as refused:
        transport.notification_transport(f"local:///{'x' * 107}")
    assert isinstance(refused.value, errors.Stop)
    transport.notification_transport(f"local:///{'x' * 106}").cleanup()
