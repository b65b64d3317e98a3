# SPDX-License-Identifier: Apache-2.0
"""Tokens, passwords and user data leave the plugin through entities alone."""

import contextlib
import logging
from typing import get_args

import pytest

from synchronizer.errors import SynchronizerError
from synchronizer.plugin import NotFound
from synchronizer.simulator import USER_DATA_MARKER, Fault, Running
from synchronizer.simulator.faults import Kind
from synchronizer_plugins.nova.kinds import SERVER
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.functional.nova.conftest import MakePlugin
from tests.functional.nova.scripted import Reply, Request, Scripted

PASSWORD = "correct-horse-battery-staple"


def _token(plugin: NovaPlugin) -> str:
    return str(plugin._connection.service()._adapter.get_token())


def test_nothing_secret_is_logged_at_debug_nor_said_in_errors(
    simulated: Running, make_plugin: MakePlugin, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = make_plugin(simulated.auth_url, timeout=1.0)
    said: list[str] = []
    with caplog.at_level(logging.DEBUG):
        tokens = {_token(plugin)}
        pages = list(plugin.get_all(SERVER))
        assert any(USER_DATA_MARKER.encode() in bytes(i) for each in pages for i in each.items), (
            "no server has user data to leak"
        )
        for kind in sorted(set(get_args(Kind))):
            fault = Fault(kind=kind, status=503, seconds=3, servers=3)
            number = simulated.control.add_fault(fault)
            for ask in (
                lambda: list(plugin.get_all(SERVER)),
                lambda: list(plugin.get_changes(SERVER, 0)),
                lambda: plugin.get(SERVER, "8a0a1c1e-0000-4000-8000-000000000000"),
            ):
                try:
                    ask()
                except NotFound:
                    continue
                except SynchronizerError as error:
                    said.append(f"{error} {error.kwargs}")
            simulated.control.remove_fault(number)
            with contextlib.suppress(SynchronizerError):
                tokens.add(_token(plugin))
    assert len(said) > 20
    everything = caplog.text + "\n".join(said)
    assert USER_DATA_MARKER not in everything
    assert '"secret"' not in everything
    assert len(tokens) > 1
    for token in tokens:
        assert token not in everything


def test_a_wrong_password_is_not_repeated(
    simulated: Running, make_plugin: MakePlugin, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = make_plugin(simulated.auth_url, password=PASSWORD)
    with caplog.at_level(logging.DEBUG), pytest.raises(SynchronizerError) as caught:
        list(plugin.get_all(SERVER))
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in caplog.text


def test_an_error_page_that_repeats_the_token_is_quoted_without_it(
    cloud: Scripted, told: NovaPlugin
) -> None:
    def echo(request: Request) -> Reply:
        return Reply(502, f"<p>X-Auth-Token: {request.headers['X-Auth-Token']}</p>".encode())

    cloud.answers = [echo]
    with pytest.raises(SynchronizerError, match="X-Auth-Token: <token>") as caught:
        list(told.get_all(SERVER))
    assert _token(told) not in str(caught.value)


def test_a_cut_page_of_servers_is_not_quoted(cloud: Scripted, told: NovaPlugin) -> None:
    cloud.answers = [Reply(body=b'{"servers": [{"OS-EXT-SRV-ATTR:user_data": "c2VjcmV0')]
    with pytest.raises(SynchronizerError) as caught:
        list(told.get_all(SERVER))
    assert "c2VjcmV0" not in str(caught.value)


def test_user_data_and_passwords_are_declared_sensitive() -> None:
    assert {"OS-EXT-SRV-ATTR:user_data", "adminPass"} == SERVER.sensitive
