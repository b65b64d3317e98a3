# SPDX-License-Identifier: Apache-2.0
"""All users, whichever domain they are of.

Where domains have drivers of their own (LDAP), Keystone answers a plain listing with the users
of one domain, or of those without such a driver, and says nothing of it. So each domain of
which the plain listing shows nobody is listed by itself.
"""

import contextlib
import dataclasses
from collections.abc import Iterator

import msgspec

from synchronizer.plugin import Page
from synchronizer.plugin.openstack import Service, documents, walking
from synchronizer_plugins.keystone.kinds import DOMAINS, USERS


class _Domain(msgspec.Struct):
    domain_id: str


_domains = msgspec.json.Decoder(_Domain)


def pages(keystone: Service, size: int) -> Iterator[Page]:
    """The pages of a complete listing; `size`: entities per page (0: as Keystone likes)."""
    seen: set[str] = set()
    problems: list[str] = []
    for page in walking.pages(keystone, USERS, size, {}):
        seen.update(_of(page))
        yield dataclasses.replace(page, last=False)
    unseen: list[str] = []
    for page in walking.pages(keystone, DOMAINS, size, {}):
        problems += [f"of the domains: {problem}" for problem in page.problems]
        ids = (documents.text(item, "id") for item in page.items)
        unseen += [id_ for id_ in ids if isinstance(id_, str) and id_ not in seen]
    for domain in unseen:
        for page in walking.pages(keystone, USERS, size, {"domain_id": domain}):
            yield dataclasses.replace(page, last=False)
    yield Page(last=True, problems=tuple(problems))


def _of(page: Page) -> Iterator[str]:
    for item in page.items:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            yield _domains.decode(item).domain_id
