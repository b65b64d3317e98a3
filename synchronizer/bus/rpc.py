# SPDX-License-Identifier: Apache-2.0
"""Calls and their answers, with deadlines that hold and errors that keep their type.

An `errors.SynchronizerError` that a method raises arrives at the caller as an instance
of its own class with its details. Any other exception is logged where it happened and
arrives as `ServiceUnavailable`, without a word of what it said.
"""

import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any

import oslo_messaging
from oslo_log import log as logging
from oslo_messaging import transport as oslo_transport
from oslo_messaging.rpc import dispatcher
from oslo_messaging.rpc import server as rpc_server

from synchronizer import errors
from synchronizer.bus import contact, ephemeral, topics
from synchronizer.bus.deadline import Caller
from synchronizer.bus.serving import Serving
from synchronizer.bus.transport import errors_of, url_of
from synchronizer.vitals import NO_PULSE, Pulse

LOG = logging.getLogger(__name__)

#: Calls of one client that may be under way, or hang in the driver, at once.
_CALLS = 32

#: (method, "ok" or the class of the error that was answered, seconds)
OnCall = Callable[[str, str, float], None]

#: What a method is called that the server does not have: callers name what they like.
UNKNOWN = "unknown"

#: Seconds that a server takes for a call at most: for a listing, or for a database that is away.
CALL = 120.0

#: In what a server has always said of a version, or a method, that it does not have.
_NOT_OFFERED = "does not support RPC"


class RpcClient:
    """Calls the methods of whoever serves a topic. Threads may share it.

    `timeout`: seconds that a call takes at most, unless it says otherwise.
    """

    def __init__(
        self,
        transport: oslo_transport.RPCTransport,
        timeout: float = 60.0,
        topic: str = topics.RPC_TOPIC,
    ) -> None:
        self._transport = transport
        self._timeout = timeout
        self._topic = topic
        self._reached = False
        self._url = url_of(transport)
        self._errors = errors_of(transport)
        self._caller = Caller("rpc-client", _CALLS)
        self._client = oslo_messaging.get_rpc_client(
            transport,
            oslo_messaging.Target(topic=topic, version=topics.RPC_VERSION),
            # A bus that is away is an answer; but a stale connection deserves a second one.
            retry=1,
            # A call to nobody fails at once.
            transport_options=oslo_messaging.TransportOptions(at_least_once=True),
        )

    def call(self, method: str, *, deadline: float | None = None, **arguments: Any) -> Any:
        """The method's result, within `deadline` seconds from now.

        Raises what the method raised; `ServerTooOld` when the server has none of that name
        yet; `NobodyAnswers` (details `url`, `topic`) when nobody serves the topic or no answer
        came in time; `BusUnavailable` when the bus is away, and `BusRefused` when it does not
        let us in.
        """
        seconds = self._timeout if deadline is None else deadline
        version = topics.RPC_SINCE.get(method, topics.RPC_VERSION)
        context = self._client.prepare(timeout=seconds, version=version)
        try:
            return self._caller.run(lambda: self._call(context, method, arguments), seconds)
        except errors.SynchronizerError as error:
            if isinstance(error, errors.BadRequest) and _is_too_old(method, error):
                raise errors.ServerTooOld(
                    f"the server has no {method}; it is of an older version", method=method
                ) from None
            raise _own(error) from None
        except oslo_messaging.RemoteError as error:
            raise errors.ServiceUnavailable(
                f"{method} failed where it was served: {error.exc_type}"
            ) from None
        except oslo_messaging.MessageUndeliverable as error:
            raise self._nobody("nobody listens") from error
        except (oslo_messaging.MessagingTimeout, TimeoutError) as error:
            if not self._reached:
                raise errors.BusUnavailable(
                    f"the bus {self._url} does not answer within {seconds:g} s"
                ) from error
            raise self._nobody(f"no answer within {seconds:g} s") from error
        except self._errors as error:
            raise contact.unavailable(self._transport, error) from error

    def _call(self, context: Any, method: str, arguments: dict[str, Any]) -> Any:
        if not self._reached:
            # The driver would wait for the bus for ever, with all other calls behind it.
            contact.reach(self._transport)
            self._reached = True
        return context.call({}, method, **arguments)

    def _nobody(self, why: str) -> errors.NobodyAnswers:
        return errors.NobodyAnswers(
            f"{why} on topic {self._topic} of {self._url}; "
            "is the daemon running, and is this its bus?",
            url=self._url,
            topic=self._topic,
        )


def tell_nobody(method: str, outcome: str, seconds: float) -> None:
    return


class RpcServer:
    """Serves the public methods of endpoints, `method(context, **arguments)`.

    `server` is this process's own name on the topic, `threads` how many calls it serves
    at once. `on_call` is told of each call that was answered, by the thread that did; `pulse`,
    that it listens, and is at one. `start` returns at once, also while the bus is away.
    """

    def __init__(
        self,
        transport: oslo_transport.RPCTransport,
        endpoints: Sequence[object],
        server: str,
        threads: int = 8,
        topic: str = topics.RPC_TOPIC,
        on_call: OnCall = tell_nobody,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        target = oslo_messaging.Target(topic=topic, server=server, version=topics.RPC_OFFERED)
        self._serving = Serving(
            f"rpc server {server}",
            lambda: _Server(transport, target, _Dispatcher(endpoints, on_call, pulse)),
            threads,
            pulse,
        )

    def start(self) -> None:
        """Begin to serve as soon as the bus allows it."""
        self._serving.start()

    def wait_started(self, timeout: float) -> bool:
        """Whether it serves, or came to within `timeout` seconds."""
        return self._serving.wait_started(timeout)

    def stop(self, timeout: float = 10.0) -> None:
        """Take no more calls, and finish those under way, within `timeout` seconds."""
        self._serving.stop(timeout)


class _Server(rpc_server.RPCServer):
    """oslo.messaging's server, with queues that go some time after it."""

    def _create_listener(self) -> Any:
        return ephemeral.serve(self.transport, self._target)


class _Dispatcher(dispatcher.RPCDispatcher):
    """Offers methods under the contract's present version, and turns whatever goes wrong in
    one into an error of ours."""

    def __init__(
        self,
        endpoints: Sequence[object],
        on_call: OnCall = tell_nobody,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        super().__init__(list(endpoints), None)
        self._on_call = on_call
        self._pulse = pulse
        # Endpoints know no oslo.messaging, and do not say it themselves.
        self._default_target = oslo_messaging.Target(version=topics.RPC_OFFERED)

    def dispatch(self, incoming: Any) -> Any:
        self._pulse.expect(CALL, "answers a call")
        try:
            return super().dispatch(incoming)
        except (dispatcher.NoSuchMethod, dispatcher.UnsupportedVersion) as error:
            self._on_call(UNKNOWN, errors.BadRequest.__name__, 0.0)
            # Clients know this by its words, see `_is_too_old`.
            raise _expected(errors.BadRequest(str(error))) from None
        finally:
            self._pulse.rest()

    def _do_dispatch(self, endpoint: Any, method: str, ctxt: Any, args: dict[str, Any]) -> Any:
        began, outcome = time.monotonic(), "ok"
        try:
            return self._answer(endpoint, method, ctxt, args)
        except dispatcher.ExpectedException as expected:
            outcome = expected.exc_info[0].__name__
            raise
        finally:
            self._on_call(method, outcome, time.monotonic() - began)

    def _answer(self, endpoint: Any, method: str, ctxt: Any, args: dict[str, Any]) -> Any:
        try:
            inspect.signature(getattr(endpoint, method)).bind(ctxt, **args)
        except TypeError as error:
            raise _expected(errors.BadRequest(f"{method}: {error}")) from None
        try:
            return super()._do_dispatch(endpoint, method, ctxt, args)
        except errors.SynchronizerError as error:
            raise _expected(_own(error)) from None
        except Exception:
            LOG.exception("%s failed", method)
            raise _expected(
                errors.ServiceUnavailable(f"{method} failed; the server's log says why")
            ) from None


def _is_too_old(method: str, error: errors.BadRequest) -> bool:
    """Whether a server refused a method because it came after its time."""
    return method in topics.RPC_SINCE and _NOT_OFFERED in error.message


def _own(error: errors.SynchronizerError) -> errors.SynchronizerError:
    """The error without its way here: as its own class (a remote error has one made for
    it), without a traceback and what came before."""
    kind = next(
        cls
        for cls in type(error).__mro__
        if not cls.__module__.endswith("_Remote") and issubclass(cls, errors.SynchronizerError)
    )
    return kind(error.message, **error.kwargs)


def _expected(error: errors.SynchronizerError) -> dispatcher.ExpectedException:
    """What makes oslo.messaging send the error without logging it."""
    expected = dispatcher.ExpectedException()
    expected.exc_info = (type(error), error, None)
    return expected
