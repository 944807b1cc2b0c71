"""Twilio's REST API, as far as sending and receiving SMS needs it: a Starlette application.

https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.twilio.errors import MAGIC_FROM, MAGIC_TO, UNDELIVERED, Refusal
from simulator.twilio.exchange import Exchange
from simulator.twilio.messages import API_VERSION, WHATSAPP, Media, Message, is_landline, new_sid, number, resource

LONGEST_BODY = 1600
MOST_MEDIA = 10
LONGEST_VALIDITY = 36000
"""Seconds."""


def api(exchange: Exchange) -> Starlette:
    """The application. Mount it anywhere; give `exchange.api_url` that address."""
    handlers = _Handlers(exchange)
    account = f"/{API_VERSION}/Accounts/{{account}}"
    return Starlette(
        routes=[
            Route(f"{account}.json", handlers.guarded(handlers.account)),
            Route(f"{account}/Messages.json", handlers.guarded(handlers.create), methods=["POST"]),
            Route(f"{account}/Messages/{{sid}}.json", handlers.guarded(handlers.fetch)),
            Route(f"{account}/Messages/{{message}}/Media/{{sid}}", handlers.guarded(handlers.media)),
            Route("/media/{sid}", handlers.content),
        ],
        exception_handlers={404: _not_found},
    )


Handler = Callable[[Request], Awaitable[Response]]


class _Handlers:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def guarded(self, handler: Handler) -> Handler:
        """Authentication first, then the rate, then the handler; a Refusal becomes Twilio's error body."""

        async def guarded(request: Request) -> Response:
            try:
                self._authenticate(request)
                self._exchange.admit()
                return await handler(request)
            except Refusal as refusal:
                return JSONResponse(refusal.body(), refusal.status)

        return guarded

    async def account(self, request: Request) -> Response:
        sid = self._exchange.account_sid
        uri = f"/{API_VERSION}/Accounts/{sid}"
        return JSONResponse(
            {
                "auth_token": "",
                "date_created": "Mon, 01 Jan 2024 00:00:00 +0000",
                "date_updated": "Mon, 01 Jan 2024 00:00:00 +0000",
                "friendly_name": "Simulated account",
                "owner_account_sid": sid,
                "sid": sid,
                "status": "active",
                "subresource_uris": {"messages": f"{uri}/Messages.json"},
                "type": "Full",
                "uri": f"{uri}.json",
            }
        )

    async def create(self, request: Request) -> Response:
        async with request.form(max_fields=100, max_files=0) as form:
            message = self._outgoing(form)
        return JSONResponse(resource(self._exchange.send(message)), 201)

    async def fetch(self, request: Request) -> Response:
        message = self._exchange.message(request.path_params["sid"])
        if message is None:
            raise Refusal(20404, request.url.path)
        return JSONResponse(resource(message))

    async def media(self, request: Request) -> Response:
        """As Twilio: behind the account's password, and then a redirect to where the content is."""
        sid = request.path_params["sid"]
        if self._exchange.media(sid) is None:
            raise Refusal(20404, request.url.path)
        return RedirectResponse(f"{self._exchange.api_url}/media/{sid}", 307)

    async def content(self, request: Request) -> Response:
        """The content itself; its address is the secret, as on Twilio's media servers."""
        media = self._exchange.media(request.path_params["sid"])
        if media is None:
            return Response(status_code=404)
        return Response(media.data, media_type=media.type, headers={"X-Content-Type-Options": "nosniff"})

    def _authenticate(self, request: Request) -> None:
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        right = f"{self._exchange.account_sid}:{self._exchange.auth_token}".encode()
        try:
            given = base64.b64decode(secret, validate=True) if kind.lower() == "basic" else b""
        except ValueError:
            given = b""
        if not hmac.compare_digest(given, right):
            raise Refusal(20003)
        if request.path_params["account"] != self._exchange.account_sid:
            raise Refusal(20404, request.url.path)

    def _outgoing(self, form: FormData) -> Message:
        """The message that the form asks for. Raises Refusal for the first thing that is wrong."""
        sender, service = self._sender(_text(form, "From"), _text(form, "MessagingServiceSid"))
        to = _recipient(_text(form, "To"))
        if to.startswith(WHATSAPP) != (sender or self._exchange.services[service]).startswith(WHATSAPP):
            raise Refusal(21910)
        media = _media(form)
        template = _text(form, "ContentSid")
        body = self._templated(template, _text(form, "ContentVariables")) if template else _text(form, "Body")
        if not body and not media:
            raise Refusal(21602)
        if len(body) > LONGEST_BODY:
            raise Refusal(21617)
        _check_validity(_text(form, "ValidityPeriod"))
        return Message(
            sid=new_sid("MM" if media else "SM"),
            account=self._exchange.account_sid,
            direction="outbound-api",
            sender=sender,
            to=to,
            body=body,
            media=media,
            service=service,
            template=template,
            callback=_callback(_text(form, "StatusCallback")),
        )

    def _templated(self, sid: str, variables: str) -> str:
        """The template's text. https://www.twilio.com/docs/content/send-templates-created-with-the-content-template-builder"""
        if sid not in self._exchange.templates:
            raise Refusal(21655)
        try:
            given = json.loads(variables or "{}")
        except ValueError:
            raise Refusal(21656) from None
        if not isinstance(given, dict) or not all(isinstance(value, str) and value for value in given.values()):
            raise Refusal(21656)
        return re.sub(r"{{(\w+)}}", lambda found: given.get(found[1], found[0]), self._exchange.templates[sid])

    def _sender(self, sender: str, service: str) -> tuple[str, str]:
        if sender:
            if sender in MAGIC_FROM:
                raise Refusal(MAGIC_FROM[sender], sender)
            if (number(sender) or sender) not in self._exchange.numbers:
                raise Refusal(63007 if sender.startswith(WHATSAPP) else 21606, sender)
            return number(sender) or sender, service
        if not service:
            raise Refusal(21603)
        if service not in self._exchange.services:
            raise Refusal(21701, service)
        return "", service


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _recipient(to: str) -> str:
    if not to:
        raise Refusal(21604)
    e164 = number(to)
    if e164 is None:
        raise Refusal(21211, to)
    if e164.startswith(WHATSAPP):
        return e164
    magic = MAGIC_TO.get(e164)
    if magic is not None and magic not in UNDELIVERED:
        raise Refusal(magic, e164)
    if is_landline(e164):
        raise Refusal(21614, e164)
    return e164


def _media(form: FormData) -> tuple[Media, ...]:
    urls = [url for url in form.getlist("MediaUrl") if isinstance(url, str)]
    wrong = next((url for url in urls if not _is_url(url)), None)
    if wrong is not None or len(urls) > MOST_MEDIA:
        raise Refusal(21620, wrong or f"more than {MOST_MEDIA}")
    return tuple(Media(type="application/octet-stream", url=url) for url in urls)


def _callback(url: str) -> str:
    if url and not _is_url(url):
        raise Refusal(21609, url)
    return url


def _check_validity(seconds: str) -> None:
    if seconds and not (seconds.isdecimal() and 1 <= int(seconds) <= LONGEST_VALIDITY):
        raise Refusal(20001, "ValidityPeriod")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


async def _not_found(request: Request, error: Exception) -> Response:
    refusal = Refusal(20404, request.url.path)
    return JSONResponse(refusal.body(), refusal.status)
