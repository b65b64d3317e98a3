# SPDX-License-Identifier: Apache-2.0
"""What can come instead of a service's answer, and what a plugin has to say then."""

import dataclasses
from collections.abc import Callable, Mapping

from synchronizer import errors
from tests.support.faultproxy import Asked, FaultProxy, Reply

HTML = b"<html><head><title>Sorry</title></head><body>%s</body></html>"
JSON = {"Content-Type": "application/json"}
MARKUP = {"Content-Type": "text/html"}

Ask = Callable[[Asked], Reply]


@dataclasses.dataclass(frozen=True)
class Bad:
    """A fault: what is `sent`, and the `error` that has to be raised.

    `says`: what the message has to hold beside the service's name. `waits`: seconds that the
    service asks to wait. `quick`: it needs no waiting for a time-out.
    """

    name: str
    sent: Callable[[Asked, Ask], Reply]
    error: type[errors.SynchronizerError]
    says: str = ""
    waits: float | None = None
    quick: bool = True

    def __str__(self) -> str:
        return self.name


def _refusal(
    status: int, title: str, headers: Mapping[str, str] | None = None
) -> Callable[..., Reply]:
    """As most services say it, with the caller's token in it, as careless ones do."""

    def sent(asked: Asked, ask: Ask) -> Reply:
        token = asked.headers.get("x-auth-token", "")
        text = f'{{"{title}": {{"code": {status}, "message": "No: {token} is not welcome"}}}}'
        return Reply(status, text.encode(), {**JSON, **(headers or {})})

    return sent


def _page(status: int, headers: Mapping[str, str] | None = None) -> Callable[..., Reply]:
    """A page for people, as proxies have it."""

    def sent(asked: Asked, ask: Ask) -> Reply:
        body = HTML % asked.headers.get("x-auth-token", "").encode()
        return Reply(status, body, {**MARKUP, **(headers or {})})

    return sent


def _body(text: bytes) -> Callable[..., Reply]:
    return lambda asked, ask: Reply(200, text, JSON)


def _elsewhere(asked: Asked, ask: Ask) -> Reply:
    """The catalogue leads to the right host and to a wrong path."""
    return ask(dataclasses.replace(asked, path=f"/elsewhere{asked.path}"))


def _halved(asked: Asked, ask: Ask) -> Reply:
    whole = ask(asked)
    return dataclasses.replace(whole, cut=len(whole.body) // 2)


def _shortened(asked: Asked, ask: Ask) -> Reply:
    """Cut off by something that says nothing of it."""
    whole = ask(asked)
    return dataclasses.replace(whole, body=whole.body[: len(whole.body) // 2])


def _stalled(asked: Asked, ask: Ask) -> Reply:
    whole = ask(asked)
    return dataclasses.replace(whole, cut=len(whole.body) // 2, held=True)


def another_service(proxy: FaultProxy, port: int) -> Bad:
    """The catalogue leads to another service, which knows the token and not the path."""
    return Bad(
        "another-service", lambda asked, ask: proxy.ask(asked, port), errors.SourceUnavailable
    )


BAD = (
    Bad("401", _refusal(401, "error"), errors.NotPermitted, "token"),
    Bad("403", _refusal(403, "forbidden"), errors.NotPermitted, "role"),
    Bad("404-of-a-proxy", _page(404), errors.SourceUnavailable, "endpoint in the catalogue"),
    Bad("404-wrong-path", _elsewhere, errors.SourceUnavailable),
    Bad("429", _refusal(429, "overLimit", {"Retry-After": "7"}), errors.SourceBusy, "429", 7.0),
    Bad("500", _refusal(500, "computeFault"), errors.SourceUnavailable, "500"),
    Bad("502-of-a-proxy", _page(502), errors.SourceUnavailable, "502"),
    Bad("503", _page(503, {"Retry-After": "11"}), errors.SourceUnavailable, "503", 11.0),
    Bad("closed", lambda asked, ask: Reply(body=b"x", cut=0, status=200), errors.SourceUnavailable),
    Bad("truncated", _halved, errors.BadAnswer),
    Bad("shortened", _shortened, errors.BadAnswer),
    Bad("html", _page(200), errors.BadAnswer),
    Bad("redirect", _page(302, {"Location": "http://127.0.0.1:1/login"}), errors.SourceUnavailable),
    Bad("empty", _body(b""), errors.BadAnswer),
    Bad("a-list", _body(b'[{"id": "x"}]'), errors.BadAnswer),
    Bad("an-empty-object", _body(b"{}"), errors.BadAnswer),
    Bad("null", _body(b"null"), errors.BadAnswer),
    Bad(
        "no-answer",
        lambda asked, ask: Reply(held=True),
        errors.SourceUnavailable,
        quick=False,
    ),
    Bad("half-an-answer", _stalled, errors.SourceUnavailable, quick=False),
)
