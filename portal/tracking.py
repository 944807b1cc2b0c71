"""The page of one request at /t/{token}, for whoever was given its link: how it stands, and nothing of the person."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from channels.form.limits import MinuteLimit
from channels.form.parse import language_of
from channels.form.settings import LANGUAGE, Language
from domain.links import bare, deep_link, digest
from domain.messages import ChannelName, utcnow
from portal import pages
from portal.texts import TEXTS
from router.confirm import confirm
from store import links
from store.engine import Away, Database
from store.links import Kind, State, Tracked

STATIC = "/f/-"
"""Where the style sheet, the scripts and the fonts are; no form can be called "-"."""
PER_MINUTE = 60
"""Pages a minute for one network."""
_LONGEST_TOKEN = 200
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # the address of the page is the key to it
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What the page must know of the installation."""

    database: Database
    kinds: Mapping[ChannelName, str]
    """Channel -> its kind."""
    zone: ZoneInfo
    """In which the time is shown."""
    language: Language = "en"
    bot: Callable[[], str] = str


class Tracking:
    """GET and HEAD show and change nothing, since scanners follow links; POST confirms an address."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._limit = MinuteLimit(PER_MINUTE)

    async def answer(self, request: Request) -> Response:
        """The answer to one request. Wrong tokens of all kinds have one answer, after the same look-up."""
        language = self._language(request)
        texts = TEXTS[language]
        if request.client and not self._limit.take(request.client.host, time.monotonic()):
            return _notice(language, 429, texts.too_often, texts.too_often_hint)
        token = bare(str(request.path_params["token"])[:_LONGEST_TOKEN])
        try:
            tracked = await self._tracked(token)
            if tracked and request.method == "POST":
                return await self._confirm(request, token, tracked)
        except Away:
            return _notice(language, 503, texts.away, texts.away_hint)
        if tracked is None:
            return _notice(language, 404, texts.untracked, texts.untracked_hint)
        facts = self._facts(tracked, token, language) | {"action": _own(request)}
        return _page("track.html", language, 200, languages=_languages(request), **facts)

    def _language(self, request: Request) -> Language:
        wanted, accepted = request.query_params.get(LANGUAGE, ""), request.headers.get("accept-language", "")
        return language_of(wanted, accepted, self._place.language)

    async def _tracked(self, token: str) -> Tracked | None:
        async with self._place.database.connect() as connection:
            return await links.tracked(connection, digest(token), utcnow())

    async def _confirm(self, request: Request, token: str, tracked: Tracked) -> Response:
        if tracked.kind is Kind.ADDRESS:
            await confirm(self._place.database, digest(token), utcnow())
        return RedirectResponse(_own(request), 303, _HEADERS)

    def _facts(self, tracked: Tracked, token: str, language: Language) -> dict[str, Any]:
        texts, is_open = TEXTS[language], tracked.kind is Kind.FORM or not tracked.used
        states: Mapping[State, str] = {
            State.RECEIVED: texts.state_received,
            State.TAKEN: texts.state_taken,
            State.ANSWERED: texts.state_answered,
            State.CLOSED: texts.state_closed,
        }
        return {
            "state": states[tracked.state],
            "way": texts.ways.get(self._place.kinds.get(ChannelName(tracked.channel), ""), ""),
            "at": tracked.received_at.isoformat(timespec="seconds"),
            "shown_at": _shown(tracked.received_at, self._place.zone, language),
            "confirmable": tracked.kind is Kind.ADDRESS and not tracked.confirmed,
            "confirmed": tracked.confirmed,
            "telegram": deep_link(self._place.bot(), token) if is_open else "",
        }


def _shown(at: datetime, zone: ZoneInfo, language: Language) -> str:
    return format_datetime(at, "d MMMM y, HH:mm O", tzinfo=zone, locale=language)


def _own(request: Request) -> str:
    """The page's own address, in the language that was chosen."""
    wanted = request.query_params.get(LANGUAGE)
    return request.url.path + (f"?{urlencode({LANGUAGE: wanted})}" if wanted else "")


def _languages(request: Request) -> list[tuple[Language, str, str]]:
    return pages.language_links({LANGUAGE: request.query_params.get(LANGUAGE, "")})


def _notice(language: Language, status: int, title: str, hint: str) -> Response:
    return _page("notice.html", language, status, title=title, hint=hint)


def _page(template: str, language: Language, status: int, **facts: Any) -> HTMLResponse:
    return HTMLResponse(pages.render(template, language, static=STATIC, **facts), status, _HEADERS)
