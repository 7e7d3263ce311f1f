"""The HTTP server: waitress, with JSON for its own refusals and an orderly end.

waitress answers malformed requests and large bodies with text pages of its own; here they are JSON
like every other answer. A refused sender may still be sending: its bytes are read and dropped for
a while, for closing at once would take the answer from it. Asked to stop, the server takes no more
requests, answers those it has, and returns.

Its threads are a leader and followers: the one that holds the lock reads from all connections; once
a request is whole it lets the lock go and answers that request itself, while the next one reads on.
waitress alone hands each request to a worker, and is told through a pipe when it is done.

Why waitress: one process and one listening socket, which tells port 0; a thread of a test can run
it; pure Python on every system; and it alone can be made to refuse in JSON. Calls a second with a
constant answer, at 1 and 8 connections, as multiples of waitress's plain subclass before leaders
and followers (interleaved runs, Python 3.11, 2 cores, 53 malformed requests, 64 stalled clients):

    this one                1.7   3.2    refuses 50 in JSON or by closing, 3 reach the app
    granian, 40 threads     2.5   5.8    no port 0, no thread of a test; serves bodies cut short
    granian embedded        0.75  1.8    no WSGI
    stock waitress          1.2   1.3    text pages; serves 12 of the malformed
    cheroot                 1.0   0.7    stalled clients stop it; 26 malformed served
    gunicorn gthread        0.8   0.8    no Windows; HTML pages; stalled clients stop it
    uvicorn with a2wsgi     0.4   0.7    two of the stalled cases stop it
    hypercorn               0.35  0.4    a hidden second request is served
    werkzeug                0.4   0.35   a 40-digit chunk size takes a thread for good
"""

import re
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from waitress import receiver
from waitress.adjustments import Adjustments
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.wasyncore import dispatcher, read, write

from sagemock.wire.http_answer import AnswerTask, RefusalTask
from sagemock.wire.http_request import HttpRequest

if TYPE_CHECKING:
    from sagemock.wire.answers import Later

# More than the writers that one commit may serve, and than the invocations there may be at once.
_THREADS = 96
_CONNECTIONS = 1000
_MOST_UNREAD_BYTES = 16 * 1024 * 1024
_STALLED_S = 60
_LINGER_S = 5.0
_LINGER_BYTES = 256 * 1024 * 1024
_DRAIN_S = 8.0


class _Channel(HTTPChannel):
    """A connection that lets a refused sender finish, and reads nothing more once draining."""

    task_class = AnswerTask
    error_task_class = RefusalTask
    parser_class = HttpRequest
    will_close: bool
    _refused = False
    lingers_until = 0.0
    watched = 0
    _dropped = 0
    _has_ended = False

    def add_channel(self, map: Any = None) -> None:  # noqa: A002 - waitress's own name
        super().add_channel(map)
        self._watch(selectors.EVENT_READ)

    def del_channel(self, map: Any = None) -> None:  # noqa: A002 - the same
        if self.watched:
            self._watch(0)
        super().del_channel(map)

    def wanted(self) -> int:
        """What the leader has to watch this connection for."""
        reading = selectors.EVENT_READ if self.readable() else 0
        return reading | (selectors.EVENT_WRITE if self.writable() else 0)

    def look(self) -> None:
        """Watch for what is wanted from now on; for the leader alone."""
        # Again, for what is wanted may have changed meanwhile; who changes it after `watched`
        # is set sees that it differs, and wakes the leader.
        try:
            while (events := self.wanted()) != self.watched:
                self._watch(events)
        except (KeyError, OSError, ValueError):
            self.handle_close()  # the thread that answers found it broken, and closed it

    def _watch(self, events: int) -> None:
        before, self.watched = self.watched, events
        if not before:
            self.server.selector.register(self.socket, events, self)
        elif events:
            self.server.selector.modify(self.socket, events, self)
        else:
            self.server.selector.unregister(self.socket)

    def handle_events(self, events: int) -> None:
        """Read and write what can be, and watch for what comes next."""
        if events & selectors.EVENT_READ and self.socket is not None:
            read(self)
        if events & selectors.EVENT_WRITE and self.socket is not None:
            write(self)
        if self.socket is not None:
            self.look()

    def readable(self) -> bool:
        if self.lingers_until:
            return True
        if self._has_ended and self.requests:
            return False
        return bool(super().readable()) and not self.server.stopping

    def handle_read(self) -> None:
        if not self.lingers_until:
            self._has_ended = bool(self.requests) and self._sends_no_more()
            if not self._has_ended:
                super().handle_read()
            return
        try:
            # At the end of what is sent, `recv` itself closes the connection.
            self._dropped += len(self.recv(self.adj.recv_bytes))
        except OSError:
            self.handle_close()
        if self._dropped > _LINGER_BYTES:
            self.handle_close()

    def _sends_no_more(self) -> bool:
        # Reading the end would close the connection, and its request could not be answered.
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return False

    def handle_close(self) -> None:
        midway = self._refused and self.will_close and self.connected
        if not midway or self.lingers_until or self.server.stopping:
            super().handle_close()
            return
        self.lingers_until = time.time() + _LINGER_S
        self.will_close = False
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            super().handle_close()

    def service(self) -> None:
        self._refused = self.requests[0].error is not None
        self.server.serving.channel = self
        super().service()

    def write_soon(self, data: Any) -> int:
        if not self.connected:
            raise ClientDisconnected
        if self.total_outbufs_len or not isinstance(data, bytes):
            return int(super().write_soon(data))
        with self.outbuf_lock:
            try:
                sent = int(self.send(data, do_close=False))
            except AttributeError as error:
                # The leader has closed it meanwhile, and left no socket.
                raise ClientDisconnected from error
        return sent if sent == len(data) else sent + int(super().write_soon(data[sent:]))

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Wait until enough of a stream is read; whoever reads nothing for a while is gone."""
        with self.outbuf_lock:
            while self.connected and self.total_outbufs_len > self.adj.outbuf_high_watermark:
                unread = self.total_outbufs_len
                self.server.pull_trigger()
                self.outbuf_lock.wait(_STALLED_S)
                if self.total_outbufs_len >= unread:
                    self.will_close = True
                    raise ClientDisconnected

    def is_idle(self) -> bool:
        """Whether nothing is being answered or still to be sent."""
        return not self.requests and not self.total_outbufs_len


class Server(TcpWSGIServer):
    """Serves one WSGI app on one listening socket until told to stop."""

    channel_class = _Channel
    accepting: bool

    def __init__(
        self,
        app: Any,
        listening: socket.socket,
        *,
        max_body_bytes: int,
        request_id: Callable[[], str],
    ) -> None:
        self.stopping = False
        self.app = app  # waitress keeps it wrapped
        self.max_body_bytes = max_body_bytes
        self.request_id = request_id
        # What answers without WSGI, be it the app itself or within a Flask app.
        front = getattr(app, "wsgi_app", app)
        self.at_once: Callable[[HttpRequest, Later], Any] | None = getattr(front, "at_once", None)
        # Both end in `$`, which a line's end may follow: what is a chunk's size would be in doubt.
        receiver.ONLY_HEXDIG_RE = re.compile(rb"[0-9a-fA-F]+\Z")
        receiver.CHUNK_EXT_RE = re.compile(receiver.CHUNK_EXT_RE.pattern.rstrip(b"$") + rb"\Z")
        self.selector = selectors.DefaultSelector()
        self.serving = threading.local()
        self._leading = threading.Lock()
        self._ending = threading.RLock()  # a second signal may come while the first is handled
        self._followers: list[threading.Lock] = []
        self._received: deque[_Channel] = deque()
        self._outdated = False
        self._next_look = 0.0
        self._ends = float("inf")
        self._threads = _THREADS
        adjustments = Adjustments(
            listen="",  # else it asks the resolver for where it could listen, were there no socket
            ident=None,
            connection_limit=_CONNECTIONS,
            channel_timeout=_STALLED_S,
            cleanup_interval=10,
            max_request_body_size=max_body_bytes + 1,  # waitress refuses the bound itself
            # What is not read goes to a temporary file: no thread waits for whoever reads slowly.
            # Only a stream, which has no end in sight, waits when so much of it is not read.
            outbuf_high_watermark=_MOST_UNREAD_BYTES,
            # A connection is watched while it is answered, so nobody need be told afterwards.
            channel_request_lookahead=1,
            clear_untrusted_proxy_headers=True,
            log_socket_errors=False,
        )
        super().__init__(
            app,
            _sock=listening,
            adj=adjustments,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
            bind_socket=False,
            dispatcher=ThreadedTaskDispatcher(),  # without threads: ours lead and follow
        )
        self.selector.register(self.trigger.socket, selectors.EVENT_READ, self.trigger)
        self.selector.register(self.socket, selectors.EVENT_READ, self)

    def stop(self) -> None:
        """Ask the server to finish; safe from signal handlers and other threads."""
        with self._ending:
            if not self.stopping:
                self._ends = time.monotonic() + _DRAIN_S
                self.stopping = True
            if self._threads:
                self._wake()

    def run(self) -> None:
        """Serve until `stop`, then answer what has been received, and return."""
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            # In pieces: Windows runs no signal handler during a wait without end.
            while thread.is_alive() and time.monotonic() < self._ends + 1:
                thread.join(0.1 if self.stopping else 1)

    def add_task(self, task: _Channel) -> None:
        """A request is whole; called by the leader, or by a thread that will look next."""
        self._received.append(task)

    def pull_trigger(self) -> None:
        """Wake the leader, unless it watches the connection served here for the right events."""
        channel = getattr(self.serving, "channel", None)
        if channel is None or self.stopping or channel.watched != channel.wanted():
            self._wake()

    def maintenance(self, now: float) -> None:
        """Close what has stalled, and what has lingered long enough."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            if 0 < channel.lingers_until < now:
                channel.will_close = True
        self._outdated = True

    def _work(self) -> None:
        """Answer requests, one after the other, until the server has ended."""
        while True:
            try:
                channel = self._received.popleft()
            except IndexError:
                led = self._take_turn()
                if led is None:
                    return
                channel = led
            try:
                channel.service()
            except BaseException:  # an app that exits ends its connection, not this thread
                self.logger.exception("A connection failed")
                channel.cancel()
                self._wake()
            self.serving.channel = None

    def _take_turn(self) -> _Channel | None:
        """Lead when nobody does; a request to answer, or None once the server has ended."""
        while not self._leading.acquire(blocking=False):
            sleep = threading.Lock()
            sleep.acquire()
            self._followers.append(sleep)
            # The leader may have looked for a follower just before.
            if self._leading.acquire(blocking=False):
                # Or has called this one already, which is then as good as woken.
                with suppress(ValueError):
                    self._followers.remove(sleep)
                break
            sleep.acquire()
        try:
            led = self._lead()
            if led is None:
                self._leave()
            return led
        finally:
            self._leading.release()
            # The one that has slept least: its connections and memory are the warm ones.
            if self._followers:
                self._followers.pop().release()

    def _leave(self) -> None:
        # The last one: who pulls a closed trigger writes to whatever has its number next.
        with self._ending:
            self._threads -= 1
            if not self._threads:
                self.trigger.close()
                self.selector.close()

    def _wake(self) -> None:
        self._outdated = True
        super().pull_trigger()

    def _lead(self) -> _Channel | None:
        """Read from all connections until a request is whole; None once the server has ended."""
        while not self._received:
            if self.stopping and self._has_ended():
                return None
            self._look_after_all()
            for key, events in self.selector.select(0.1 if self.stopping else 1):
                self._handle(key.data, events)
        return self._received.popleft()

    def _handle(self, ready: Any, events: int) -> None:
        if isinstance(ready, _Channel):
            ready.handle_events(events)
        else:
            read(ready)
            if ready is self:
                self._watch_listening()

    def _watch_listening(self) -> None:
        """Accept connections while there are not too many."""
        wanted = self.readable()
        watched = self._fileno in self.selector.get_map()
        if wanted and not watched:
            self.selector.register(self.socket, selectors.EVENT_READ, self)
        elif watched and not wanted:
            self.selector.unregister(self.socket)

    def _look_after_all(self) -> None:
        """Watch every connection for the right events, when told to or after a second."""
        now = time.monotonic()
        if not self._outdated and now < self._next_look:
            return
        self._outdated = False
        self._next_look = now + 1
        if self.accepting:
            self._watch_listening()
        for channel in list(self.active_channels.values()):
            channel.look()

    def _has_ended(self) -> bool:
        if self.accepting:
            self.accepting = False
            self._watch_listening()
            dispatcher.close(self)
        late = time.monotonic() > self._ends
        for channel in list(self.active_channels.values()):
            if late or channel.is_idle():
                channel.handle_close()
        return not self.active_channels
