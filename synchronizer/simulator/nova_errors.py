# SPDX-License-Identifier: Apache-2.0
"""Errors in the formats of Nova and of the token middleware in front of it."""

from __future__ import annotations

from dataclasses import replace

from synchronizer.simulator.messages import Response

_NAMES = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}


class NovaError(Exception):
    """Ends a request with an error response."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def fault(status: int, message: str, retry_after: int | None = None) -> Response:
    """Return an error as Nova writes it."""
    body: dict[str, object] = {"code": status, "message": message}
    headers = {}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
        if status in (413, 429):
            body["retryAfter"] = str(retry_after)
    response = Response.json(status, {_NAMES.get(status, "computeFault"): body}, headers)
    return replace(response, content_type="application/json; charset=UTF-8")


def unauthorized(auth_url: str) -> Response:
    """Return the 401 of the token middleware, which names where to log in."""
    body = {
        "error": {
            "code": 401,
            "title": "Unauthorized",
            "message": "The request you have made requires authentication.",
        }
    }
    return Response.json(401, body, {"WWW-Authenticate": f'Keystone uri="{auth_url}"'})


def no_route(accept: str) -> Response:
    """Return the 404 for a path that Nova does not know at all, as the client accepts it."""
    if "application/json" in accept:
        message = "The resource could not be found.<br /><br />\n\n\n"
        body = {"message": message, "code": "404 Not Found", "title": "Not Found"}
        return Response.json(404, body)
    page = (
        "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n"
        "  <h1>404 Not Found</h1>\n  The resource could not be found.<br /><br />\n\n\n\n"
        " </body>\n</html>"
    )
    return Response(404, page.encode(), {}, "text/html; charset=UTF-8")
