# SPDX-License-Identifier: Apache-2.0
"""What came of a request, in the words of `synchronizer.errors`.

Answers arrive as status, headers and bytes; what libraries raise instead is turned
into our errors by `translated`. Texts quote at most a line of what a service said.
"""

import contextlib
import dataclasses
import email.utils
import time
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import requests
import urllib3
from keystoneauth1 import exceptions as ksa

from synchronizer import errors

#: Characters of an error's body that may show up in a message.
EXCERPT = 100

_MICROSECONDS = 1_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A service's whole answer to one request.

    `request` names it for messages ("GET /servers/detail"). `server_time` is the
    answer's Date in microseconds since 1970, or None. Header names ignore case.
    """

    request: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    server_time: int | None


def server_time(headers: Mapping[str, str]) -> int | None:
    """The Date of an answer in microseconds since 1970; None where it says none that is one."""
    date = _http_date(headers.get("Date"))
    return None if date is None else int(date) * _MICROSECONDS


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a service asks to wait: its Retry-After, in seconds or as an HTTP date.

    A date is taken by the service's own clock, if the answer tells it.
    """
    value = headers.get("Retry-After")
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    until = _http_date(value)
    if until is None:
        return None
    now = _http_date(headers.get("Date"))
    return max(0.0, until - (time.time() if now is None else now))


def _http_date(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def excerpt(body: bytes) -> str:
    """What an error's body says, in at most a line: the message of a JSON fault, or its start."""
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        message = _message(msgspec.json.decode(body))
        if message is not None:
            return _line(message)
    return _line(body[: 4 * EXCERPT].decode("utf-8", "replace"))


def _message(fault: Any) -> str | None:
    """`message` of {"message": ...} or of {"<name of the fault>": {"message": ...}}."""
    if not isinstance(fault, dict):
        return None
    for candidate in (fault, *fault.values()):
        if isinstance(candidate, dict) and isinstance(candidate.get("message"), str):
            return str(candidate["message"])
    return None


def _line(text: str) -> str:
    printable = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return printable if len(printable) <= EXCERPT else printable[: EXCERPT - 1] + "…"


def failure(answer: Answer, service: str) -> errors.SynchronizerError:
    """The error for an answer that is not a success, whatever the service.

    A 404 is the wrong endpoint here: what it means for one entity, a plugin has to
    tell by its service's own format.
    """
    said = f"{service}: {answer.request} answered {answer.status}: {excerpt(answer.body)}"
    wait = retry_after(answer.headers)
    if answer.status == 401:
        return errors.NotPermitted(
            f"{said} (with a new token, too); is this the Keystone that {service} asks?"
        )
    if answer.status == 403:
        return errors.NotPermitted(f"{said}; give the user in clouds.yaml a role that may do this")
    if answer.status in {413, 429}:
        return errors.SourceBusy(said, retry_after=wait)
    if answer.status == 404:
        return errors.SourceUnavailable(f"{said}; is {service}'s endpoint in the catalogue right?")
    if answer.status >= 500:
        return errors.SourceUnavailable(said, retry_after=wait)
    return errors.BadAnswer(said, retry_after=wait)


@contextlib.contextmanager
def translated(service: str) -> Iterator[None]:
    """Turns what keystoneauth, requests and urllib3 raise into the errors of `synchronizer`."""
    try:
        yield
    except ksa.ClientException as error:
        raise _of_keystoneauth(error, service) from error
    except requests.exceptions.RequestException as error:
        broken = isinstance(
            error,
            requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError,
        )
        kind = errors.BadAnswer if broken else errors.SourceUnavailable
        raise kind(f"{service}: {_line(str(error))}") from error
    except (
        urllib3.exceptions.ProtocolError,
        urllib3.exceptions.IncompleteRead,
        urllib3.exceptions.DecodeError,
    ) as error:
        raise errors.BadAnswer(f"{service}: the answer was cut off: {_line(str(error))}") from error
    except urllib3.exceptions.HTTPError as error:
        raise errors.SourceUnavailable(f"{service}: {_line(str(error))}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # How the libraries fail on a document that is not what they expect.
        raise errors.BadAnswer(
            f"{service}: the answer is not of the form that its client library expects"
            f" ({type(error).__name__})"
        ) from error


def _of_keystoneauth(error: ksa.ClientException, service: str) -> errors.SynchronizerError:
    text = _line(str(error))
    if isinstance(error, ksa.HttpError):
        return _of_status(error, service, text)
    if isinstance(error, ksa.EmptyCatalog):
        return errors.BadConfiguration(
            f"the service catalogue is empty: has the user a role in the project? ({text})"
        )
    if isinstance(error, ksa.CatalogException):
        return errors.NoSuchService(
            f"the service catalogue has no endpoint of {service} for this region and interface"
            f" ({text})"
        )
    if isinstance(error, ksa.SSLError):
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return errors.BadConfiguration(
                f"{service}'s certificate is not trusted: set cacert in clouds.yaml, or renew it"
            )
        return errors.SourceUnavailable(f"{service}: TLS failed: {text}")
    if isinstance(error, ksa.ConnectTimeout):
        return errors.SourceUnavailable(f"{service} did not answer in time: {text}")
    if isinstance(error, ksa.ConnectionError):
        return errors.SourceUnavailable(f"{service} cannot be reached: {text}")
    if isinstance(error, ksa.InvalidResponse):
        return errors.BadAnswer(f"keystone's answer cannot be understood: {text}")
    if isinstance(error, ksa.DiscoveryFailure):
        return errors.SourceUnavailable(f"{service}: its versions cannot be discovered: {text}")
    if isinstance(error, ksa.AuthorizationFailure):
        return errors.NotPermitted(f"keystone gave no token: {text}")
    if isinstance(error, ksa.AuthPluginException):
        return errors.BadConfiguration(f"clouds.yaml: the credentials are incomplete: {text}")
    return errors.SourceUnavailable(f"{service}: {text}")


def _of_status(error: ksa.HttpError, service: str, text: str) -> errors.SynchronizerError:
    """keystoneauth raises statuses for its own requests alone: those to Keystone, and for
    versions."""
    status = error.http_status
    headers = {} if error.response is None else error.response.headers
    wait = retry_after(headers)
    if status in {401, 403}:
        return errors.NotPermitted(f"{service} refuses the credentials of clouds.yaml: {text}")
    if status in {413, 429}:
        return errors.SourceBusy(f"{service}: {text}", retry_after=wait)
    return errors.SourceUnavailable(f"{service}: {text}", retry_after=wait)
