"""One opening of a signed link, and the pages that answer it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse

from channels.form.parse import language_of
from channels.form.settings import LANGUAGE, Language
from domain.messages import ChannelName
from people.opting import Subject
from people.signed import Link
from people.wishes import House
from portal import pages
from portal.tracking import STATIC
from portal.wish_texts import WISH_TEXTS, WishTexts
from store.addressees import Addressee
from store.engine import Connection, Database
from store.permission import address_kind

LONGEST_BODY = 65_536
ONE_CLICK = "List-Unsubscribe"
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
_CLICKED = re.compile(rb'name="?List-Unsubscribe"?[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\nOne-Click\b', re.IGNORECASE)
Fields = Mapping[str, list[str]]
Forget = Callable[[tuple[str, ...]], Awaitable[None]]


async def _keep(keys: tuple[str, ...]) -> None:
    """Nobody removes files here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """What the pages must know of it."""

    database: Database
    kinds: Mapping[ChannelName, str]
    """Channel -> its kind."""
    house: House
    company: str = ""
    language: Language = "en"
    zone: tzinfo = UTC
    forget_files: Forget = _keep
    """Removes the files with these keys, once their person is erased."""

    def topic(self, purpose: str, language: Language) -> str:
        """What people call it."""
        named = self.house.topics.get(purpose, {})
        return named.get(language) or next(iter(named.values()), "") or WISH_TEXTS[language].mailings

    def subject(self, found: Addressee) -> Subject:
        """Whom a delivery's link is about."""
        kind = address_kind(self.kinds.get(ChannelName(found.channel), "email"))
        return Subject(kind=kind, value=found.address, card=found.card, delivery=found.delivery)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """In which language, and at which address, a request wants its page."""

    request: Request
    place: Installation

    @property
    def language(self) -> Language:
        """The one that was chosen, else the browser's, else the company's."""
        wanted, accepted = self.request.query_params.get(LANGUAGE, ""), self.request.headers.get("accept-language", "")
        return language_of(wanted, accepted, self.place.language)

    @property
    def t(self) -> WishTexts:
        """The sentences."""
        return WISH_TEXTS[self.language]

    @property
    def query(self) -> str:
        """What keeps a chosen language chosen on the next page."""
        wanted = self.request.query_params.get(LANGUAGE)
        return f"?{urlencode({LANGUAGE: wanted})}" if wanted else ""

    def page(self, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """One page. `facts`: what its template shows."""
        text = pages.render(
            template,
            self.language,
            static=STATIC,
            t=self.t,
            company=self.place.company,
            action=self.request.url.path + self.query,
            languages=pages.language_links({LANGUAGE: self.request.query_params.get(LANGUAGE, "")}),
            **facts,
        )
        return HTMLResponse(text, status, _HEADERS)

    def done(
        self,
        status: int,
        title: str,
        *lines: str,
        good: bool = False,
        quote: str = "",
        preferences: str = "",
        undo: bool = False,
    ) -> HTMLResponse:
        """The last page of a way. `quote`: the words that it is about; `preferences`: where one may choose instead;
        `undo`: there is a way back.
        """
        facts = {"title": title, "lines": lines, "good": good, "quote": quote, "preferences": preferences}
        return self.page("wish_done.html", status, undo=undo, **facts)

    def missing(self) -> HTMLResponse:
        """For every link that is not ours, or names nothing any more."""
        return self.done(404, self.t.missing, self.t.missing_hint)


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """A request whose link is ours, in one transaction."""

    look: Look
    connection: Connection
    key: bytes
    link: Link

    @property
    def is_post(self) -> bool:
        """Whether something is to be done."""
        return self.look.request.method == "POST"

    async def fields(self) -> Fields:
        """What was posted: a form, or a mail program's body, in either of its two types (RFC 8058, section 3.2)."""
        body = bytearray()
        async for piece in self.look.request.stream():
            body += piece[: LONGEST_BODY - len(body)]
        if self.look.request.headers.get("content-type", "").startswith("multipart/"):
            return {ONE_CLICK: ["One-Click"]} if _CLICKED.search(body) else {}
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=500)


def masked(address: str) -> str:
    """An address so that its holder knows it, and whoever the link was forwarded to does not. Pure."""
    local, at, domain = address.partition("@")
    if at:
        return f"{local[:1]}***@{domain}"
    return f"***{address[-4:]}" if len(address) > 5 else "***"
