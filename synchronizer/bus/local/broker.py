# SPDX-License-Identifier: Apache-2.0
"""The broker: one thread, one selector, as many peers as the limits allow."""

import os
import selectors
import signal
import time

import msgspec
from oslo_log import log as logging

from synchronizer.bus.local import protocol, status
from synchronizer.bus.local.limits import Limits
from synchronizer.bus.local.listening import Listening
from synchronizer.bus.local.peer import Peer
from synchronizer.bus.local.store import Full, Store
from synchronizer.vitals import NO_PULSE, Pulse

LOG = logging.getLogger(__name__)

#: Seconds without new connections after accepting one failed (no descriptors left, say).
_ACCEPT_PAUSE = 1.0

#: Seconds for one turn, which waits for nobody.
TURN = 10.0


class Broker:
    """Serves a socket path until `stop`. `group` names who may use it beside the owner.

    Make it in the process that runs it: a fork would share its descriptors. `pulse` is told of
    each turn.
    """

    def __init__(
        self,
        path: str,
        group: str | None = None,
        limits: Limits | None = None,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._path = path
        self._pulse = pulse
        self._group = group
        self._limits = limits or Limits()
        self._store = Store(self._limits)
        self._selector = selectors.DefaultSelector()
        self._peers: set[Peer] = set()
        self._dirty: set[Peer] = set()
        self._connections = 0
        self._listening: Listening | None = None
        self._accept_at: float | None = None
        self._started = time.monotonic()
        self._stopping = False
        self._signals_wake = False
        self._wake_in, self._wake_out = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake_in, selectors.EVENT_READ)

    def open(self) -> None:
        """Take the path and listen; `errors.SocketUnusable` when that cannot be."""
        self._listening = Listening(self._path, self._group)
        self._selector.register(self._listening.socket, selectors.EVENT_READ)
        LOG.info("local bus listens at %s", self._listening.path)

    def stop(self) -> None:
        """End `run` soon; from any thread or signal handler."""
        self._stopping = True
        if self._wake_out >= 0:
            os.write(self._wake_out, b"x")

    def stop_at(self, *numbers: signal.Signals) -> None:
        """Let these signals end `run`, which then has to run in the main thread, as this has to."""
        for number in numbers:
            signal.signal(number, lambda *_: self.stop())
        # A handler runs between two bytecodes: without this, a signal that comes just before
        # the selector begins to wait would be acted on when a peer happens to say something.
        signal.set_wakeup_fd(self._wake_out)
        self._signals_wake = True

    def run(self) -> None:
        """Serve until stopped; opens first if need be. The path is free afterwards."""
        if self._listening is None:
            self.open()
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._close()

    # --- one turn

    def _turn(self) -> None:
        self._pulse.rest()
        ready = self._selector.select(self._patience())
        self._pulse.expect(TURN)
        for key, events in ready:
            peer = key.data
            if isinstance(peer, Peer):
                if events & selectors.EVENT_WRITE:
                    self._dirty.add(peer)
                if events & selectors.EVENT_READ:
                    self._read(peer)
            elif key.fileobj == self._wake_in:
                os.read(self._wake_in, 64)
            else:
                self._accept()
        self._flush()

    def _patience(self) -> float | None:
        """Seconds that nothing but a peer can make necessary to act."""
        patience = self._store.expire()
        if self._accept_at is not None and self._listening is not None:
            wait = self._accept_at - time.monotonic()
            if wait <= 0:
                self._accept_at = None
                self._selector.register(self._listening.socket, selectors.EVENT_READ)
            else:
                patience = wait if patience is None else min(patience, wait)
        return patience

    def _accept(self) -> None:
        if self._listening is None:
            return
        listener = self._listening.socket
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            LOG.warning("local bus takes no connections for %g s: %s", _ACCEPT_PAUSE, error)
            self._selector.unregister(listener)
            self._accept_at = time.monotonic() + _ACCEPT_PAUSE
            return
        sock.setblocking(False)
        self._connections += 1
        if len(self._peers) >= self._limits.peers:
            LOG.warning("local bus refuses a connection: there are %d peers", len(self._peers))
            refusal = protocol.Refused(why=f"the bus has {self._limits.peers} connections already")
            with sock:
                sock.send(protocol.head(refusal))
            return
        peer = Peer(sock, self._connections, self._limits, self._dirty)
        self._peers.add(peer)
        self._selector.register(sock, selectors.EVENT_READ, peer)
        peer.send(protocol.Hello(version=protocol.VERSION, body=self._limits.body))

    def _read(self, peer: Peer) -> None:
        try:
            alive = peer.receive()
        except BlockingIOError:
            return
        except OSError as error:
            peer.broken, alive = str(error), False
        self._serve(peer)
        if not alive:
            peer.broken = peer.broken or ""
            self._dirty.add(peer)

    def _serve(self, peer: Peer) -> None:
        """Carry out what the peer asked for, as long as it reads the answers."""
        try:
            while not peer.clogged and peer.broken is None:
                frame = peer.frames.next()
                if frame is None:
                    return
                self._carry_out(peer, *frame)
        except protocol.BadFrame as error:
            peer.broken = str(error)
            self._dirty.add(peer)
        except Exception:
            LOG.exception("local bus failed to serve %s", peer)
            peer.broken = "an error of the bus itself"
            self._dirty.add(peer)

    def _flush(self) -> None:
        while self._dirty:
            peer = self._dirty.pop()
            if peer not in self._peers:
                continue
            clogged = peer.clogged
            if peer.broken is None:
                peer.flush()
            if peer.broken is not None:
                self._drop(peer)
                continue
            if clogged and not peer.clogged:
                self._feed(peer)
                self._serve(peer)
            events = 0 if peer.clogged else selectors.EVENT_READ
            if peer.pending:
                events |= selectors.EVENT_WRITE
            # A peer without output is not clogged, so there is always something to wait for.
            if events != self._selector.get_key(peer.socket).events:
                self._selector.modify(peer.socket, events, peer)

    # --- what peers ask for

    def _carry_out(self, peer: Peer, request: protocol.Request, body: bytes) -> None:
        match request:
            case protocol.Publish():
                peer.send(protocol.Done(count=self._store.publish(request, body)))
            case protocol.Settle():
                self._settle(peer, request)
            case protocol.Subscribe():
                self._subscribe(peer, request)
            case protocol.Status():
                peer.send(protocol.Done(), msgspec.json.encode(self._status()))

    def _settle(self, peer: Peer, request: protocol.Settle) -> None:
        full = not peer.ready()
        found = peer.settle(request.delivery)
        if found is None:
            return
        queue, body = found
        if request.again:
            queue.returned(body)
            queue.pump()
        else:
            self._store.settle(queue, body)
        if full:
            self._feed(peer)

    def _subscribe(self, peer: Peer, request: protocol.Subscribe) -> None:
        if peer.subscriptions >= self._limits.subscriptions:
            why = f"a connection may have {self._limits.subscriptions} subscriptions"
            peer.send(protocol.Refused(why=why))
            return
        try:
            queue = self._store.subscribe(request, peer)
        except Full as error:
            peer.send(protocol.Refused(why=str(error)))
            return
        peer.subscriptions += 1
        peer.set_credit(request.credit)
        peer.queues[queue.name] = queue
        peer.send(protocol.Done(count=1))
        queue.pump()

    def _status(self) -> status.BrokerStatus:
        return status.BrokerStatus(
            uptime=time.monotonic() - self._started,
            peers=len(self._peers),
            bytes=self._store.held,
            published=self._store.published,
            dropped=self._store.dropped,
            queues=self._store.status(),
        )

    def _feed(self, peer: Peer) -> None:
        """The peer takes messages again: give it those that wait, from each queue in turn."""
        for queue in list(peer.queues.values()):
            if not peer.ready():
                return
            if queue.waiting:
                del peer.queues[queue.name]
                peer.queues[queue.name] = queue
                queue.pump()

    # --- ends

    def _drop(self, peer: Peer) -> None:
        if peer.broken:
            LOG.warning("local bus closes %s: %s", peer, peer.broken)
        self._peers.discard(peer)
        self._selector.unregister(peer.socket)
        peer.socket.close()
        for queue, body in peer.unsettled():
            queue.returned(body)
        self._store.leave(peer, peer.queues.values())

    def _close(self) -> None:
        for peer in self._peers:
            peer.socket.close()
        self._peers.clear()
        if self._listening is not None:
            self._listening.close()
            LOG.info("local bus at %s ended", self._listening.path)
        self._selector.close()
        if self._signals_wake:
            signal.set_wakeup_fd(-1)
        wake_out, self._wake_out = self._wake_out, -1
        os.close(wake_out)
        os.close(self._wake_in)
