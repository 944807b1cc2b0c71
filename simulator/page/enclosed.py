"""What is inside of messages: files, and a mail's HTML as a mail program shows it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote as percent

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from simulator.mail.letters import Letter
from simulator.page.scene import Scene

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "audio/ogg"})
"""What a browser may show in the page; everything else is saved."""
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
"""What a mail's HTML may do: open its links beside the page. It runs nothing, sends nothing and is of no origin."""
SHOWN = "; ".join(
    (
        "default-src 'none'",
        "img-src data:",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        f"sandbox {SANDBOX}",
    )
)
"""The policy of a mail's HTML: nothing is loaded from anywhere."""


class Enclosed:
    """The addresses of it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def routes(self) -> Sequence[BaseRoute]:
        """All of them."""
        return [
            Route("/file/{id}", self.file),
            Route("/mms/{sid}", self.mms),
            Route("/letter/{customer}/{letter}/html", self.html),
            Route("/letter/{customer}/{letter}/{index:int}", self.attachment),
        ]

    async def file(self, request: Request) -> Response:
        """A file that was sent in Telegram."""
        found = self._scene.world.files.find(request.path_params["id"])
        return _content(found.data, found.type, found.name) if found else Response(status_code=404)

    async def mms(self, request: Request) -> Response:
        """A picture that a phone sent."""
        found = self._scene.exchange.media(request.path_params["sid"])
        return _content(found.data, found.type, "mms") if found else Response(status_code=404)

    async def attachment(self, request: Request) -> Response:
        """A file in a customer's mail."""
        letter = await self._letter(request)
        files = letter.attachments if letter else ()
        index = request.path_params["index"]
        if index >= len(files):
            return Response(status_code=404)
        return _content(files[index].data, files[index].type, files[index].name)

    async def html(self, request: Request) -> Response:
        """The HTML of a customer's mail, for a frame: without scripts, and without a request to anybody."""
        letter = await self._letter(request)
        if letter is None or not letter.html:
            return Response(status_code=404)
        headers = {"Content-Security-Policy": SHOWN, "Cache-Control": "no-store"}
        return HTMLResponse(f'{letter.html}<base target="_blank">', headers=headers)

    async def _letter(self, request: Request) -> Letter | None:
        customer = self._scene.customer(request.path_params["customer"], "en")
        letters = await self._scene.office.messages(customer.address)
        return next((letter for letter in letters if letter_key(letter) == request.path_params["letter"]), None)


def letter_key(letter: Letter) -> str:
    """How the page's address names a letter."""
    return f"{letter.folder}-{letter.uid}"


def _content(data: bytes, kind: str, name: str) -> Response:
    place = "inline" if kind in SHOWN_INLINE else "attachment"
    disposition = f"{place}; filename*=UTF-8''{percent(name, safe='')}"
    return Response(data, media_type=kind, headers={"Content-Disposition": disposition})
