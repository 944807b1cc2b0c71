"""What the page shows just now. All of it stands in the address, so links, reload and the back button work. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self
from urllib.parse import urlencode

LANGUAGES = {"en": "English", "ru": "Русский"}
CHOICES = {"app": ("telegram", "sms"), "desk": ("mail", "form"), "room": ("bot", "team"), "look": ("html", "text")}
PASSING = ("quote", "reply")
"""What holds for one request and is not carried on by links."""


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """The choices of whoever looks."""

    lang: str = "en"
    customer: str = ""
    """The key of the customer who is played."""
    app: str = "telegram"
    """What is open on the customer's phone."""
    desk: str = "mail"
    """What is open on the customer's computer."""
    mail: str = ""
    """The open letter, "INBOX-101"; "new" to write one; empty for the list alone."""
    look: str = "html"
    """How the open letter is shown."""
    seller: str = ""
    room: str = "bot"
    """Which chat is open on the seller's phone."""
    quote: int = 0
    """The message that the customer is about to answer."""
    reply: int = 0
    """The message that the seller is about to answer."""

    @classmethod
    def of(cls, query: Mapping[str, str], accept_language: str = "") -> Self:
        """Read the address; whatever makes no sense there counts as absent."""
        given: dict[str, Any] = {}
        for field in fields(cls):
            value = query.get(field.name, "")[:64]
            if field.name in PASSING:
                given[field.name] = int(value) if value.isascii() and value.isdecimal() else 0
            elif value and (field.name not in CHOICES or value in CHOICES[field.name]):
                given[field.name] = value
        if given.get("lang") not in LANGUAGES:
            given["lang"] = _preferred(accept_language)
        return cls(**given)

    def query(self, **changes: Any) -> str:
        """The address's query with some choices changed; what is as it would be anyway is left out."""
        passing = dict.fromkeys(PASSING, 0)
        wanted = asdict(replace(self, **(passing | changes)))
        plain = asdict(View())
        return urlencode({k: v for k, v in wanted.items() if v != plain[k] or k == "lang"})

    def url(self, **changes: Any) -> str:
        """The page's address with some choices changed."""
        return f"/?{self.query(**changes)}"

    def localised(self, url: str) -> str:
        """The address of another page that takes `lang`, in the language of this one; empty stays empty."""
        return f"{url}{'&' if '?' in url else '?'}lang={self.lang}" if url else ""


def _preferred(accept_language: str) -> str:
    """The first language we have, in the order in which they are named (browsers sort them)."""
    wanted = (part.strip()[:2].lower() for part in accept_language.split(","))
    return next((code for code in wanted if code in LANGUAGES), "en")
