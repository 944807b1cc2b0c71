"""The web role over real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2
import pytest

from app.http import WebServer, application
from app.settings import Server
from channels.registry import KINDS
from domain.messages import ChannelName, Inbound, Report
from domain.ports import AsgiApp, Channel, Cursors, Host
from tests.contract.cases import CASES
from tests.counterparts.counterparts import free_ports, listening, until

HOST = Host(cursors=cast("Cursors", None), public_url="http://leads.example.com")


class Hook:
    """A webhook that answers with what it was asked."""

    def __init__(self, name: str) -> None:
        self.name = ChannelName(name)

    async def ping(self) -> None: ...
    async def aclose(self) -> None: ...

    def app(self, accept: object) -> AsgiApp:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            said = f"{self.name} {scope['root_path']} {scope['path'].removeprefix(scope['root_path'])}".encode()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": said})

        return answer


async def nowhere(event: Inbound | Report) -> None:
    raise AssertionError("nothing is accepted here")


def client(*channels: Channel) -> httpx2.AsyncClient:
    app: Any = application({channel.name: channel for channel in channels}, nowhere, Server())
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://leads.example.com")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/in/bot", 200, "bot /in/bot "),
        ("/in/bot/", 200, "bot /in/bot /"),
        ("/in/bot/status?x=1", 200, "bot /in/bot /status"),
        ("/in/bot2/a/b", 200, "bot2 /in/bot2 /a/b"),
        ("/in/bo", 404, None),
        ("/in/bot3", 404, None),
        ("/in/", 404, None),
        ("/in", 404, None),
        ("/health", 200, '{"status":"ok"}'),
        ("/health/more", 404, None),
        ("/f/nobody", 404, None),
        ("/nowhere", 404, None),
    ],
)
async def test_who_answers(path: str, status: int, said: str | None) -> None:
    async with client(Hook("bot"), Hook("bot2")) as http:
        answer = await http.post(path) if path.startswith("/in") else await http.get(path)
    assert answer.status_code == status
    assert said is None or answer.text == said


async def test_a_form_has_its_hook_and_its_page() -> None:
    kind = KINDS["form"]
    form = kind.build(ChannelName("site"), kind.settings().model_validate(CASES["form"].sound), HOST)
    async with client(form) as http:
        page = await http.get("/f/site")
        wrong = await http.post("/in/site", json={})
    assert (page.status_code, wrong.status_code) == (200, 422)
    assert "frame-ancestors" in page.headers["content-security-policy"]


async def test_what_only_listens_has_no_hook() -> None:
    kind = KINDS["telegram"]
    table = CASES["telegram"].sound | {"updates": "polling"}
    bot = kind.build(ChannelName("bot"), kind.settings().model_validate(table), HOST)
    async with client(bot) as http:
        assert (await http.post("/in/bot")).status_code == 404


@asynccontextmanager
async def served(app: AsgiApp, port: int, **more: Any) -> AsyncIterator[asyncio.Task[None]]:
    """The web server, running."""
    task = asyncio.create_task(WebServer(app, Server(port=port, **more)).serve())
    try:
        await until(lambda: listening(port) or task.done(), "the server to listen")
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_serves_and_stops_and_can_start_again() -> None:
    [port] = free_ports(1)
    for _ in range(2):
        async with served(application({}, nowhere, Server()), port), httpx2.AsyncClient() as http:
            answer = await http.get(f"http://127.0.0.1:{port}/health")
            assert answer.json() == {"status": "ok"}
            assert "server" not in answer.headers
        assert not listening(port)


async def test_a_taken_port_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1:{port}: .*is another leadwire running"):
            await WebServer(application({}, nowhere, Server()), Server(port=port)).serve()


async def test_what_is_being_answered_is_finished_first() -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        asked.set()
        await may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})

    [port] = free_ports(1)
    async with served(slow, port) as server, httpx2.AsyncClient(timeout=10) as http:
        asking = asyncio.create_task(http.post(f"http://127.0.0.1:{port}/in/site"))
        await asked.wait()
        server.cancel()
        await until(lambda: not listening(port), "the door to close")
        assert not asking.done()
        may_answer.set()
        assert (await asking).text == "done"


@pytest.mark.parametrize(("proxies", "client_seen"), [(("127.0.0.1",), "203.0.113.7"), ((), "127.0.0.1")])
async def test_who_called_is_what_a_known_proxy_says(proxies: tuple[str, ...], client_seen: str) -> None:
    async def who(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["client"][0].encode()})

    [port] = free_ports(1)
    async with served(who, port, proxies=proxies), httpx2.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{port}/", headers={"X-Forwarded-For": "203.0.113.7"})
    assert answer.text == client_seen
