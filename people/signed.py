"""Links that prove by themselves what they are for: no login, no state, nothing to guess. Pure.

A token is base64url (RFC 4648, section 5, without padding) of: a byte of version and kind, what it names, and the
first 16 bytes of HMAC-SHA-256 (RFC 2104) over both. It names a delivery, or a request of consent, by id; a click also
the number of its link; a picture, by the digest of its content, which is the same for all who see it. It holds no
address and no name: URLs end up in logs.

    key = await store.secrets.key(connection, store.secrets.LINKS)      # once a process
    unsubscribe_url("https://leads.example.com", key, delivery_id)      # .../u/TOKEN, for List-Unsubscribe, too
    preferences_url(base, key, delivery_id)                             # .../p/TOKEN
    click_url(base, key, delivery_id, n)                                # .../c/TOKEN
    open_url(base, key, delivery_id)                                    # .../o/TOKEN
    picture_url(base, picture_token(key, sha256))                       # .../i/TOKEN
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

VERSION = 1
MOST_LINKS = 2**16
PICTURE_PATTERN = r"[A-Za-z0-9_-]{66}"
"""How a picture's token is written, as a regular expression."""
_MAC = 16
_SAFE = bytes.maketrans(b"+/", b"-_")
_ID = 17
"""Bytes before a click's number: version and kind, the id."""


class Kind(IntEnum):
    """What a link is for."""

    UNSUBSCRIBE = 1
    PREFERENCES = 2
    CLICK = 3
    OPEN = 4
    CONFIRM = 5
    PICTURE = 6


_HEADS = {kind: bytes((VERSION << 4 | kind,)) for kind in Kind}
_PATHS = {
    Kind.UNSUBSCRIBE: "u",
    Kind.PREFERENCES: "p",
    Kind.CLICK: "c",
    Kind.OPEN: "o",
    Kind.CONFIRM: "d",
    Kind.PICTURE: "i",
}


class Link(NamedTuple):
    """What a token says."""

    kind: Kind
    id: UUID
    """Of the delivery; of CONFIRM, of the request."""
    number: int = 0
    """Of a CLICK: which link."""


def token(key: bytes, kind: Kind, id_: UUID, number: int = 0) -> str:
    """The text of a link: 44 signs, a click's 47."""
    body = _HEADS[kind] + id_.bytes
    if kind is Kind.CLICK:
        body += number.to_bytes(2, "big")
    return _signed(key, body)


def _signed(key: bytes, body: bytes) -> str:
    return b2a_base64(body + hmac.digest(key, body, "sha256")[:_MAC], newline=False).translate(_SAFE, b"=").decode()


def read(key: bytes, text: str, *kinds: Kind) -> Link | None:
    """What the token says, or None when it is none of ours, or of another kind."""
    if not 40 <= len(text) <= 50 or not text.isascii():
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    body, mac = raw[:-_MAC], raw[-_MAC:]
    if not hmac.compare_digest(mac, hmac.digest(key, body, "sha256")[:_MAC]) or body[0] >> 4 != VERSION:
        return None
    kind = Kind(body[0] & 0x0F)
    found = Link(kind, UUID(bytes=body[1:_ID]), int.from_bytes(body[_ID:], "big"))
    # base64 has several spellings of one value: only ours is taken, so that one link is one address
    return found if kind in kinds and hmac.compare_digest(token(key, *found), text) else None


def _url(base: str, key: bytes, kind: Kind, id_: UUID, number: int = 0) -> str:
    return f"{base}/{_PATHS[kind]}/{token(key, kind, id_, number)}"


def unsubscribe_url(base: str, key: bytes, delivery: UUID) -> str:
    """Where this delivery's person leaves; also of the header List-Unsubscribe (RFC 8058). `base`: no slash behind."""
    return _url(base, key, Kind.UNSUBSCRIBE, delivery)


def preferences_url(base: str, key: bytes, delivery: UUID) -> str:
    """Where this delivery's person says what he wants."""
    return _url(base, key, Kind.PREFERENCES, delivery)


def click_url(base: str, key: bytes, delivery: UUID, number: int) -> str:
    """The counted link `number` (0 to MOST_LINKS - 1) of this delivery."""
    return _url(base, key, Kind.CLICK, delivery, number)


def open_url(base: str, key: bytes, delivery: UUID) -> str:
    """The picture by which it is seen that this delivery was opened."""
    return _url(base, key, Kind.OPEN, delivery)


def confirm_url(base: str, key: bytes, request: UUID) -> str:
    """Where somebody who was asked for consent gives it (`people.consent.ask`)."""
    return _url(base, key, Kind.CONFIRM, request)


def picture_token(key: bytes, digest: str) -> str:
    """What the address of a picture ends in, 66 signs. `digest`: SHA-256 of its content, in hexadecimal digits."""
    return _signed(key, _HEADS[Kind.PICTURE] + bytes.fromhex(digest))


def picture(key: bytes, text: str) -> str | None:
    """The digest of the picture whose token this is, or None when it is none of ours."""
    if re.fullmatch(PICTURE_PATTERN, text) is None:
        return None
    digest = urlsafe_b64decode(text + "==")[1:-_MAC].hex()
    return digest if hmac.compare_digest(picture_token(key, digest), text) else None


def picture_url(base: str, token: str) -> str:
    """Where everybody sees the picture with this token; it has no end."""
    return f"{base}/{_PATHS[Kind.PICTURE]}/{token}"


def unsubscribe_mail(address: str, key: bytes, delivery: UUID) -> str:
    """`Outbound.unsubscribe_mail` (RFC 2369, section 3.2): a mail to us whose subject says it all."""
    return f"{address}?subject=unsubscribe%20{token(key, Kind.UNSUBSCRIBE, delivery)}"
