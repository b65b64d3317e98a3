# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Offline = Callable[..., Any]
TOKENS = "/identity/v3/auth/tokens"


def credentials(
    user: str = "admin",
    password: str = "secret",  # noqa: S107
    project: str | None = "admin",
) -> Any:
    domain = {"id": "default"}
    auth: dict[str, Any] = {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": user, "password": password, "domain": domain}},
        }
    }
    if project is not None:
        auth["scope"] = {"project": {"name": project, "domain": {"name": "Default"}}}
    return {"auth": auth}


def log_in(cloud: Any, **options: Any) -> Any:
    return cloud.ask(TOKENS, method="POST", user=None, body=credentials(**options))


def test_a_token_has_roles_a_project_and_a_catalogue(offline: Offline) -> None:
    answer = log_in(offline())
    token = json.loads(answer.body)["token"]
    assert answer.status == 201
    assert token["roles"][0]["name"] == "admin"
    assert token["project"]["name"] == "admin"
    urls = {each["type"]: each["endpoints"][0]["url"] for each in token["catalog"]}
    assert urls == {
        "compute": "http://cloud.test:80/compute/v2.1",
        "identity": "http://cloud.test:80/identity",
    }


def test_a_token_is_good_for_its_life_and_no_longer(offline: Offline) -> None:
    cloud = offline(token_life=60.0)
    token = log_in(cloud).headers["X-Subject-Token"]
    cloud.now += 59
    assert cloud.ask("/servers", user=token).status == 200
    cloud.now += 2
    assert cloud.ask("/servers", user=token).status == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "guess"},
        {"user": "nobody"},
        {"project": "demo1"},
        {"user": "demo1", "project": "admin"},
        {"project": "nowhere"},
    ],
)
def test_wrong_credentials_are_a_401_in_keystones_format(
    offline: Offline, wrong: dict[str, Any]
) -> None:
    answer = log_in(offline(), **wrong)
    assert answer.status == 401
    assert json.loads(answer.body)["error"] == {
        "code": 401,
        "message": "The request you have made requires authentication.",
        "title": "Unauthorized",
    }


@pytest.mark.parametrize("body", [None, [], {"auth": {}}, {"auth": {"identity": []}}])
def test_a_malformed_log_in_is_a_400(offline: Offline, body: Any) -> None:
    assert offline().ask(TOKENS, method="POST", user=None, body=body).status == 400


def test_a_token_without_project_has_no_catalogue_and_no_servers(offline: Offline) -> None:
    cloud = offline()
    answer = log_in(cloud, project=None)
    assert "catalog" not in json.loads(answer.body)["token"]
    assert cloud.ask("/servers", user=answer.headers["X-Subject-Token"]).status == 401


def test_a_token_can_be_shown_and_revoked(offline: Offline) -> None:
    cloud = offline()
    token = log_in(cloud, user="demo1", project="demo1").headers["X-Subject-Token"]
    subject = {"x-subject-token": token}
    shown = cloud.json(TOKENS, headers=subject)["token"]
    assert shown["roles"][0]["name"] == "member"
    assert cloud.ask(TOKENS, method="DELETE", headers=subject).status == 204
    assert cloud.ask(TOKENS, headers=subject).status == 404
    assert cloud.ask(TOKENS, user=None, headers=subject).status == 401


def test_discovery_needs_no_token(offline: Offline) -> None:
    cloud = offline()
    versions = cloud.ask("/identity/", user=None)
    assert versions.status == 300
    assert json.loads(versions.body)["versions"]["values"][0]["id"] == "v3.14"
    assert cloud.json("/identity/v3/", user=None)["version"]["status"] == "stable"
    compute = cloud.json("/", user=None)["version"]
    assert (compute["min_version"], compute["version"]) == ("2.1", "2.104")
