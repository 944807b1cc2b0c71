"""Who may call the page: only a browser on this machine, and only the page itself may change something."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Guard:
    """ASGI middleware for everything on the port.

    The Host must be loopback's own, so that a foreign name that resolves to it (DNS rebinding) gets nothing. A
    request that a browser sends and that changes something must come from our own page (Origin, else Sec-Fetch-Site);
    `open_paths` are APIs with a password of their own, which programs call without an Origin.
    """

    def __init__(self, app: ASGIApp, *, frame: str = "", open_paths: tuple[str, ...] = ()) -> None:
        self._app, self._open = app, open_paths
        self._policy = policy(frame)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not _is_loopback(headers.get("host", "")):
            await PlainTextResponse("This address is served on loopback only.", 421)(scope, receive, send)
        elif scope["path"].startswith(self._open):
            await self._app(scope, receive, send)
        elif scope["method"] not in {"GET", "HEAD"} and not _is_own(headers):
            await PlainTextResponse("Only the page itself may do this.", 403)(scope, receive, send)
        else:
            await self._app(scope, receive, self._sealed(send))

    def _sealed(self, send: Send) -> Send:
        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", self._policy)  # a mail's HTML has a stricter one
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
            await send(message)

        return sealed


def policy(frame: str) -> str:
    """The Content-Security-Policy; `frame` is the address of the one page that may be framed."""
    parts = urlsplit(frame)
    framed = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    own = ("script-src", "style-src", "img-src", "font-src", "connect-src", "media-src", "form-action")
    rules = [f"{name} 'self'" for name in own]
    return "; ".join(
        [
            "default-src 'none'",
            *rules,
            f"frame-src 'self' {framed}".strip(),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _is_loopback(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False


def _is_own(headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return origin in {f"http://{headers.get('host', '')}", f"https://{headers.get('host', '')}"}
    return headers.get("sec-fetch-site") == "same-origin"
