# SPDX-License-Identifier: Apache-2.0
"""A bus that does not let us listen: what is said of it, and to whom it does nothing."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from synchronizer import errors
from synchronizer.hearing import Channel, probe
from synchronizer.hearing.queue import QUEUES
from tests.engines.processes import free_port
from tests.engines.rabbit import RabbitBroker, RabbitNode
from tests.functional.hearing.conftest import EXCHANGE, Ours
from tests.functional.hearing.service import TOPIC, Service

Listen = Callable[..., Ours]

PASSWORD = "our-own-password"


@pytest.fixture
def user(rabbit_node: RabbitNode) -> Iterator[str]:
    """A user that may do nothing yet."""
    name = f"user-{uuid.uuid4()}"
    rabbit_node.api("PUT", f"users/{name}", {"password": PASSWORD, "tags": ""})
    yield name
    rabbit_node.api("DELETE", f"users/{name}")


def url_for(vhost: RabbitBroker, user: str, password: str = PASSWORD) -> str:
    return vhost.url.replace("guest:guest", f"{user}:{password}")


def permit(node: RabbitNode, vhost: RabbitBroker, user: str, own: str, read: str = ".*") -> None:
    rights = {"configure": own, "write": own, "read": read}
    node.api("PUT", f"permissions/{vhost.name}/{user}", rights)


def test_a_user_with_the_least_rights_can_listen(
    rabbit_node: RabbitNode, vhost: RabbitBroker, service: Service, listen: Listen, user: str
) -> None:
    own = "^" + QUEUES.replace(".", r"\.")
    permit(rabbit_node, vhost, user, own, f"{own}|^({EXCHANGE})$")
    mine = listen(url_for(vhost, user))
    mine.states.wait_for(None)
    service.send(range(3))
    mine.inbox.wait(range(3))


def test_a_user_without_rights_is_told_which(
    rabbit_node: RabbitNode, vhost: RabbitBroker, service: Service, listen: Listen, user: str
) -> None:
    permit(rabbit_node, vhost, user, "^$")
    mine = listen(url_for(vhost, user))
    mine.states.wait_for("set_permissions -p")
    assert QUEUES.replace(".", r"\.") in (mine.states.all[0] or "")


@pytest.mark.parametrize("problem", ["password", "vhost", "port"])
def test_what_is_wrong_is_one_line_that_shows_no_password(
    vhost: RabbitBroker,
    listen: Listen,
    caplog: pytest.LogCaptureFixture,
    problem: str,
) -> None:
    url, text = {
        "password": (url_for(vhost, "guest", "wrong-password"), "does not let user 'guest' log in"),
        "vhost": (f"{vhost.url}-not", "has no virtual host"),
        "port": (
            f"rabbit://guest:wrong-password@127.0.0.1:{free_port()}/",
            "nothing listens there",
        ),
    }[problem]
    mine = listen(url)
    mine.states.wait_for(text)
    warnings = [r for r in caplog.records if r.name.startswith("synchronizer.hearing")]
    assert len(warnings) == 1
    assert "no notifications are heard" in warnings[0].getMessage()
    assert "wrong-password" not in caplog.text


def test_a_url_that_cannot_be_used_is_told(listen: Listen) -> None:
    mine = listen("rabbit://guest:guest@127.0.0.1:1/?ssl=true&ssl_ca_file=/nowhere/ca.pem")
    mine.states.wait_for("/nowhere/ca.pem")


def test_it_listens_once_it_is_let_in(
    rabbit_node: RabbitNode, vhost: RabbitBroker, service: Service, listen: Listen, user: str
) -> None:
    mine = listen(url_for(vhost, user))
    mine.states.wait_for("may not")
    permit(rabbit_node, vhost, user, ".*")
    mine.states.wait_for(None)
    service.send(range(3))
    mine.inbox.wait(range(3))


def test_a_probe_says_what_a_listener_would_meet(vhost: RabbitBroker, service: Service) -> None:
    probe(vhost.url, "c1/nova", [Channel(EXCHANGE, TOPIC)])
    with pytest.raises(errors.BusUnavailable, match="no exchange nowhere"):
        probe(vhost.url, "c1/nova", [Channel("nowhere", TOPIC)])
    with pytest.raises(errors.BusRefused, match="log in"):
        probe(url_for(vhost, "guest", "wrong"), "c1/nova", [Channel(EXCHANGE, TOPIC)])
    assert not [name for name in vhost.queues() if name.startswith(QUEUES)]
