# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ over TLS with a private CA: who is let in, and what is said to who is not."""

from collections.abc import Iterator

import pytest

from synchronizer import errors
from synchronizer.bus import topics, transport
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.rpc import RpcClient
from synchronizer.bus.subscription import Subscription
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.engines.rabbit import RabbitBroker, RabbitNode
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud

from .tls import Authority, TlsNode, tls_node

TOPIC = topics.topic_of(CLOUD, TYPE)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), "theirs")


# One of these is running at a time; `rabbit_node` is asked for because it fails or skips where
# there is no RabbitMQ.
@pytest.fixture(scope="module", params=[False, True], ids=["server proves", "both prove"])
def node(
    request: pytest.FixtureRequest, authority: Authority, rabbit_node: RabbitNode
) -> Iterator[tuple[TlsNode, bool]]:
    with tls_node(authority, clients_too=request.param) as node:
        yield node, request.param


@pytest.fixture
def bus(node: tuple[TlsNode, bool]) -> Iterator[str]:
    """The TLS URL of a virtual host."""
    tls, _ = node
    vhost = RabbitBroker(tls.node)
    yield f"rabbit://guest:guest@127.0.0.1:{tls.port}/{vhost.name}"
    vhost.close()


@pytest.fixture
def right(node: tuple[TlsNode, bool], authority: Authority) -> dict[str, str]:
    """What lets one in."""
    found = {"ssl": "true", "ssl_ca_file": str(authority.certificate)}
    if node[1]:
        mine = authority.sign("client")
        found |= {"ssl_cert_file": str(mine.certificate), "ssl_key_file": str(mine.key)}
    return found


def refusal(url: str, options: dict[str, str]) -> list[str]:
    """What a notifier and a client are told."""
    notifications = transport.notification_transport(url, options)
    calls = transport.rpc_transport(url, options)
    told = []
    for attempt in (
        lambda: Notifier(notifications, "p").send(TOPIC, f"{TYPE}.changes", {}, PATIENCE),
        lambda: RpcClient(calls, timeout=PATIENCE).call("describe"),
    ):
        with pytest.raises(errors.BusUnavailable) as caught:
            attempt()
        told.append(caught.value.message)
    for one in (notifications, calls):
        one.cleanup()
    return told


def test_who_trusts_the_right_ca_is_let_in(bus: str, right: dict[str, str]) -> None:
    made = transport.notification_transport(bus, right)
    subscription = Subscription(made, [TOPIC])
    assert subscription.wait_started(PATIENCE)
    Notifier(made, "p").send(TOPIC, f"{TYPE}.changes", {"cloud": CLOUD}, PATIENCE)
    assert subscription.get(PATIENCE) is not None
    subscription.close()
    made.cleanup()


def test_a_url_s_query_can_say_it_all(bus: str, right: dict[str, str]) -> None:
    query = "&".join(f"{name}={value}" for name, value in right.items())
    made = transport.notification_transport(f"{bus}?{query}")
    Notifier(made, "p").send(TOPIC, f"{TYPE}.changes", {"cloud": CLOUD}, PATIENCE)
    made.cleanup()


@pytest.mark.parametrize("trusted", ["another CA", "the system's CAs"])
def test_who_does_not_trust_the_broker_is_told_to_look_at_the_ca(
    bus: str, right: dict[str, str], stranger: Authority, trusted: str
) -> None:
    del right["ssl_ca_file"]
    if trusted == "another CA":
        right["ssl_ca_file"] = str(stranger.certificate)
    for told in refusal(bus, right):
        assert "certificate is not accepted" in told
        assert "ssl_ca_file" in told


def test_a_broker_at_another_address_than_its_certificate_s_is_not_trusted(
    bus: str, right: dict[str, str]
) -> None:
    for told in refusal(bus.replace("127.0.0.1", "localhost"), right):
        assert "certificate is not accepted" in told
        assert "the host that the URL names" in told


def test_who_has_no_good_certificate_is_told_to_look_at_it(
    bus: str, right: dict[str, str], stranger: Authority, node: tuple[TlsNode, bool]
) -> None:
    if not node[1]:
        # Then nobody is asked for one.
        assert "ssl_cert_file" not in right
        return
    foreign = stranger.sign("client")
    del right["ssl_cert_file"], right["ssl_key_file"]
    theirs = {"ssl_cert_file": str(foreign.certificate), "ssl_key_file": str(foreign.key)}
    for wrong in (right, right | theirs):
        for told in refusal(bus, wrong):
            assert "ssl_cert_file" in told


def test_who_takes_the_wrong_port_is_told(
    bus: str, right: dict[str, str], node: tuple[TlsNode, bool]
) -> None:
    tls, _ = node
    for told in refusal(bus, {}):
        assert "it may be the one for TLS" in told
    for told in refusal(bus.replace(f":{tls.port}/", f":{tls.node.port}/"), right):
        assert "check that the port is the one for TLS" in told


def test_the_daemon_and_its_commands_take_it_from_the_configuration(
    bus: str, right: dict[str, str], cloud: SimulatedCloud
) -> None:
    said = "\n".join(f"{name} = {value}" for name, value in right.items())
    text = options(extra=f"transport_url = {bus}\n[oslo_messaging_rabbit]\n{said}\n")
    with (
        Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=text) as daemon,
        Copying(bus, TYPE, cloud=CLOUD, rabbit_options=right) as consumer,
    ):
        consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
        assert "ACTIVE" in daemon.ask("get-all", TYPE)
        assert "reachable, and a daemon answers" in daemon.ask("config", "check")
