"""Is this call Twilio's? https://www.twilio.com/docs/usage/webhooks/webhooks-security"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from twilio.request_validator import RequestValidator

MOST_BYTES = 64 * 1024
"""Of a body. A message has at most 1600 characters and ten addresses of files."""
MOST_FIELDS = 300
BODY_SECONDS = 30.0
"""How long a body may take: whoever sends it drop by drop has not proved yet who he is."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Controls except tab and line feed, halves of a surrogate pair: no database holds all of them."""


class Forged(Exception):
    """Not signed by Twilio with our auth token over our public address."""


class TooLarge(Exception):
    """More than Twilio ever sends."""


class TooSlow(Exception):
    """The body did not arrive in time."""


async def signed_form(request: Request, public_url: str, validator: RequestValidator) -> dict[str, str]:
    """The call's form, once its signature is proved, without control characters. Raises Forged, TooLarge and TooSlow.

    `public_url` is the address without the query that Twilio was told: neither Host nor X-Forwarded-* is believed,
    since whoever calls us writes them.
    """
    signature = request.headers.get("x-twilio-signature", "")
    if not signature or not signature.isascii():
        raise Forged
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _bounded(request)
    except TimeoutError as error:
        raise TooSlow from error
    pairs = _pairs(body)
    query = request.scope["query_string"].decode("latin-1")
    url = f"{public_url}?{query}" if query else public_url
    if not validator.validate(url, ImmutableMultiDict(pairs), signature):
        raise Forged
    return {name: _CONTROL.sub("", text.replace("\r\n", "\n")) for name, text in pairs}


async def _bounded(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLarge
    return bytes(body)


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:  # UnicodeDecodeError is one: Twilio writes UTF-8, so this is not Twilio
        raise Forged from error
