"""The other end of Twilio's webhooks: writes down every call, as bytes on a real socket brought it."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass
class Callee:
    """What was called, in order. `status` is what it answers."""

    status: int = 204
    calls: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    """Path, form, headers."""

    def app(self) -> Starlette:
        """Takes a POST on any path."""
        return Starlette(routes=[Route("/{path:path}", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        async with request.form() as form:
            fields = {name: str(value) for name, value in form.items()}
        self.calls.append((request.url.path, fields, dict(request.headers)))
        return Response(status_code=self.status)
