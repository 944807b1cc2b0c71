"""Links, asked of a real server on loopback, which the guard lets through for these tests alone."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from broadcasts.checks.guard import Guard
from broadcasts.checks.links import MOST, Links, State

HERE = "127.0.0.1"


class Names(Guard):
    """A guard that knows the names of the tests."""

    def __init__(self, *, allowed: tuple[str, ...], ports: tuple[int, ...]) -> None:
        super().__init__(allowed=allowed, ports=ports)
        self.error: OSError | None = None
        self.is_offline = False
        """No name at all is known."""
        self.then: list[str] = []
        """What the name means the next time; the last one stays."""

    async def look_up(self, host: str, port: int) -> list[tuple[int, str]]:
        if self.error and (self.is_offline or host == "site.example"):
            raise self.error
        address = self.then.pop(0) if len(self.then) > 1 else (self.then or [HERE])[0]
        return [(socket.AF_INET, address)]


@dataclass
class Site:
    """A site that answers a path by the status in it, and keeps what it was asked."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    sent: int = 0

    @property
    def base(self) -> str:
        return f"http://site.example:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        match request.path.strip("/").split("/", 1):
            case ["to", target]:
                return web.Response(status=302, headers={"Location": request.query.get("u", f"/{target}")})
            case ["hop", count]:
                left = int(count)
                return web.Response(status=301, headers={"Location": f"/hop/{left - 1}" if left else "/200"})
            case ["get", _]:
                return web.Response(status=405 if request.method == "HEAD" else 200)
            case ["endless"]:
                return await self._endless(request)
            case [status, *_]:
                return web.Response(status=int(status))
        raise web.HTTPBadRequest

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(status=405)
        response = web.StreamResponse()
        await response.prepare(request)
        while self.sent < 500_000_000:
            await response.write(b"x" * 65536)
            self.sent += 65536
        return response


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    server = web.TCPSite(runner, HERE, 0)
    await server.start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


def guard(site: Site) -> Names:
    return Names(allowed=(HERE,), ports=(site.port,))


@pytest.mark.parametrize(
    ("path", "state", "status"),
    [
        ("/200", State.OK, 200),
        ("/204", State.OK, 204),
        ("/403", State.OK, 403),  # closed to machines, not to people
        ("/429", State.OK, 429),
        ("/404", State.DEAD, 404),
        ("/410", State.DEAD, 410),
        ("/500", State.DEAD, 500),
        ("/503", State.DEAD, 503),
        ("/get/1", State.OK, 200),
        ("/to/200", State.OK, 200),
        ("/to/404", State.DEAD, 404),
        ("/hop/4", State.OK, 200),
        ("/hop/5", State.REFUSED, 0),
        ("/to/x?u=http://10.0.0.1/", State.REFUSED, 0),
        ("/to/x?u=http://127.0.0.2/", State.REFUSED, 0),
        ("/to/x?u=file:///etc/passwd", State.REFUSED, 0),
        ("/to/x?u=http://site.example:22/", State.REFUSED, 0),
        ("/to/x?u=//[::1]/", State.REFUSED, 0),
    ],
)
async def test_a_link(site: Site, path: str, state: State, status: int) -> None:
    [found] = await Links(guard(site)).look([site.base + path])
    assert (found.state, found.status) == (state, status)


async def test_the_body_is_not_read(site: Site) -> None:
    [found] = await Links(guard(site)).look([f"{site.base}/endless"])
    assert found.state is State.OK
    assert site.sent < 100_000_000


async def test_head_is_enough_and_each_link_is_asked_once(site: Site) -> None:
    found = await Links(guard(site)).look([f"{site.base}/200"] * 3)
    assert len(found) == 1
    assert site.asked == ["HEAD /200"]


async def test_not_more_than_so_many(site: Site) -> None:
    urls = [f"{site.base}/200/{n}" for n in range(MOST + 7)]
    assert len(await Links(guard(site)).look(urls)) == MOST == len(site.asked)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no such name"), State.UNREACHABLE),
        (socket.gaierror(socket.EAI_AGAIN, "no name server"), State.UNCHECKED),
        (OSError(errno.ENETUNREACH, "no way"), State.UNCHECKED),
        (OSError(errno.EHOSTUNREACH, "no way to that host"), State.UNREACHABLE),
    ],
    ids=str,
)
async def test_no_name_is_told_from_no_network(site: Site, error: OSError, state: State) -> None:
    own = guard(site)
    own.error = error
    [found] = await Links(own).look([site.base])
    assert found.state is state


async def test_a_resolver_that_knows_no_name_at_all_says_nothing_of_the_link(site: Site) -> None:
    own = guard(site)
    own.error, own.is_offline = socket.gaierror(socket.EAI_NONAME, "no such name"), True
    [found, inner] = await Links(own).look([site.base, "http://10.0.0.1/"])
    assert (found.state, inner.state) == (State.UNCHECKED, State.REFUSED)


async def test_nobody_at_the_port_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind((HERE, 0))
        port = free.getsockname()[1]
        [found] = await Links(Names(allowed=(HERE,), ports=(port,))).look([f"http://site.example:{port}/"])
    assert found.state is State.UNREACHABLE


async def test_a_name_that_leads_inside_is_refused_before_anything_is_asked(site: Site) -> None:
    """Loopback is not allowed here, as in the house."""
    own = Names(allowed=(), ports=(site.port,))
    [found] = await Links(own).look([f"{site.base}/200"])
    assert (found.state, site.asked) == (State.REFUSED, [])


async def test_a_name_that_changes_between_two_looks_leads_nowhere(site: Site) -> None:
    """DNS rebinding: the redirect's second look-up of the same name gives an inner address."""
    own = guard(site)
    own.then = [HERE, "127.0.0.2"]
    [found] = await Links(own).look([f"{site.base}/to/200"])
    assert found.state is State.REFUSED
    assert site.asked == ["HEAD /to/200"]


async def test_what_was_checked_is_what_is_connected_to(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a resolver that is fooled reaches nothing: the socket itself is refused."""
    own = Names(allowed=(), ports=(site.port,))
    monkeypatch.setattr(own, "resolve", guard(site).resolve)
    [found] = await Links(own).look([f"{site.base}/200"])
    assert (found.state, site.asked) == (State.REFUSED, [])


async def test_a_server_that_says_nothing_is_unreachable() -> None:
    with socket.socket() as silent:
        silent.bind((HERE, 0))
        silent.listen()
        port = silent.getsockname()[1]
        links = Links(Names(allowed=(HERE,), ports=(port,)), seconds=0.1)
        [found] = await links.look([f"http://site.example:{port}/"])
    assert found.state is State.UNREACHABLE
