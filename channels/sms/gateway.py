"""Twilio's REST API through its own SDK: sends, and translates its errors once."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from channels.reached import attempt, watching
from channels.sms import render
from channels.sms.codes import send_error
from channels.sms.settings import API_URL, SmsSettings
from domain.errors import Misconfigured, SendError, Unavailable, Uncertain
from domain.messages import Outbound, Sent

TIMEOUT = 20.0
"""Seconds for one request."""
_T = TypeVar("_T")


class Gateway:
    """Sends texts from one account. Opens its connections at the first use: the SDK's need a running loop."""

    def __init__(self, settings: SmsSettings, *, authorization: str, callback: str) -> None:
        """`authorization` is the header's value, `callback` where Twilio reports to ("" for no reports)."""
        self._settings = settings
        self._authorization = authorization
        self._callback = callback
        self._http: _Http | None = None

    async def send(self, message: Outbound) -> Sent:
        """Send the text, in several messages when it is long. Raises SendError.

        When a later part fails, the whole is failed: trying again may double the first parts, which is better than
        an answer without its end. A mailing is not doubled: where trying again is all that is left, this is Uncertain.
        """
        to = render.recipient(message, self._settings.prefix)
        sids: list[str] = []
        for what in self._contents(message):
            try:
                sids.append(await self._create(to, what))
            except Unavailable as error:
                if not sids:
                    raise
                raise Uncertain(f"only a part of it went out: {error.reason}", code=error.code) from error
        return Sent(external_id=sids[0], others=tuple(sids[1:]))

    async def ping(self) -> None:
        """Ask for the account. Raises SendError when it is unknown, closed or suspended."""
        account = await _translated(self._client().api.v2010.accounts(self._settings.account_sid).fetch_async())
        status = _text(account.status, "status")
        if status != "active":
            raise Misconfigured(f"the Twilio account is {status[:40]}")

    async def aclose(self) -> None:
        """Close the connections. Twice is fine."""
        http, self._http = self._http, None
        if http:
            await http.close()

    def _contents(self, message: Outbound) -> list[dict[str, str]]:
        """What one message each is sent with."""
        if message.template:
            return [render.template(message.template)]
        return [{"body": text} for text in render.parts(message)]

    async def _create(self, to: str, what: Mapping[str, str]) -> str:
        sender = (
            {"messaging_service_sid": self._settings.messaging_service_sid}
            if self._settings.messaging_service_sid
            else {"from_": self._settings.number}
        )
        callback = {"status_callback": self._callback} if self._callback else {}
        sent = self._client().messages.create_async(to=to, **what, **sender, **callback)
        return _text((await _translated(sent)).sid, "sid")

    def _client(self) -> Client:
        if self._http is None:
            self._http = _Http(self._settings.api_url, self._authorization)
        return Client(self._settings.account_sid, self._settings.auth_token.get_secret_value(), http_client=self._http)


class _Http(AsyncTwilioHttpClient):  # type: ignore[misc]  # twilio is untyped
    """The SDK's asynchronous client without its traps.

    It knows no base address but Twilio's, waits for ever when no timeout is given, authenticates with a class that
    aiohttp has deprecated, and drops the Retry-After of a 429.
    """

    def __init__(self, api_url: str, authorization: str) -> None:
        super().__init__(trace_configs=[watching()])
        self._api_url = api_url
        self._authorization = authorization

    async def request(self, method: str, url: str, *args: Any, headers: Mapping[str, str], **options: Any) -> Response:
        options |= {"auth": None, "timeout": TIMEOUT}
        headers = {**headers, "Authorization": self._authorization}
        url = self._api_url + url.removeprefix(API_URL)
        response = await super().request(method, url, *args, headers=headers, **options)
        if response.status_code == 429:
            raise send_error(429, 20429, retry_after=_seconds(response.headers.get("Retry-After", "")))
        return response


def _seconds(retry_after: str) -> float | None:
    """RFC 9110, section 10.2.3; the form with a date is not used by Twilio."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 7 else None


def _code(value: object) -> int:
    return value if isinstance(value, int) else 0


def _text(value: object, name: str) -> str:
    """A part of an answer that Twilio always gives: without it, the answer is not Twilio's."""
    if not isinstance(value, str) or not value:
        raise Unavailable(f"Twilio's answer has no {name}")
    return value


async def _translated(call: Awaitable[_T]) -> _T:
    """What the SDK returned; its exceptions and the network's become ours."""
    with attempt() as made:
        try:
            return await call
        except SendError:
            raise
        except TwilioRestException as error:
            raise send_error(error.status, _code(error.code) or error.status, str(error.msg or "")) from error
        except TwilioServiceException as error:
            status = _code(error.status) or 500  # this one is the body's, not HTTP's
            raise send_error(status, _code(error.code) or status, str(error.title or "")) from error
        except (aiohttp.ClientError, OSError) as error:
            raise _unanswered(error, reached=made.reached) from error
        # the SDK trusts that an answer is a JSON object with everything in it: [] and null break within it
        except (TwilioException, ValueError, TypeError, LookupError, AttributeError) as error:
            raise Unavailable(f"Twilio's answer could not be read ({type(error).__name__})") from error


def _unanswered(error: Exception, *, reached: bool) -> Unavailable:
    if isinstance(error, TimeoutError):
        return (Uncertain if reached else Unavailable)(f"Twilio did not answer within {TIMEOUT:.0f} s")
    if reached:
        return Uncertain(f"Twilio hung up without an answer ({type(error).__name__})")
    return Unavailable(f"no connection to Twilio ({type(error).__name__})")
