"""Addresses that people are led to: which are safe, which look dead, and what statistics add to them. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote, unquote_plus, urlsplit

UNUSABLE = "#"
"""Stands where an address may not."""
_LONGEST = 2000
_SIGN = r"[^\s\x00-\x1f\x7f-\x9f<>\"'`\\\ud800-\udfff]"
_USABLE = re.compile(
    rf"(?:https?://(?=[^/?#@:\s])(?:(?![/?#@]){_SIGN})+(?:[/?#]{_SIGN}*)?"
    rf"|mailto:(?!//){_SIGN}+|tel:\+?[\w().;=%-]+|tg://{_SIGN}+)",
    re.IGNORECASE,
)
"""http and https with a host and without a user, mailto, tel, tg."""
_PICTURE = re.compile(r"https?://|cid:[\w.@+-]+\Z", re.IGNORECASE)
_HOSTED = re.compile(r"host:([\w.@+-]+)", re.IGNORECASE)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_FIXED = re.compile(r"https?://[^/?#@\s]+[/?#]|mailto:|tel:|tg://[^/?#\s]+[/?#]", re.IGNORECASE)
"""What must stand before a variable: a value may never choose, or lengthen, the scheme or the host."""
_PLACEHOLDERS = ("example.com", "example.org", "example.net", "yourdomain.com", "yoursite.com", "domain.com")
_PRIVATE = (".local", ".localhost", ".test", ".invalid", ".internal", ".lan")

Doubt = Literal["unparsable", "private", "placeholder"]


def usable(url: str) -> bool:
    """Whether a letter may lead there."""
    return len(url) <= _LONGEST and _USABLE.fullmatch(url) is not None


def picture(url: str) -> bool:
    """Whether a picture may come from there: the web, or a file attached to the letter."""
    return _PICTURE.match(url) is not None and (bool(attached(url)) or usable(url))


def attached(url: str) -> str:
    """The name of the picture that goes with the letter, or ""."""
    return url[4:] if url[:4].lower() == "cid:" else ""


def hosted(url: str) -> str:
    """The name of the picture that is fetched from us, or ""."""
    found = _HOSTED.fullmatch(url)
    return found[1] if found else ""


def on_web(url: str) -> bool:
    """Whether a browser opens it."""
    return _WEB.match(url) is not None


def fixed(start: str) -> bool:
    """Whether an address that begins like this leaves to what follows neither its scheme nor its host."""
    return _FIXED.match(start) is not None


def escaped(value: str, start: str) -> str:
    """A person's value within an address that begins with `start`: it stays within its part of the address."""
    return quote(value, safe="@" if start[:7].lower() == "mailto:" else "+" if start[:4].lower() == "tel:" else "")


def with_parameters(url: str, added: Sequence[tuple[str, str]]) -> str:
    """The web address with these parameters behind its own; one that it has already stays as it is.

    The rest of the address is not written anew: a site may depend on how its query is spelled.
    """
    if not added or not on_web(url):
        return url
    rest, sign, fragment = url.partition("#")
    path, _, query = rest.partition("?")
    present = {unquote_plus(part.partition("=")[0]).lower() for part in query.split("&")}
    new = [f"{name}={quote(value, safe='')}" for name, value in added if name not in present]
    queries = "&".join([*([query] if query else []), *new])
    return f"{path}?{queries}{sign}{fragment}" if queries else url


def doubt(url: str) -> Doubt | None:
    """Why this address probably leads nowhere, or None. Nothing is fetched."""
    if not on_web(url):
        return None if usable(url) else "unparsable"
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
        _ = urlsplit(url).port
    except ValueError:
        return "unparsable"
    return _doubtful(host.lower()) if usable(url) else "unparsable"


def _doubtful(host: str) -> Doubt | None:
    try:
        return None if ipaddress.ip_address(host).is_global else "private"
    except ValueError:
        pass
    if host == "localhost" or host.endswith(_PRIVATE):
        return "private"
    if any(host == name or host.endswith(f".{name}") for name in _PLACEHOLDERS):
        return "placeholder"
    labels = host.split(".")
    return None if len(labels) > 1 and all(labels) and len(host) <= 253 else "unparsable"
