# SPDX-License-Identifier: Apache-2.0
"""The form of a page and of its items."""

from collections.abc import Sequence

from synchronizer import errors, fingerprint
from synchronizer.model import EntityType
from synchronizer.plugin.conformance.failing import NotConforming
from synchronizer.plugin.conformance.reading import RAW
from synchronizer.plugin.page import Page

#: pytest shows the check that failed, and not these lines below it.
__tracebackhide__ = True

#: The longest id that is kept, in bytes of UTF-8.
MAX_ID_BYTES = 1020

#: 2000-01-01 and 2200-01-01 in microseconds: no other unit has now between them.
_EARLIEST, _LATEST = 946_684_800_000_000, 7_258_118_400_000_000


def check_page(page: Page, where: str) -> None:
    """`NotConforming` unless each field of the page is of its type."""
    for name in ("items", "deleted", "destroyed", "unclear", "problems"):
        value = getattr(page, name)
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise NotConforming(
                f"{name} is a {type(value).__name__}",
                where=where,
                mend=f"hand over a list or tuple; a single one as ({name[:-1]},)",
            )
        if name != "items" and not all(isinstance(one, str) and one for one in value):
            raise NotConforming(
                f"{name} holds something else than texts",
                where=where,
                mend="hand over texts that are not empty; ids in the form of the id_field",
            )
    if not isinstance(page.last, bool):
        raise NotConforming(f"last is {page.last!r}", where=where, mend="hand over True or False")
    if page.server_time is not None:
        _check_time(page.server_time, where)


def _check_time(instant: object, where: str) -> None:
    if isinstance(instant, bool) or not isinstance(instant, int):
        raise NotConforming(
            f"server_time is a {type(instant).__name__}",
            where=where,
            mend="hand over an int, microseconds since 1970 in UTC, or None",
        )
    if not _EARLIEST < instant < _LATEST:
        raise NotConforming(
            f"server_time is {instant}, which is not now in microseconds",
            where=where,
            mend="hand over microseconds since 1970 in UTC: seconds * 1_000_000",
        )


def check_items(page: Page, type_: EntityType, where: str) -> None:
    """`NotConforming` unless each item is the JSON text of an object that has an id."""
    for number, item in enumerate(page.items, 1):
        here = f"{where}, item {number}"
        if not isinstance(item, RAW):
            raise NotConforming(
                f"it is a {type(item).__name__}",
                where=here,
                mend="hand over the JSON text as it came: a msgspec.Raw sliced from the answer, or"
                " bytes",
            )
        try:
            entity = fingerprint.decode(item)
        except errors.BadItem as error:
            raise NotConforming(
                str(error), where=here, mend="hand over the JSON text of an object"
            ) from None
        id_ = entity.get(type_.id_field)
        if not isinstance(id_, str) or not 0 < len(id_.encode()) <= MAX_ID_BYTES or "\0" in id_:
            said = f"a text of {len(id_.encode())} bytes" if isinstance(id_, str) else _kind(id_)
            said += " with a NUL" if isinstance(id_, str) and "\0" in id_ else ""
            raise NotConforming(
                f"its {type_.id_field!r} is {said}",
                where=here,
                mend="name the field with the id in EntityType.id_field; an id is a text of 1 to"
                f" {MAX_ID_BYTES} bytes without NUL, in the listing already",
            )


def _kind(value: object) -> str:
    return "missing or null" if value is None else f"a {type(value).__name__}"
