# SPDX-License-Identifier: Apache-2.0
"""What plugins for OpenStack services are made of: kinds, declared, and a service to read."""

import abc
import contextlib
import dataclasses
import time
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import msgspec

from synchronizer import errors
from synchronizer.model import Entity, EntityType
from synchronizer.plugin.base import GetsChanges, GetsOne, KnowsScope, Plugin, PluginContext
from synchronizer.plugin.openstack import costs, documents, walking
from synchronizer.plugin.openstack.answers import Answer, failure
from synchronizer.plugin.openstack.connection import Connection
from synchronizer.plugin.openstack.kinds import Kind
from synchronizer.plugin.openstack.service import Service
from synchronizer.plugin.openstack.session import (
    DEFAULT_TIMEOUT,
    CloudAccess,
    access_mark,
    open_cloud,
)
from synchronizer.plugin.page import Page, Setting

#: What every plugin for an OpenStack service takes.
SETTINGS = (
    Setting("os_cloud", "", "entry of clouds.yaml (empty: the cloud's own name)"),
    Setting("region", "", "region of that cloud (empty: as clouds.yaml has it)"),
    Setting("interface", "", "public, internal or admin (empty: as clouds.yaml has it)"),
    Setting("page_size", 0, "entities per request (0: as many as the service likes to give)"),
    Setting("timeout", 0.0, "seconds for one request (0: clouds.yaml's api_timeout, or 120)"),
)

#: Seconds after which a check that met an error asks for no further type.
CHECKING = 20.0


class OpenStackPlugin(Plugin, GetsOne, GetsChanges, KnowsScope):
    """Reads the kinds of one service. A subclass declares `service`, `service_type` (of the
    catalogue), `kinds`, and how its service says that there is no such entity."""

    service_type: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]]
    settings: ClassVar[tuple[Setting, ...]] = SETTINGS

    def __init__(self, context: PluginContext) -> None:
        super().__init__(context)
        self._page_size: int = self.setting("page_size")
        if self._page_size < 0 or self.setting("timeout") < 0:
            raise errors.BadConfiguration("page_size and timeout cannot be negative")
        self._kinds = {kind.type.name: kind for kind in self.kinds}
        self._connection: Connection[Any] = self.connection()

    # --- what a subclass says ----------------------------------------------

    @abc.abstractmethod
    def says_not_found(self, answer: Answer, id_: str) -> bool:
        """Whether a 404 is the service's own, in its own format, and about this entity.

        A proxy, a wrong endpoint or another service answer 404, too.
        """

    def connection(self) -> Connection[Any]:
        """The service, to be connected to; talks to nobody."""
        return Connection(self.open, self.connect)

    def connect(self, access: CloudAccess) -> Service:
        """The service, ready to be read; may talk to it (to ask for its microversions)."""
        return Service(self.service, access)

    def is_deleted(self, kind: Kind, entity: msgspec.Raw | bytes) -> bool:
        """Whether a GET shows an entity that is gone, as some services do for a while."""
        return False

    def is_unclear(self, kind: Kind, entity: msgspec.Raw | bytes) -> bool:
        """Whether a GET shows an entity whose state cannot be read now."""
        return False

    # --- what the sampler asks ---------------------------------------------

    def open(self) -> CloudAccess:
        """Access to the service, by the settings and clouds.yaml; talks to nobody."""
        return open_cloud(
            self._os_cloud,
            self.service_type,
            region=self.setting("region"),
            interface=self.setting("interface"),
            timeout=self.setting("timeout"),
            budget=self.context.budget,
        )

    def access(self) -> object:
        return access_mark(self._os_cloud)

    @property
    def _os_cloud(self) -> str:
        return self.setting("os_cloud") or self.context.cloud

    @property
    def patience(self) -> float:
        # Versions, a token, and the request itself, the answer's head and body each: every
        # one of them ends at the time-out.
        return 5 * (self._connection.timeout or self.setting("timeout") or DEFAULT_TIMEOUT)

    def types(self) -> tuple[EntityType, ...]:
        return tuple(kind.type for kind in self.kinds)

    def gets_one(self, type_: EntityType) -> bool:
        return self._kinds[type_.name].one is not None

    def gets_changes(self, type_: EntityType) -> bool:
        return self._kinds[type_.name].changes is not None

    def pages(self, type_: EntityType, count: int) -> int:
        return costs.of_listing(self._kinds[type_.name], count, self._page_size)

    def changes_pages(self, type_: EntityType) -> int:
        return costs.of_changes(self._kinds[type_.name])

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        kind = self._kinds[type_.name]
        with self._reading(kind) as service:
            yield from walking.pages(service, kind, self._page_size, kind.query)

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        kind = self._kinds[type_.name]
        if kind.changes is None:
            raise TypeError(f"{type_.name} has no changes-since")
        queries = [ask(since) for ask in (kind.changes, kind.created) if ask is not None]
        seen: set[bytes] = set()
        # What changed proves nothing about the rest, whoever asks.
        kind = dataclasses.replace(kind, doubt=None)
        with self._reading(kind) as service:
            for number, query in enumerate(queries, 1):
                ends = number == len(queries)
                merged = {**kind.query, **query}
                found = {name: value for name, value in merged.items() if value is not None}
                for page in walking.pages(service, kind, self._page_size, found):
                    # Most of what was created was changed since, and has been handed over.
                    fresh = [i for i in page.items if bytes(i) not in seen] if seen else page.items
                    if not ends:
                        seen.update(map(bytes, fresh))
                    yield dataclasses.replace(page, items=fresh, last=ends and page.last)

    def get(self, type_: EntityType, id_: str) -> bytes:
        kind = self._kinds[type_.name]
        if kind.one is None:
            raise TypeError(f"{type_.name} has no GET")
        if id_ in {"", ".", ".."}:
            raise errors.Unclear(f"{self.service}: {id_!r} cannot be asked for")
        with self._reading(kind) as service:
            answer = service.get(kind.one.format(id=urllib.parse.quote(id_, safe="")), {})
            if answer.status == 404 and self.says_not_found(answer, id_):
                doubt = None if kind.doubt is None else kind.doubt(service)
                if doubt is not None:
                    raise errors.Unclear(f"{self.service}: {type_.name} {id_}: {doubt}")
                raise errors.NotFound(f"{self.service} has no {type_.name} {id_}")
        if answer.status != 200:
            raise failure(answer, self.service)
        raw: msgspec.Raw | bytes = documents.one(answer, self.service, kind.singular)
        for shaped in (kind.as_listed, kind.shape):
            raw = raw if shaped is None else shaped(raw)
        if documents.text(raw, type_.id_field) != id_:
            raise errors.BadAnswer(
                f"{self.service}: asked for the {type_.name} {id_}, it answered with another one"
            )
        if self.is_deleted(kind, raw):
            raise errors.NotFound(f"{self.service} shows the {type_.name} {id_} as deleted")
        if self.is_unclear(kind, raw):
            raise errors.Unclear(f"{self.service} cannot read the {type_.name} {id_} now")
        return bytes(raw)

    def own_scope(self) -> str | None:
        rights = self._connection.service().credential.rights()
        return str(rights.project_id) if rights.project_id else None

    def credential(self) -> str:
        mark: str = self._connection.service().credential.token_mark()
        return mark

    def vouches(self, type_: EntityType, entity: Entity, own: str | None) -> bool:
        kind = self._kinds[type_.name]
        if kind.vouches is not None:
            return kind.vouches(entity, own)
        return super().vouches(type_, entity, own)

    def check(self) -> Iterable[str]:
        name = self.service
        with self._connection.using() as service:
            yield f"{name}: endpoint {service.endpoint}"
            if service.microversion is not None:
                yield f"{name}: microversion {service.microversion}"
            rights = service.credential.rights()
            yield f"{name}: {rights.scope}, roles {', '.join(rights.roles) or 'none'}"
            failed: list[errors.SynchronizerError] = []
            until = time.monotonic() + CHECKING
            for kind in (self._kinds[type_.name] for type_ in self.sampled()):
                if failed and (time.monotonic() > until or _no_answer(failed[-1])):
                    break  # the other types would not fare better
                try:
                    _check(service, kind)
                except errors.SynchronizerError as error:
                    failed.append(error)
                else:
                    yield f"{name}: {kind.type.name} can be listed"
        if failed:
            raise errors.several(failed)

    def close(self) -> None:
        self._connection.close()

    @contextlib.contextmanager
    def _reading(self, kind: Kind) -> Iterator[Service]:
        with self._connection.using() as service:
            _require(service, kind)
            yield service


def _check(service: Service, kind: Kind) -> None:
    """Asks for the first of its entities, and whether all are seen."""
    name = kind.type.name
    try:
        _require(service, kind)
        next(walking.pages(service, kind, 1, kind.query))
        doubt = None if kind.doubt is None else kind.doubt(service)
    except errors.SynchronizerError as error:
        raise type(error)(f"{name}: {error.message}") from error
    if doubt is not None:
        raise errors.NotPermitted(f"{name}: {doubt}")


def _no_answer(error: errors.SynchronizerError) -> bool:
    """Whether what `_check` met came of the way to the service, and not of its answer."""
    met = error.__cause__
    return isinstance(error, errors.SourceUnavailable) and met is not None and bool(met.__cause__)


def _require(service: Service, kind: Kind) -> None:
    """`BadConfiguration` where the service is read at a microversion too low for the kind."""
    at, needed = service.microversion, kind.microversion
    if at is not None and needed is not None and _numbers(at) < _numbers(needed):
        raise errors.BadConfiguration(
            f"{service.name}: {kind.type.name} is read from microversion {needed} on, and this is"
            f" {at}; raise it, or leave this type out of `types`"
        )


def _numbers(microversion: str) -> tuple[int, ...]:
    return tuple(int(part) for part in microversion.split("."))
