"""A mail's HTML as a careful mail program shows it: its own pictures in it, and nothing fetched from anywhere. Pure."""

from __future__ import annotations

import base64
import re
from email.message import EmailMessage

LARGEST = 2_000_000
"""Characters of HTML that are shown."""
_TAG = re.compile(
    r"(?i)<(?:img|image|input|source|track|video|audio|embed|object|iframe|frame|link|table|td|th|tr|body)\b[^>]*>"
)
_LOADS = re.compile(r"""(?i)\s(?:src|srcset|background|poster|data|href)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""")
"""Attributes of these elements that fetch something; a link's href fetches nothing, and `a` is not among them."""
_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def html_of(message: EmailMessage) -> str:
    """The HTML part with the pictures that came along (RFC 2392); "" for a mail without one."""
    try:
        part = message.get_body(("html",))
        content = str(part.get_content()) if part is not None else ""
    except (LookupError, ValueError, AttributeError, TypeError):
        return ""
    pictures = _pictures(message) if "cid:" in content else {}
    return _TAG.sub(lambda tag: _quiet(tag[0], pictures), content[:LARGEST])


def _quiet(tag: str, pictures: dict[str, str]) -> str:
    return _LOADS.sub(lambda found: _source(found[1].strip("\"'"), pictures), tag)


def _source(url: str, pictures: dict[str, str]) -> str:
    """The attribute of a picture that came along; of any other none: whoever looks tells nobody that he does."""
    name = url[4:] if url[:4].lower() == "cid:" else ""
    if name in pictures:
        return f' src="{pictures[name]}"'
    return f' src="{url}"' if re.fullmatch(r"(?i)data:image/[a-z]+;base64,[A-Za-z0-9+/=]*", url) else ""


def _pictures(message: EmailMessage) -> dict[str, str]:
    """Content-ID -> the picture as a data: address."""
    found = {}
    for part in message.walk():
        name, kind = str(part.get("Content-ID", "")).strip(" <>"), part.get_content_type()
        data = part.get_payload(decode=True) if name and kind in _TYPES else None
        if isinstance(data, bytes):
            found[name] = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    return found
