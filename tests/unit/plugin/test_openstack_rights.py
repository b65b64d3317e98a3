# SPDX-License-Identifier: Apache-2.0
"""What a token may do, and where a service's paths begin."""

import pytest
from keystoneauth1.adapter import Adapter
from keystoneauth1.noauth import NoAuth
from keystoneauth1.session import Session

from synchronizer.plugin.openstack import Rights, version_prefix


@pytest.mark.parametrize(
    ("rights", "scope"),
    [
        (Rights("u", "p", ("admin",), "d"), "project p"),
        (Rights("u", None, ("admin",), "d"), "domain d"),
        (Rights("u", None, ("reader",), None, system=True), "the system"),
        (Rights("u", None, ()), "no scope"),
    ],
)
def test_a_token_has_one_scope(rights: Rights, scope: str) -> None:
    assert rights.scope == scope


def test_a_token_of_the_system_differs_from_one_of_a_project() -> None:
    project = Rights("u", "p", ("admin",), "d")
    system = Rights("u", None, ("admin",), None, system=True)
    assert project.difference(system) == (
        "project 'p' -> None, domain 'd' -> None, system False -> True"
    )
    assert project.difference(Rights("u", "p", ("admin",), "d")) is None


@pytest.mark.parametrize(
    ("endpoint", "prefix"),
    [
        ("http://cloud:9292", "/v2"),
        ("http://cloud:9292/", "/v2"),
        ("http://cloud/image", "/v2"),
        ("http://cloud/image/v2", ""),
        ("http://cloud/image/v2/", ""),
        ("http://cloud/image-v2", "/v2"),
    ],
)
def test_the_version_comes_before_all_paths_unless_the_endpoint_has_it(
    endpoint: str, prefix: str
) -> None:
    adapter = Adapter(Session(auth=NoAuth()), endpoint_override=endpoint)
    assert version_prefix(adapter, "glance", "/v2") == prefix
