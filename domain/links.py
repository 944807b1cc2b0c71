"""Links that we give to customers: the token in one, and the digest by which alone we know it. Pure.

A token is a letter and 192 random bits, of the characters that a deep link of Telegram takes
(https://core.telegram.org/bots/features#deep-linking: A-Z, a-z, 0-9, _ and -, at most 64). Only the digest travels on
the bus and is kept, so whoever reads the database has no link.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256

_TOKEN = re.compile(r"t[A-Za-z0-9_-]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def new_token() -> str:
    """A fresh one. It cannot be taken for a staff link, whose payload begins otherwise."""
    return "t" + secrets.token_urlsafe(24)


def is_token(text: str) -> bool:
    """Whether this looks like one. Most payloads of deep links are campaigns, and need not be looked up."""
    return bool(_TOKEN.fullmatch(text))


def bare(text: str) -> str:
    """A token without the signs of a sentence that a mail program took for the end of its address.

    "Read on: https://leads.example.com/c/TOKEN." is followed with the full stop by some; no token of ours has one.
    """
    return text.rstrip(_BEHIND)


_BEHIND = ".,;:!?)]}>*'\"’”»…"


def digest(token: str) -> str:
    """SHA-256 in hex. A slow hash would add nothing: 192 random bits cannot be tried out."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def is_digest(text: str) -> bool:
    """Whether this is what `digest` gives."""
    return bool(_DIGEST.fullmatch(text))


def tracking(public_url: str, token: str) -> str:
    """The page that says how the request stands; without `public_url` the path on the same host."""
    return f"{public_url}/t/{token}"


def deep_link(bot: str, token: str) -> str:
    """What opens the bot with this token; empty without a bot. `bot`: its name, without "@"."""
    return f"https://t.me/{bot}?start={token}" if bot else ""
