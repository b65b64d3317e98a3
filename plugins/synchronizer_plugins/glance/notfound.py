# SPDX-License-Identifier: Apache-2.0
"""Glance's own word that there is no such image."""

import contextlib
import html
import re

import msgspec

from synchronizer.plugin.openstack import Answer

_SAYS = ("No image found with ID ", "Failed to find image ")
_TAG = re.compile(r"<[^<>]*>")
_HEADING = re.compile(r"<h1>\s*404 Not Found\s*</h1>(.*)</body>", re.DOTALL)


class _Fault(msgspec.Struct):
    title: str
    code: str
    message: str


_faults = msgspec.json.Decoder(_Fault)


def says_not_found(answer: Answer, id_: str) -> bool:
    """Whether a 404 is Glance's own and about this image.

    Its errors have no format of their own but that of WebOb, which others use, too: JSON for
    whoever accepts that, else HTML or plain text, with nothing of Glance's but the sentence.
    A proxy's 404 may name the path, and so the image, but not in these words; the 404 of a
    path that Glance does not know names nothing.
    """
    message = _message(answer.body)
    return message is not None and message in {f"{says}{id_}" for says in _SAYS}


def _message(body: bytes) -> str | None:
    """What a 404 of WebOb says, without its markup."""
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        fault = _faults.decode(body)
        if fault.title != "Not Found" or not fault.code.startswith("404"):
            return None
        return _plain(fault.message)
    text = body.decode("utf-8", "replace")
    heading = _HEADING.search(text)
    if heading is not None:
        return _plain(heading[1])
    first, _, rest = text.strip().partition("\n")
    return _plain(rest) if first.strip() == "404 Not Found" else None


def _plain(text: str) -> str:
    return html.unescape(_TAG.sub(" ", text)).strip()
