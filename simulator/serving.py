"""An ASGI application on a free loopback port, for the tests and the demo."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.decided = asyncio.Event()
        """Set when the server has started, or has failed to."""
        self.unwanted = asyncio.Event()
        """Set when it shall stop."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:  # uvicorn's way to say that the application's lifespan failed
            self.should_exit = True
        finally:
            self.decided.set()

    async def main_loop(self) -> None:
        await self.unwanted.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the program around this server."""
        yield


def _listener(port: int) -> socket.socket:
    """asyncio sets TCP_NODELAY only where the protocol is named; without it each answer waits 40 ms (RFC 896, 1122)."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


@asynccontextmanager
async def serving(app: ASGIApp, *, port: int = 0) -> AsyncIterator[str]:
    """Serve `app` on 127.0.0.1 for the length of the block; gives the base URL without a slash at the end.

    `port` 0 is any free one. Raises OSError when the port is taken. Requests that still run at the end get one second.
    """
    listener = _listener(port)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="none", lifespan="on", timeout_graceful_shutdown=1
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.decided.wait()
        if not server.started:
            raise RuntimeError("the application did not start: see the log")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.unwanted.set()
        await task
        listener.close()
