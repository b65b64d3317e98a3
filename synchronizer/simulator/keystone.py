# SPDX-License-Identifier: Apache-2.0
"""The simulated Keystone v3: discovery, log-in by password, tokens with a catalogue."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from synchronizer.simulator.accounts import DOMAIN, Accounts, Project, User
from synchronizer.simulator.messages import Request, Response
from synchronizer.simulator.tokens import Token, Tokens

REGION = "RegionOne"
_UNAUTHORIZED = "The request you have made requires authentication."
_NO_ROUTE = (
    b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
    b"<p>The requested URL was not found on the server. If you entered the URL manually please "
    b"check your spelling and try again.</p>\n"
)
_TITLES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed"}


def error(status: int, message: str, title: str | None = None) -> Response:
    """Return an error in Keystone's format."""
    title = title or _TITLES.get(status, "Error")
    return Response.json(status, {"error": {"code": status, "message": message, "title": title}})


class Keystone:
    """Answers requests whose path begins with `prefix`."""

    def __init__(self, accounts: Accounts, tokens: Tokens, prefix: str, compute: str) -> None:
        self.prefix = prefix
        self._accounts = accounts
        self._tokens = tokens
        self._compute = compute

    def answer(self, request: Request) -> Response:
        response = self._route(request)
        headers = {**response.headers, "Vary": "X-Auth-Token"}
        if response.status == 401:
            headers["WWW-Authenticate"] = f'Keystone uri="{request.origin}{self.prefix}/v3"'
        return replace(response, headers=headers)

    def _route(self, request: Request) -> Response:
        path = request.path.removeprefix(self.prefix).rstrip("/")
        if path == "":
            versions = {"versions": {"values": [self._version(request.origin)]}}
            location = f"{request.origin}{self.prefix}/v3/"
            return Response.json(300, versions, {"Location": location})
        if path == "/v3":
            return Response.json(200, {"version": self._version(request.origin)})
        if path == "/v3/auth/tokens":
            return self._auth_tokens(request)
        return Response(404, _NO_ROUTE, {}, "text/html; charset=utf-8")

    def _version(self, origin: str) -> dict[str, Any]:
        return {
            "id": "v3.14",
            "status": "stable",
            "updated": "2020-04-07T00:00:00Z",
            "links": [{"rel": "self", "href": f"{origin}{self.prefix}/v3/"}],
            "media-types": [
                {
                    "base": "application/json",
                    "type": "application/vnd.openstack.identity-v3+json",
                }
            ],
        }

    def _auth_tokens(self, request: Request) -> Response:
        if request.method == "POST":
            return self._log_in(request)
        if request.method not in ("GET", "HEAD", "DELETE"):
            return error(405, "The method is not allowed for the requested URL.")
        if self._tokens.get(request.headers.get("x-auth-token")) is None:
            return error(401, _UNAUTHORIZED)
        subject = self._tokens.get(request.headers.get("x-subject-token"))
        if subject is None:
            return error(404, "Could not find token.")
        if request.method == "DELETE":
            self._tokens.revoke(subject.id)
            return Response(204)
        return self._token_response(200, subject, request.origin)

    def _log_in(self, request: Request) -> Response:
        try:
            auth = json.loads(request.body)["auth"]
            methods = auth["identity"]["methods"]
            claimed = auth["identity"]["password"]["user"] if "password" in methods else {}
            scope = auth.get("scope")
            wanted = scope.get("project") if isinstance(scope, dict) else None
            user = self._user(claimed)
            project = None if wanted is None else self._project(wanted)
        except (ValueError, TypeError, KeyError, AttributeError):
            return error(400, "Expecting to find auth in request body.")
        allowed = user is not None and claimed.get("password") == user.password
        if user is None or not allowed or (wanted is not None and project != user.project):
            return error(401, _UNAUTHORIZED)
        return self._token_response(201, self._tokens.issue(user, project), request.origin)

    def _user(self, claimed: dict[str, Any]) -> User | None:
        for user in self._accounts.users:
            if claimed.get("id") == user.id or (
                claimed.get("name") == user.name and _in_domain(claimed)
            ):
                return user
        return None

    def _project(self, wanted: dict[str, Any]) -> Project | None:
        for project in self._accounts.projects:
            if wanted.get("id") == project.id or (
                wanted.get("name") == project.name and _in_domain(wanted)
            ):
                return project
        return None

    def _token_response(self, status: int, token: Token, origin: str) -> Response:
        user = token.user
        body: dict[str, Any] = {
            "methods": ["password"],
            "user": {
                "domain": DOMAIN,
                "id": user.id,
                "name": user.name,
                "password_expires_at": None,
            },
            "audit_ids": [token.audit_id],
            "expires_at": _instant(token.expires),
            "issued_at": _instant(token.issued),
        }
        if token.project is not None:
            project = token.project
            body["project"] = {"domain": DOMAIN, "id": project.id, "name": project.name}
            body["is_domain"] = False
            body["roles"] = [{"id": self._accounts.role_id(user.role), "name": user.role}]
            body["catalog"] = self._catalog(origin)
        headers = {"X-Subject-Token": token.id}
        return Response.json(status, {"token": body}, headers)

    def _catalog(self, origin: str) -> list[dict[str, Any]]:
        services = (
            ("compute", "nova", f"{origin}{self._compute}/v2.1"),
            ("identity", "keystone", f"{origin}{self.prefix}"),
        )
        return [
            {
                "id": _id(kind),
                "type": kind,
                "name": name,
                "endpoints": [
                    {
                        "id": _id(f"{kind}/{interface}"),
                        "interface": interface,
                        "region": REGION,
                        "region_id": REGION,
                        "url": url,
                    }
                    for interface in ("admin", "internal", "public")
                ],
            }
            for kind, name, url in services
        ]


def _in_domain(reference: dict[str, Any]) -> bool:
    domain = reference.get("domain", {})
    return bool(domain.get("id") == DOMAIN["id"] or domain.get("name") == DOMAIN["name"])


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _id(name: str) -> str:
    return blake2b(name.encode(), digest_size=16).hexdigest()
