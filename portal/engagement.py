"""The counted links (/c) and the picture (/o) of mailings. Whatever goes wrong, a reader comes to the page he wanted.

Who follows a link is a person or a machine: scanners of mail filters open every link within moments, proxies fetch the
pictures, previews ask for a card. They are counted apart (Apple's and Google's proxies fetch pictures for people who
may never look: an open by them says little, and is a machine's).
"""

from __future__ import annotations

import logging
import re
from base64 import b64decode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from broadcasts.plan import read
from domain.links import bare
from domain.messages import utcnow
from people import signed
from people.signed import Kind, Link
from store import engagements, secrets
from store.engagements import Mailed
from store.engine import Away, Database

log = logging.getLogger(__name__)

Links = Callable[[Mailed], Sequence[str]]
"""The links of a mailing's broadcast on its channel, in their order."""

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
MOST_KNOWN = 1000
"""Broadcasts whose links are kept in memory."""
TOO_SOON = timedelta(seconds=3)
"""Nobody reads a letter and follows its link so soon after it left us."""
_MACHINE = re.compile(
    r"bot\b|crawl|spider|preview|scan|fetch|proxy|monitor|headless|curl|wget|python|java/|go-http|libwww|okhttp|"
    r"barracuda|proofpoint|mimecast|safelinks|urldefense|symantec|trendmicro|forcepoint|kaspersky|drweb|virus|"
    r"facebookexternalhit|whatsapp|telegrambot|slackbot|skypeuripreview|yandexbot|mail\.ru_bot|ggpht|googleimageproxy|"
    r"yahoomailproxy|bingpreview",
    re.IGNORECASE,
)
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


class Engagement:
    """The endpoints of one installation."""

    def __init__(self, database: Database, links: Links) -> None:
        self._database = database
        self._links = links
        self._key = b""
        self._known: dict[tuple[UUID, str], Sequence[str]] = {}

    def routes(self) -> list[Route]:
        """/c and /o; each answers GET and HEAD."""
        return [
            Route("/c/{token}", self._click, methods=["GET"]),
            Route("/o/{token}", self._open, methods=["GET"]),
        ]

    async def _click(self, request: Request) -> Response:
        try:
            link, mailed = await self._read(request, Kind.CLICK)
        except Away:
            return Response("Please try again in a minute.", 503, {**_HEADERS, "Retry-After": "30"})
        url = self._to(mailed, link.number) if link and mailed else None
        if link is None or mailed is None or url is None:
            return Response("This link leads nowhere.", 404, _HEADERS)
        task = self._task(request, mailed, "click", link.number)
        return RedirectResponse(url, 302, _HEADERS, task)

    async def _open(self, request: Request) -> Response:
        task = None
        try:
            _, mailed = await self._read(request, Kind.OPEN)
            task = self._task(request, mailed, "open", None) if mailed else None
        except Away:
            log.info("an opened letter could not be counted: PostgreSQL is away")
        return Response(PIXEL, 200, _HEADERS, "image/gif", task)

    async def _read(self, request: Request, kind: Kind) -> tuple[Link | None, Mailed | None]:
        async with self._database.begin() as connection:
            if not self._key:
                self._key = await secrets.key(connection, secrets.LINKS)
            link = signed.read(self._key, bare(str(request.path_params["token"])), kind)
            return link, await engagements.mailed(connection, link.id) if link else None

    def _to(self, mailed: Mailed, number: int) -> str | None:
        place = mailed.broadcast, mailed.channel
        if place not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[place] = tuple(self._links(mailed))
        found = self._known[place]
        return found[number] if number < len(found) else None

    def _task(self, request: Request, mailed: Mailed, kind: str, number: int | None) -> BackgroundTask | None:
        """To be written down once the reader has his answer."""
        the = read(mailed.plan)
        if not (the.track_opens if kind == "open" else the.track_clicks):
            return None
        now = utcnow()
        machine = is_machine(request.method, dict(request.headers), mailed.sent_at, now)
        return BackgroundTask(self._count, mailed.id, kind, now, machine, number)

    async def _count(self, delivery: UUID, kind: str, at: datetime, machine: bool, number: int | None) -> None:
        try:
            async with self._database.begin() as connection:
                await engagements.seen(connection, delivery, kind, at=at, machine=machine, link=number)
        except Away:
            log.info("an opened letter could not be counted: PostgreSQL is away")


def is_machine(method: str, headers: dict[str, str], sent_at: datetime | None, now: datetime) -> bool:
    """Whether this request comes from a scanner, a proxy or a preview and not from a reader. Pure."""
    agent = headers.get("user-agent", "")
    if method != "GET" or not agent or _MACHINE.search(agent):
        return True
    purpose = headers.get("sec-purpose", "") + headers.get("purpose", "") + headers.get("x-moz", "")
    if "prefetch" in purpose.lower() or "preview" in purpose.lower():
        return True
    return sent_at is None or now - sent_at < TOO_SOON
