"""A receiver of webhooks, a program of its own that costs little: it counts and answers 204.

`GET /N` is answered once N requests have been taken. From `GET /hold` on nobody who posts is
answered, until `GET /go`.
"""

import asyncio
import re
import signal

import click

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


class Desk:
    """What all connections share: the count, who waits for it, and who is kept waiting."""

    def __init__(self) -> None:
        self._taken = 0
        self._waiting: list[tuple[int, asyncio.Transport]] = []
        self._holds = False
        self._held: list[asyncio.Transport] = []

    def take(self, sender: asyncio.Transport) -> None:
        """Count one more, and say so to whoever waited for it."""
        if self._holds:
            self._held.append(sender)
            return
        self._taken += 1
        sender.write(TAKEN)
        if self._waiting:
            self._tell()

    def told(self, what: str, asker: asyncio.Transport) -> None:
        """Do what a path says."""
        if what.isdecimal():
            self._waiting.append((int(what), asker))
            self._tell()
            return
        self._holds = what == "hold"
        asker.write(DONE)
        held, self._held = self._held, []
        for sender in held:
            self.take(sender)

    def _tell(self) -> None:
        for awaited, asker in self._waiting:
            if awaited <= self._taken:
                asker.write(DONE)
        self._waiting = [each for each in self._waiting if each[0] > self._taken]


class Exchanges(asyncio.Protocol):
    """One connection, kept open, with one request under way at most."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Act on a request as soon as it is whole."""
        assert self._transport is not None
        self._received += data
        head = self._received.find(_HEAD_END)
        if head < 0:
            return
        length = _LENGTH.search(self._received, 0, head)
        if len(self._received) < head + len(_HEAD_END) + (int(length[1]) if length else 0):
            return
        method, path, _ = self._received.split(b" ", 2)
        self._received = bytearray()
        if method == b"POST":
            self._desk.take(self._transport)
        else:
            self._desk.told(path.decode().removeprefix("/"), self._transport)


async def receive(port: int) -> None:
    """Take what comes until told to stop."""
    desk = Desk()
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(lambda: Exchanges(desk), "127.0.0.1", port)
    await stopped.wait()
    server.close()


@click.command()
@click.option("--port", type=int, required=True)
def main(port: int) -> None:
    """Count webhooks until told to stop."""
    asyncio.run(receive(port))


if __name__ == "__main__":
    main()
