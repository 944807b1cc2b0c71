"""The web role: hooks and forms of the channels, the hosted forms, the API, and a health check."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, Router

from app.settings import Server
from channels.form.channel import FormChannel
from domain.messages import ChannelName
from domain.ports import Accept, AsgiApp, Channel, Webhook
from portal.preferences import Preferences
from portal.routes import portal
from portal.tracking import Tracking

BACKLOG = 2048


def application(
    channels: Mapping[ChannelName, Channel],
    accept: Accept,
    server: Server,
    api: AsgiApp | None = None,
    tracking: Tracking | None = None,
    preferences: Preferences | None = None,
    links: Sequence[Route] = (),
) -> AsgiApp:
    """`/in/{channel}` for what calls us, `/api` for programs, `/health`.

    For people: `/f/{form}`, `/t/{token}` of a request, `/u`, `/p` and `/d` of a mailing, and its `links`.
    """
    hooks = {f"/in/{name}": c.app(accept) for name, c in channels.items() if isinstance(c, Webhook)}
    forms = {str(name): c for name, c in channels.items() if isinstance(c, FormChannel)}
    pages = portal(forms, accept, frame_ancestors=server.frame_ancestors, tracking=tracking, preferences=preferences)
    programs = [Mount("/api", api)] if api else []
    rest = Router([Route("/health", _health), *programs, *links, Mount("/", pages)])

    async def dispatch(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (hook := _hook(scope["path"], hooks)):
            root, app = hook
            await app({**scope, "root_path": scope.get("root_path", "") + root}, receive, send)
        else:
            await rest(scope, receive, send)

    return dispatch


def _hook(path: str, hooks: Mapping[str, AsgiApp]) -> tuple[str, AsgiApp] | None:
    """The hook of "/in/name" and of everything below it. A mount of Starlette's would redirect the bare path."""
    root = "/".join(path.split("/", 3)[:3])
    app = hooks.get(root)
    return (root, app) if app else None


async def _health(request: Request) -> Response:
    """This process answers. Whether the whole wire works is `leadwire check`."""
    return JSONResponse({"status": "ok"})


class WebServer:
    """uvicorn, without its own signal handling: the roles decide when to stop."""

    def __init__(self, app: AsgiApp, server: Server) -> None:
        self._server = server
        self._config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=list(server.proxies),
            timeout_graceful_shutdown=10,
            limit_concurrency=2000,
            lifespan="off",
            ws="none",
        )

    async def serve(self) -> None:
        """Serve until cancelled; what is being answered then is finished first. Raises OSError for a taken port."""
        listener = _listener(self._server.host, self._server.port)
        server = _Quiet(self._config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(task)
        finally:
            server.should_exit = True
            await task
            listener.close()


def _listener(host: str, port: int) -> socket.socket:
    """Name the protocol: asyncio sets TCP_NODELAY only then, and without it an answer can wait 40 ms (RFC 1122)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}; is another leadwire running?") from error
    return listener


class _Quiet(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the roles."""
        yield
