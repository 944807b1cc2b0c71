"""Form intake over HTTP, against a bare ASGI application that does the same XADD."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import uvloop
from redis.asyncio import Redis

from app.accept import Door
from app.embedded import Embedded
from app.http import WebServer, application
from app.settings import Server
from bench.report import ratio
from bus.broker import Bus
from channels.form.channel import FormChannel
from channels.form.settings import FormSettings
from domain.messages import ChannelName
from domain.ports import AsgiApp, Host
from store.files import Folder

CONNECTIONS, SECONDS, ROUNDS = 64, 3.0, 3
BODY = json.dumps(
    {
        "name": "Иван Петров",
        "email": "ivan@example.org",
        "phone": "+7 916 123-45-67",
        "message": "Здравствуйте! Сколько стоит дубовый стол на шесть человек и когда привезёте? " * 2,
        "utm_source": "ad",
        "utm_campaign": "autumn",
    },
    ensure_ascii=False,
).encode()


async def main() -> None:
    """Print the ratios of the medians; the two applications take turns."""
    rates: dict[str, list[float]] = {"bare": [], "leadwire": []}
    slow: dict[str, list[float]] = {"bare": [], "leadwire": []}
    with tempfile.TemporaryDirectory() as folder:
        async with Embedded(Path(folder), postgres=False) as embedded:
            for port in range(18_300, 18_300 + ROUNDS):
                for offset, which in enumerate(rates):
                    async with _served(which, port + 100 * offset, embedded.redis_url) as served:
                        rate, p99 = await _load(served)
                    rates[which].append(rate)
                    slow[which].append(p99)
    ratio("accepted forms/s against bare XADDs/s", median(rates["leadwire"]), median(rates["bare"]), least=0.3)
    ratio("p99 in us against bare, at the same number of clients", median(slow["leadwire"]), median(slow["bare"]))


@asynccontextmanager
async def _served(which: str, port: int, redis_url: str) -> AsyncIterator[int]:
    """The application in a process of its own."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.intake", which, str(port), redis_url)
    try:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _load(port: int) -> tuple[float, float]:
    """(answers a second, the 99th percentile in us) of so many clients that each wait for their answer."""
    times: list[float] = []
    until = time.perf_counter() + SECONDS
    await asyncio.gather(*(_client(port, n, until, times) for n in range(CONNECTIONS)))
    times.sort()
    return len(times) / SECONDS, 1e6 * times[int(len(times) * 0.99)]


async def _client(port: int, number: int, until: float, times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        "POST /in/site HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(BODY)}\r\nIdempotency-Key: "
    )
    count = 0
    while (began := time.perf_counter()) < until:
        count += 1
        writer.write(f"{head}{number}-{count}-{began}\r\n\r\n".encode() + BODY)
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer.decode())
        await reader.readexactly(_length(answer))
        times.append(time.perf_counter() - began)
    writer.close()


def _length(head: bytes) -> int:
    at = head.lower().index(b"content-length: ") + 16
    return int(head[at : head.index(b"\r", at)])


def _bare(redis_url: str) -> AsgiApp:
    redis = Redis.from_url(redis_url, max_connections=CONNECTIONS + 10)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await redis.xadd("bare", {"d": body})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    return app


async def _leadwire(redis_url: str) -> AsgiApp:
    bus = Bus(redis_url)
    await bus.start()
    host = Host(cursors=None)  # type: ignore[arg-type]  # a form keeps no place
    name = ChannelName("site")
    form = FormChannel(name, FormSettings(per_minute=0, min_seconds=0), host)
    door = Door(bus, Folder(Path(tempfile.gettempdir())), 2**20)
    return application({name: form}, door.accept, Server())


async def _serve(which: str, port: int, redis_url: str) -> None:
    app = _bare(redis_url) if which == "bare" else await _leadwire(redis_url)
    await WebServer(app, Server(port=port)).serve()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
