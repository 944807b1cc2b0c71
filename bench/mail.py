"""Mail out: twenty connections against Postfix's own load generator, and against the bare client library."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from statistics import median

from aiosmtplib import SMTP

from bench.report import ratio, say
from channels.email.channel import EmailChannel
from channels.email.render import render
from channels.email.settings import EmailSettings
from domain.messages import ChannelName, Outbound, utcnow
from domain.ports import Host

MAILS, CALLERS, LINES, ROUNDS = 20_000, 2_000, 20, 3
PARAGRAPH = "We are glad to tell you about new offers of this week. Мы рады рассказать о новых предложениях недели. "
TEXT = f"Hello, {{name}}!\n\n{PARAGRAPH * 7}\n\nUnsubscribe: https://shop.test/u/{{name}}\n"
HTML = (
    f"<html><body><h1>News</h1>{f'<p>{PARAGRAPH}</p>' * 5}<p>Hello, {{name}}!</p>{f'<p>{PARAGRAPH}</p>' * 6}"
    "<p><a href='https://shop.test/u/{name}'>Unsubscribe</a></p></body></html>\n"
)


async def main(mails: int = MAILS) -> None:
    """In turn, so that a machine that drifts drifts for all; every rate is the median of the rounds."""
    if not (shutil.which("smtp-sink", path=_PATH) and shutil.which("smtp-source", path=_PATH)):
        say("  left out: smtp-sink and smtp-source are not here (they come with Postfix)")
        return
    async with sink() as port:
        size = len(render(_letter(0), settings(port), now=utcnow()))
        say(f"  {mails:,} mails of {size:,} bytes, text and HTML, {LINES} connections, {CALLERS:,} callers, no ledger")
        rates: dict[str, list[float]] = {"ours": [], "source": [], "bare": []}
        for _ in range(ROUNDS):
            rates["source"].append(await rate(mails, lambda: by_smtp_source(port, mails, size)))
            rates["ours"].append(await rate(mails, lambda: by_channel(port, mails)))
            rates["bare"].append(await rate(mails, lambda: by_aiosmtplib(port, mails, constant(port))))
    ours, source, bare = (median(rates[name]) for name in ("ours", "source", "bare"))
    ratio("rendered and sent, against smtp-source -d, mails/s", ours, source, least=0.4)
    ratio("rendered and sent, against bare aiosmtplib with one constant mail, mails/s", ours, bare, least=1.0)


_PATH = os.environ.get("PATH", "") + ":/usr/sbin"


async def rate(count: int, work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return count / (time.perf_counter() - began)


def _letter(number: int) -> Outbound:
    """What a broadcast hands to the channel for one person."""
    name = f"Иван {number}"
    return Outbound(
        delivery=f"0190a5c3-0000-7000-8000-{number:012}",
        to=f"person{number}@customer.test",
        subject=f"Скидки недели, {name}",
        text=TEXT.format(name=name),
        html=HTML.format(name=name),
        automatic=True,
        unsubscribe=f"https://shop.test/u/{number}",
        list_id="news.shop.test",
    )


def settings(port: int, connections: int = LINES) -> EmailSettings:
    """The account that sends."""
    smtp = {"host": "127.0.0.1", "port": port, "security": "none", "connections": connections}
    return EmailSettings.model_validate({"kind": "email", "address": "news@shop.test", "name": "Магазин", "smtp": smtp})


class Nothing:
    async def load(self, channel: ChannelName, place: str) -> str | None:
        return None

    async def save(self, channel: ChannelName, place: str, value: str) -> None: ...


async def by_channel(port: int, mails: int) -> None:
    channel = EmailChannel(ChannelName("news"), settings(port), Host(cursors=Nothing()))

    async def caller(first: int) -> None:
        for number in range(first, mails, CALLERS):
            await channel.send(_letter(number))

    await asyncio.gather(*(caller(first) for first in range(CALLERS)))
    await channel.aclose()


def constant(port: int) -> bytes:
    """The mail that the client library sends to everybody."""
    return render(_letter(0), settings(port), now=utcnow())


async def by_aiosmtplib(port: int, mails: int, mail: bytes) -> None:
    """The same bytes to everybody, each connection one mail after the other."""

    async def line(first: int) -> None:
        async with SMTP(
            hostname="127.0.0.1", port=port, use_tls=False, start_tls=False, local_hostname="shop.test"
        ) as it:
            for number in range(first, mails, LINES):
                await it.sendmail("news@shop.test", [f"person{number}@customer.test"], mail)

    await asyncio.gather(*(line(first) for first in range(LINES)))


async def by_smtp_source(port: int, mails: int, size: int) -> None:
    options = [
        "-d",
        "-s",
        str(LINES),
        "-l",
        str(size),
        "-m",
        str(mails),
        "-f",
        "news@shop.test",
        "-t",
        "a@customer.test",
    ]
    process = await asyncio.create_subprocess_exec(_program("smtp-source"), *options, f"127.0.0.1:{port}")
    if await process.wait():
        raise RuntimeError("smtp-source failed")


@contextlib.asynccontextmanager
async def sink() -> AsyncIterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    drop = ("-u", "nobody") if os.geteuid() == 0 else ()
    process = await asyncio.create_subprocess_exec(_program("smtp-sink"), *drop, f"127.0.0.1:{port}", "1000")
    try:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.02)
        yield port
    finally:
        process.terminate()
        await process.wait()


def _program(name: str) -> str:
    found = shutil.which(name, path=_PATH)
    assert found
    return found
