# SPDX-License-Identifier: Apache-2.0
"""What came of a request, in our own errors."""

import time

import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from keystoneauth1 import exceptions as ksa

from synchronizer import errors
from synchronizer.plugin.openstack import Answer, answers, failure, translated

DATE = "Sat, 21 Nov 2026 00:20:56 GMT"


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("GET /things", status, named, body, answers.server_time(named))


def test_the_date_of_an_answer_is_an_instant() -> None:
    assert answers.server_time({"Date": DATE}) == 1_795_220_456_000_000


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 99 Nov 2026 00:00:00 GMT"])
def test_a_date_that_is_none_is_no_instant(date: str) -> None:
    assert answers.server_time({"Date": date}) is None
    assert answers.server_time({}) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "Sat, 21 Nov 2026 00:22:56 GMT", "Date": DATE}, 120.0),
        ({"Retry-After": "Sat, 21 Nov 2026 00:00:00 GMT", "Date": DATE}, 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_services_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert answers.retry_after(headers) == seconds


def test_a_retry_after_date_without_a_date_is_taken_by_our_clock() -> None:
    until = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 600))
    seconds = answers.retry_after({"Retry-After": until})
    assert seconds is not None
    assert 590 < seconds <= 600


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", ""),
        (b'{"forbidden": {"code": 403, "message": "Policy says no."}}', "Policy says no."),
        (b'{"message": "None\\nat  all"}', "None at all"),
        (b'{"error": {"code": 401, "title": "x", "message": "who?"}}', "who?"),
        (b"<html>\n\n<b>Bad Gateway</b>", "<html> <b>Bad Gateway</b>"),
        (b"[1, 2]", "[1, 2]"),
        (b'"\xff\xfe', '"\ufffd\ufffd'),
    ],
)
def test_an_excerpt_is_the_message_of_a_fault_or_the_bodys_start(body: bytes, text: str) -> None:
    assert answers.excerpt(body) == text


@given(st.binary(max_size=2000) | st.text(max_size=2000).map(str.encode))
def test_an_excerpt_is_one_short_printable_line(body: bytes) -> None:
    text = answers.excerpt(body)
    assert len(text) <= 100
    assert text.isprintable()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (300, errors.BadAnswer),
        (400, errors.BadAnswer),
        (401, errors.NotPermitted),
        (403, errors.NotPermitted),
        (404, errors.SourceUnavailable),
        (409, errors.BadAnswer),
        (413, errors.SourceBusy),
        (429, errors.SourceBusy),
        (500, errors.SourceUnavailable),
        (503, errors.SourceUnavailable),
    ],
)
def test_a_status_has_its_error(status: int, error: type[Exception]) -> None:
    failed = failure(answer(status, b"why"), "acme")
    assert type(failed) is error
    assert str(failed).startswith(f"acme: GET /things answered {status}: why")


def test_an_error_says_when_to_come_back() -> None:
    failed = failure(answer(429, Retry_After="4"), "acme")
    assert isinstance(failed, errors.Retry)
    assert failed.retry_after == 4.0


RAISED = [
    (ksa.Unauthorized("no"), errors.NotPermitted),
    (ksa.Forbidden("no"), errors.NotPermitted),
    (ksa.ServiceUnavailable("later"), errors.SourceUnavailable),
    (ksa.RequestEntityTooLarge("slow down"), errors.SourceBusy),
    (ksa.EmptyCatalog("none"), errors.BadConfiguration),
    (ksa.EndpointNotFound("none"), errors.NoSuchService),
    (ksa.MissingAuthPlugin("none"), errors.BadConfiguration),
    (ksa.ConnectFailure("refused"), errors.SourceUnavailable),
    (ksa.ConnectTimeout("slow"), errors.SourceUnavailable),
    (ksa.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] expired"), errors.BadConfiguration),
    (ksa.SSLError("EOF occurred in violation of protocol"), errors.SourceUnavailable),
    (ksa.DiscoveryFailure("none"), errors.SourceUnavailable),
    (ksa.InvalidResponse(requests.Response()), errors.BadAnswer),
    (ksa.AuthorizationFailure("none"), errors.NotPermitted),
    (requests.exceptions.ChunkedEncodingError("cut"), errors.BadAnswer),
    (requests.exceptions.InvalidURL("odd"), errors.SourceUnavailable),
    (urllib3.exceptions.IncompleteRead(3, 5), errors.BadAnswer),
    (urllib3.exceptions.ProtocolError("broken"), errors.BadAnswer),
    (urllib3.exceptions.DecodeError("not gzip"), errors.BadAnswer),
    (urllib3.exceptions.HTTPError("odd"), errors.SourceUnavailable),
    (TypeError("'NoneType' object is not subscriptable"), errors.BadAnswer),
    (KeyError("X-Subject-Token"), errors.BadAnswer),
]


@pytest.mark.parametrize(("raised", "error"), RAISED, ids=lambda value: type(value).__name__)
def test_what_libraries_raise_becomes_our_own(raised: Exception, error: type[Exception]) -> None:
    with pytest.raises(errors.SynchronizerError) as caught, translated("acme"):
        raise raised
    assert type(caught.value) is error
    assert caught.value.__cause__ is raised


def test_our_own_errors_pass_through() -> None:
    own = errors.ListingBroken("x")
    with pytest.raises(errors.ListingBroken) as caught, translated("acme"):
        raise own
    assert caught.value is own
