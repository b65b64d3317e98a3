# SPDX-License-Identifier: Apache-2.0
"""Every error of Synchronizer, grouped by what to do about it.

* `Retry`: try the same again later; nothing is wrong with the request.
* `Skip`: this one thing cannot be done; go on with the others.
* `Stop`: nothing will change until a person acts.

A class's docstring is its default message. Details are keyword arguments: they
become attributes and travel with the error over RPC, so they hold plain JSON
values only and never a secret.
"""

import inspect
from collections.abc import Sequence
from typing import Any


class SynchronizerError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None, **details: Any) -> None:
        text = message or inspect.cleandoc(type(self).__doc__ or "").splitlines()[0]
        super().__init__(text)
        #: What oslo.messaging sends beside the arguments of a remote error.
        self.kwargs: dict[str, Any] = details

    def __getattr__(self, name: str) -> Any:
        details = self.__dict__.get("kwargs", {})
        if name in details:
            return details[name]
        raise AttributeError(f"{type(self).__name__} has no {name!r}")

    @property
    def message(self) -> str:
        return str(self.args[0])


def several(found: Sequence[SynchronizerError]) -> SynchronizerError:
    """One error that tells all of these: of the class of the first for which a person has to
    act. `problems` has the message of each."""
    first = next((error for error in found if isinstance(error, Stop)), found[0])
    messages = [error.message for error in found]
    return type(first)("; ".join(messages), problems=messages)


# --- try again later ------------------------------------------------------


class Retry(SynchronizerError):
    """Not now; try again later."""

    @property
    def retry_after(self) -> float | None:
        """Seconds that the other side asked us to wait, if it said so."""
        value = self.kwargs.get("retry_after")
        return None if value is None else float(value)


class SourceUnavailable(Retry):
    """The service did not answer, or answered with an error of its own."""


class SourceBusy(SourceUnavailable):
    """The service asks for fewer requests."""


class BadAnswer(SourceUnavailable):
    """The service's answer cannot be understood; it is taken for no answer."""


class ListingBroken(SourceUnavailable):
    """The listing cannot be continued from where it stood; begin it again."""


class BusUnavailable(Retry):
    """The message bus did not take the message in time."""


class BusRefused(BusUnavailable):
    """The message bus is there and does not let us in; somebody has to look, and we try on."""


class LedgerUnavailable(Retry):
    """The ledger's database did not answer."""


class Refused(Retry):
    """The stream has moved on since it was read; read its tail and compare again."""


class ServiceUnavailable(Retry):
    """What was asked for cannot be served now (`since`: ISO instant, since when)."""


class Listing(ServiceUnavailable):
    """A listing that is fresh enough is under way; ask again with `cursor` to wait on for it."""


class NobodyAnswers(Retry):
    """No snapshot server answered; is the daemon running, and is this its bus?"""


# --- this one thing cannot be done ----------------------------------------


class Skip(SynchronizerError):
    """This cannot be done; the rest can go on."""


class NotFound(Skip):
    """There is no such entity."""


class Unclear(Skip):
    """The entity exists, but its state cannot be read now."""


class UnknownType(Skip):
    """No stream has this entity type (`known`: the types there are)."""


class UnknownCloud(Skip):
    """No cloud has this name (`known`: the clouds there are)."""


class Compacted(Skip):
    """That far back the ledger no longer remembers; get all again (`floor`: int)."""


class EpochChanged(Skip):
    """The stream's numbering has begun anew; get all again (`epoch`: the present one)."""


class BadCursor(Skip):
    """The cursor is not one that get_all gave, or it belongs to another question."""


class BadRequest(Skip):
    """The request's arguments do not make sense."""


class ServerTooOld(Skip):
    """The server does not have this method; it is of an older version (`method`)."""


class BadMessage(Skip):
    """A message on the bus does not have the form that was agreed."""


class BadItem(Skip):
    """An item of a listing cannot be decoded or has no id."""


# --- a person has to act ---------------------------------------------------


class Stop(SynchronizerError):
    """This cannot go on until somebody changes something."""


class BadConfiguration(Stop):
    """The configuration does not make sense."""


class BadPlugin(Stop):
    """The plugin cannot be used."""


class NotPermitted(Stop):
    """The credential may not do this."""


class NoSuchService(Stop):
    """The cloud has no such service."""


class LedgerUnusable(Stop):
    """The ledger's database cannot be used."""


class LedgerDamaged(Stop):
    """The content of an entity in the ledger is damaged; that stream stands still."""


class SocketUnusable(Stop):
    """The local bus cannot use this socket path."""


class Fenced(Stop):
    """Another process has taken over this stream."""
