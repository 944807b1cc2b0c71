"""Twilio's calls to us: a signed form over HTTP. https://www.twilio.com/docs/usage/webhooks/webhooks-security"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
from twilio.request_validator import RequestValidator

TIMEOUT = 15.0
"""Seconds that Twilio waits for an answer."""


class Webhooks:
    """Posts forms as Twilio does.

    The signature is over the public URL. `reach` maps the origin of a public URL ("https://leads.example.com")
    to the origin that answers for it here, as a reverse proxy does: Host and X-Forwarded-Proto keep the public name.
    """

    def __init__(self, auth_token: str, reach: Mapping[str, str] | None = None) -> None:
        self._validator = RequestValidator(auth_token)
        self._reach = dict(reach or {})
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, form: Mapping[str, str]) -> int:
        """The HTTP status that came back; 0 when nobody answered in time."""
        target, headers = self._target(url)
        headers["X-Twilio-Signature"] = str(self._validator.compute_signature(url, dict(form)))
        headers["I-Twilio-Idempotency-Token"] = secrets.token_hex(16)
        try:
            async with self._open().post(target, data=dict(form), headers=headers, allow_redirects=False) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0

    async def aclose(self) -> None:
        """Close the connections. Twice is fine."""
        session, self._session = self._session, None
        if session:
            await session.close()
            await asyncio.sleep(0)  # lets the transports finish closing

    def _target(self, url: str) -> tuple[str, dict[str, str]]:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._reach:
            return url, {}
        headers = {"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme, "X-Forwarded-Host": parts.netloc}
        return self._reach[origin] + url.removeprefix(origin), headers

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT)
            self._session = aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": "TwilioProxy/1.1"})
        return self._session
