# SPDX-License-Identifier: Apache-2.0
"""Requests and answers, as the services see them, apart from sockets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Request:
    """`path` is decoded no further than the client sent it; header names are in lower case.

    `query` holds every parameter in order; `origin` is `http://host:port` as the client named it.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    origin: str

    @classmethod
    def of(
        cls, method: str, target: str, headers: Mapping[str, str], body: bytes, default_host: str
    ) -> Request:
        """Make a request of what the client sent; `target` is the path with its query."""
        parts = urlsplit(target)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        origin = f"http://{headers.get('host', default_host)}"
        return cls(method, parts.path, query, headers, body, origin)

    @property
    def last(self) -> dict[str, str]:
        """The parameters by name; of several, the last."""
        return dict(self.query)


@dataclass(frozen=True)
class Response:
    """An answer; Content-Length is not among the headers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE

    @classmethod
    def json(cls, status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
        return cls(status, json.dumps(value).encode(), dict(headers or {}))
