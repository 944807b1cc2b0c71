"""The form channel: reads what was posted, accepts it, answers with a receipt."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from channels.form.check import FieldErrors, Rules, check
from channels.form.limits import MinuteLimit
from channels.form.parse import Submission, Unreadable, language_of, parse
from channels.form.settings import FormSettings, Language
from channels.form.texts import TEXTS
from domain import links
from domain.errors import Refused, Unpublished
from domain.messages import AddressKind, ChannelName, Inbound, utcnow
from domain.ports import Accept, AsgiApp, Host

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

TEXT_BYTES = 256 * 1024
"""The most that a submission without files may take."""
BODY_SECONDS = 30.0
"""How long a small body may take: who sends it drop by drop would hold a connection for ever."""
SLOWEST = 16 * 1024
"""Bytes a second that buy a body more time: a large photo over a weak mobile network takes minutes."""
_MB = 1024 * 1024
_JSON: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
_PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"content-type, idempotency-key"),
    (b"access-control-max-age", b"86400"),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """It is durable. `number` is what the customer may name on the phone; it is the external id, too."""

    number: str
    track: str
    """The page that says how the request stands; a path when our address is not configured."""
    telegram: str = ""
    """What opens the bot to go on there; empty without one."""
    confirm: str = ""
    """That a box for mailings is still to be confirmed, and where; empty when none was ticked. It is the same whether
    the address is known or not: whoever typed it may be anybody."""


class Declined(Exception):
    """Not taken: `status` is HTTP's, `sentence` is for the visitor, in the visitor's language."""

    def __init__(self, status: int, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(f"{status} {sentence}")
        self.status = status
        self.sentence = sentence
        self.retry_after = retry_after
        """Seconds."""


class ClientGone(Exception):
    """The browser hung up before it had sent everything."""


class FormChannel:
    """One form. A `Webhook`; `submit` is what the portal's pages use."""

    def __init__(self, name: ChannelName, settings: FormSettings, host: Host) -> None:
        self.settings = settings
        self.host = host
        self.rules = Rules(channel=name, form=settings, country=host.country, max_file=host.max_file)
        self._limit = MinuteLimit(settings.per_minute)
        self._most_bytes = TEXT_BYTES + (host.max_file if settings.takes_files else 0)

    @property
    def name(self) -> ChannelName:
        """The name under which it is mounted."""
        return self.rules.channel

    async def ping(self) -> None:
        """There is no provider who could refuse us."""

    async def aclose(self) -> None:
        """Nothing is held open."""

    def app(self, accept: Accept) -> AsgiApp:
        """POST a submission as JSON, form-urlencoded or multipart; the answer is JSON.

        200 {"receipt", "text", "track", "telegram", "confirm"}; 422 {"errors": {field: [sentence]}}; anything else
        {"error": sentence}.
        Where it is mounted does not matter to it.
        """
        return _Intake(self, accept)

    def language(self, headers: dict[bytes, bytes], wanted: str = "") -> Language:
        """The visitor's language by `wanted` ("ru"), then by the request's Accept-Language."""
        accepted = headers.get(b"accept-language", b"").decode("latin-1")
        return language_of(wanted, accepted, self.settings.language)

    async def read(self, scope: Scope, receive: Receive) -> Submission:
        """Read and parse one POST, bounded. Raises Declined (400, 408, 413, 429) and ClientGone."""
        headers = dict(scope["headers"])
        client = scope.get("client")  # None behind a UNIX socket: then nobody can be told from anybody
        if client and not self._limit.take(client[0], time.monotonic()):
            raise Declined(429, TEXTS[self.language(headers)].too_often, retry_after=60)
        body = await self._body(headers, receive)
        try:
            return parse(body, headers, self.settings.language)
        except Unreadable as error:
            raise Declined(400, TEXTS[self.language(headers)].unreadable) from error

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        try:
            async with asyncio.timeout(BODY_SECONDS) as limit:
                return await self._chunks(headers, receive, limit)
        except TimeoutError as error:
            raise Declined(408, TEXTS[self.language(headers)].unreadable) from error

    async def _chunks(self, headers: dict[bytes, bytes], receive: Receive, limit: asyncio.Timeout) -> bytes:
        end = asyncio.get_running_loop().time() + BODY_SECONDS
        chunks: list[bytes] = []
        size = 0
        more = True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise ClientGone
            chunk = event.get("body", b"")
            size += len(chunk)
            if size > self._most_bytes:
                most = f"{self._most_bytes / _MB:.1f}".removesuffix(".0")
                raise Declined(413, TEXTS[self.language(headers)].body_too_large.format(limit=most))
            chunks.append(chunk)
            limit.reschedule(end + size / SLOWEST)
            more = event.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def submit(self, submission: Submission, accept: Accept) -> Receipt | FieldErrors:
        """Check and accept. A Receipt means that it is durable. Raises Declined (413, 422, 503).

        Each receipt has a token of its own, also the second one of the same submission: the browser may never have
        seen the first. Nothing is asked of the database, which may be away.
        """
        inbound = check(self.rules, submission, submission.key or secrets.token_hex(16), utcnow())
        if isinstance(inbound, FieldErrors):
            return inbound
        token = links.new_token()
        try:
            await accept(replace(inbound, link=links.digest(token)))
        except Unpublished as error:
            raise Declined(503, TEXTS[submission.language].unavailable, retry_after=5) from error
        except Refused as error:
            raise Declined(413 if inbound.files else 422, error.reason) from error
        return Receipt(
            number=inbound.external_id,
            track=links.tracking(self.host.public_url, token),
            telegram=links.deep_link(self.host.bot(), token),
            confirm=self._confirm(inbound, submission.language),
        )

    def _confirm(self, inbound: Inbound, language: Language) -> str:
        if all(one.purpose == "service" for one in inbound.ticked):
            return ""
        asks, given = self.host.asks.get(self.name, frozenset()), {one.kind for one in inbound.addresses}
        kind = next((kind for kind in (AddressKind.EMAIL, AddressKind.PHONE) if kind in asks & given), None)
        texts = TEXTS[language]
        return {AddressKind.EMAIL: texts.confirm_mail, AddressKind.PHONE: texts.confirm_sms}[kind] if kind else ""


class _Intake:
    """The form's ASGI application, without layers, since a form's traffic comes in floods."""

    def __init__(self, form: FormChannel, accept: Accept) -> None:
        self._form = form
        self._accept = accept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cors = self._cors(scope)
        if scope["method"] == "POST":
            await self._post(scope, receive, send, cors)
        elif scope["method"] == "OPTIONS":
            await _answer(send, 204, b"", [*cors, *_PREFLIGHT] if cors else [])
        else:
            await _answer(send, 405, b'{"error":"POST only"}', [*_JSON, (b"allow", b"POST, OPTIONS")])

    async def _post(self, scope: Scope, receive: Receive, send: Send, cors: Headers) -> None:
        try:
            submission = await self._form.read(scope, receive)
            answer = await self._form.submit(submission, self._accept)
        except ClientGone:
            return
        except Declined as declined:
            wait = [(b"retry-after", str(declined.retry_after).encode())] if declined.retry_after else []
            close = [(b"connection", b"close")] if declined.status == 408 else []  # RFC 9110, section 15.5.9
            body = msgspec.json.encode({"error": declined.sentence})
            await _answer(send, declined.status, body, [*_JSON, *wait, *close, *cors])
            return
        if isinstance(answer, FieldErrors):
            await _answer(send, 422, msgspec.json.encode({"errors": answer.errors}), [*_JSON, *cors])
            return
        text = self._form.settings.success.text(submission.language)
        taken = {
            "receipt": answer.number, "text": text, "track": answer.track, "telegram": answer.telegram,
            "confirm": answer.confirm,
        }  # fmt: skip
        await _answer(send, 200, msgspec.json.encode(taken), [*_JSON, *cors])

    def _cors(self, scope: Scope) -> Headers:
        """What lets a script of another site read the answer (fetch.spec.whatwg.org, "CORS protocol")."""
        origin = next((value for name, value in scope["headers"] if name == b"origin"), b"")
        origins = self._form.settings.origins
        if not origin or not ("*" in origins or origin.decode("latin-1") in origins):
            return []
        return [(b"access-control-allow-origin", origin), (b"vary", b"origin")]


async def _answer(send: Send, status: int, body: bytes, headers: Headers) -> None:
    length = [] if status == 204 else [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body})
