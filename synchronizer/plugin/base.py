# SPDX-License-Identifier: Apache-2.0
"""The base class of plugins, and the capabilities that one may have beside it.

A plugin does one request when it is asked for one, and says what came of it. It
keeps no schedule, retries nothing, caches nothing: the sampler owns intervals,
back-off, budgets, comparison and evidence. Errors are those of
`synchronizer.errors` (re-exported by `synchronizer.plugin`):

* `SourceUnavailable` (with `retry_after` in seconds where the service says so),
  `SourceBusy`, `BadAnswer`, `ListingBroken`: tried again later;
* `NotFound`, `Unclear`: this entity only;
* `NotPermitted`, `BadConfiguration`: an operator has to act; tried again, slowly.

Methods are called from several threads at once: one per entity type and kind of
question (listing, changes, single entities).
"""

import abc
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from synchronizer.model import Entity, EntityType
from synchronizer.plugin.budget import Budget, Unlimited
from synchronizer.plugin.page import Hint, Page, Setting


@dataclasses.dataclass(frozen=True)
class PluginContext:
    """What a plugin is made with: the cloud's name and the values of its settings.

    `sampled`: the names of the types that are to be sampled; None: all that the plugin has.
    `budget`: entered around each request to the service.
    """

    cloud: str
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    sampled: frozenset[str] | None = None
    budget: Budget = dataclasses.field(default_factory=Unlimited, compare=False)


class Plugin(abc.ABC):
    """Reads the entities of one service of one cloud.

    `service` is the first part of its types' names. `version` changes when the
    same entity would be written differently; it is part of the rules under which
    states are compared. Constructing a plugin talks to nobody.
    """

    service: ClassVar[str]
    version: ClassVar[str] = "1"
    settings: ClassVar[tuple[Setting, ...]] = ()

    def __init__(self, context: PluginContext) -> None:
        self.context = context

    def setting(self, name: str) -> Any:
        """The configured value of one of `settings`, or its default."""
        for known in self.settings:
            if known.name == name:
                return self.context.settings.get(name, known.default)
        raise KeyError(name)

    @property
    def patience(self) -> float:
        """Seconds within which a request has ended, well or not, with all that has to be sent
        before it (for a token, say). A worker in which one takes longer is taken for hung, and
        is started again."""
        return 600.0

    @abc.abstractmethod
    def types(self) -> tuple[EntityType, ...]:
        """The entity types that this plugin can list."""

    def sampled(self) -> tuple[EntityType, ...]:
        """Those of `types` that are to be sampled."""
        wanted = self.context.sampled
        return tuple(t for t in self.types() if wanted is None or t.name in wanted)

    def pages(self, type_: EntityType, count: int) -> int:
        """The requests that a complete listing of so many entities takes; for
        `synchronizer plan`. One, unless the plugin knows better."""
        return 1

    @abc.abstractmethod
    def get_all(self, type_: EntityType) -> Iterator[Page]:
        """A complete listing, page by page.

        Each step of the iterator sends its requests when it is asked for and not
        before: the sampler notes what it knew when a page was requested.
        """

    def check(self) -> Iterable[str]:
        """Connects, and says in a line each what works; then raises what does not, several
        of it as `errors.several`."""
        return ()

    def access(self) -> object:
        """Stands for what it finds beside its settings, a file with a credential say: it is another
        (by `==`) when that is, and the plugin is made anew. Talks to nobody."""
        return None

    def close(self) -> None:
        """Lets go of connections. Called once, when the worker ends."""
        return


class GetsChanges(abc.ABC):
    """The service can list what changed since an instant of its own clock."""

    #: Seconds to ask back beyond the service's last answer: its hosts write their
    #: times by their own clocks, and before they commit.
    changes_overlap: ClassVar[float] = 30.0

    def gets_changes(self, type_: EntityType) -> bool:
        """Whether that holds for this type, too."""
        return True

    def changes_pages(self, type_: EntityType) -> int:
        """The requests that a poll takes which finds little; for `synchronizer plan`."""
        return 1

    @abc.abstractmethod
    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        """Entities that changed or were deleted at or after `since` (microseconds, the
        service's clock). Proves nothing about what it does not show."""


class GetsOne(abc.ABC):
    """The service can show one entity by its id."""

    def gets_one(self, type_: EntityType) -> bool:
        """Whether that holds for this type, too."""
        return True

    @abc.abstractmethod
    def get(self, type_: EntityType, id_: str) -> bytes:
        """The entity's JSON text, of the same form as in a listing.

        `NotFound` only if the service itself, in its own error format, says that
        there is no such entity (or shows it as deleted): it is evidence for a
        delete. `Unclear` if it exists and cannot be read now.
        """


class KnowsScope(abc.ABC):
    """What the credential sees depends on its role; the plugin knows its own scope.

    This lets the sampler tell an empty cloud from a credential that lost the right to see it.
    """

    def vouches(self, type_: EntityType, entity: Entity, own: str | None) -> bool:
        """Whether nobody sees this entity who does not see all of its type.

        `own`: the credential's own scope. As it is, the entities of other scopes vouch, by
        `EntityType.scope_field`; a service that shows some of them to everybody (public
        images) has to be more careful.
        """
        scope = None if type_.scope_field is None else entity.get(type_.scope_field)
        return scope is not None and scope != own

    @abc.abstractmethod
    def own_scope(self) -> str | None:
        """The scope (an OpenStack project id) that the credential belongs to."""

    @abc.abstractmethod
    def credential(self) -> str:
        """Changes when the credential in use (a token) is another one. Not the secret itself."""


class HearsNotifications(abc.ABC):
    """The service tells of changes on a bus of its own.

    `channels`: where, as (exchange, topic) and without a priority; who listens there takes
    nothing away from others. An operator can name others.
    """

    channels: ClassVar[tuple[tuple[str, str], ...]] = ()

    def hears(self, type_: EntityType) -> bool:
        """Whether the service tells of this type, too: if not, it is not listed, either, when
        notifications may have been missed."""
        return True

    @abc.abstractmethod
    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        """The entities that a native notification speaks of; none if it is of no interest.

        It only names them: they are read afterwards. Called for each message of the
        channels, by several services' if they share one; never raises for one of them.
        """
