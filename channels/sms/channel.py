"""The SMS channel: Twilio's signed webhooks in, its REST API out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiohttp import encode_basic_auth
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from twilio.request_validator import RequestValidator

from channels.sms import parse
from channels.sms.gateway import Gateway
from channels.sms.media import MediaFetcher
from channels.sms.settings import SmsSettings
from channels.sms.signature import Forged, TooLarge, TooSlow, signed_form
from domain.errors import Refused, Unpublished
from domain.messages import ChannelName, Inbound, Outbound, Sent, utcnow
from domain.ports import Accept, AsgiApp, Host

logger = logging.getLogger(__name__)

FILE_ERROR = "file_error"
"""The field that says which files of an MMS could not be fetched, and why."""
_NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""TwiML: send nothing back."""


class SmsChannel:
    """One number or messaging service. A `Webhook` and a `Sender`."""

    def __init__(self, name: ChannelName, settings: SmsSettings, host: Host) -> None:
        token = settings.auth_token.get_secret_value()
        authorization = encode_basic_auth(settings.account_sid, token)
        self._name = name
        self._host = host
        self._validator = RequestValidator(token)
        self._media = MediaFetcher(api_url=settings.api_url, authorization=authorization, max_file=host.max_file)
        callback = self._public("status") if host.public_url else ""
        self._gateway = Gateway(settings, authorization=authorization, callback=callback)

    @property
    def name(self) -> ChannelName:
        """The name under which it is mounted."""
        return self._name

    async def ping(self) -> None:
        """Ask Twilio for the account. Raises SendError."""
        await self._gateway.ping()

    async def aclose(self) -> None:
        """Close the connections to Twilio. Twice is fine."""
        await self._gateway.aclose()

    async def send(self, message: Outbound) -> Sent:
        """Send the text; markup is left out. Raises SendError only."""
        return await self._gateway.send(message)

    def app(self, accept: Accept) -> AsgiApp:
        """POST /message takes what customers write, POST /status what became of what we sent.

        403 for a wrong signature, 408 and 413 for a body that is too slow or too large, 503 when nothing could be kept.
        """

        async def message(form: parse.Form) -> Response:
            await self._take(form, accept)
            return Response(_NO_ANSWER, media_type="text/xml")

        async def status(form: parse.Form) -> Response:
            for report in parse.status(form, self._name, self._host.country, utcnow()):
                await accept(report)
            return Response(status_code=204)

        return Router(
            [
                Route("/message", self._guarded("message", message), methods=["POST"]),
                Route("/status", self._guarded("status", status), methods=["POST"]),
            ]
        )

    async def _take(self, form: parse.Form, accept: Accept) -> None:
        inbound = parse.message(form, self._name, self._host.country, utcnow())
        report = parse.opt_out(form, self._name, self._host.country, inbound.received_at)
        if report:
            await accept(report)
        complete = await self._with_files(inbound, parse.media(form))
        try:
            await accept(complete)
        except Refused as refused:
            if not complete.files:
                raise
            await accept(replace(inbound, fields={FILE_ERROR: refused.reason}))  # the words are worth more than nothing

    async def _with_files(self, inbound: Inbound, media: list[parse.Media]) -> Inbound:
        if not media:
            return inbound
        files, errors = await self._media.fetch(media)
        return replace(inbound, files=files, fields={FILE_ERROR: errors} if errors else {})

    def _guarded(
        self, path: str, handler: Callable[[parse.Form], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Signature first; then the handler; 2xx only when it has returned."""

        async def guarded(request: Request) -> Response:
            try:
                return await handler(await signed_form(request, self._public(path), self._validator))
            except Forged:
                logger.warning("%s: refused a call to /%s that Twilio has not signed", self._name, path)
                return Response(status_code=403)
            except TooLarge:
                return Response(status_code=413)
            except TooSlow:
                return Response(status_code=408, headers={"Connection": "close"})  # RFC 9110, section 15.5.9
            except (ClientDisconnect, parse.Malformed):
                return Response(status_code=400)
            except Unpublished:
                return Response(status_code=503, headers={"Retry-After": "5"})
            except Refused as refused:
                return Response(refused.reason, 422, media_type="text/plain")

        return guarded

    def _public(self, path: str) -> str:
        return f"{self._host.public_url}/in/{self._name}/{path}"
