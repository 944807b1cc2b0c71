"""The telephone exchange behind the API: numbers, phones and the messages between them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from simulator.feed import Feed, Watcher
from simulator.twilio.errors import MAGIC_TO, UNDELIVERED, Refusal
from simulator.twilio.messages import Media, Message, arrival, new_sid, receipt
from simulator.twilio.webhooks import Webhooks

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})
"""https://www.twilio.com/docs/messaging/features/advanced-opt-out: obeyed when they are the whole message."""

STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
STARTED = "You have successfully been re-subscribed to messages from this number. Reply STOP to unsubscribe."
HELPED = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."

WINDOW = timedelta(hours=24)
"""How long after a handset's last message WhatsApp takes any text to it."""
BUSY_WINDOW = 1.0
"""Seconds over which requests are counted against the limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Phone:
    """A handset of somebody who plays the customer."""

    number: str
    name: str


class Exchange:
    """One Twilio account and the world's phones, in memory.

    `api_url` is where `simulator.twilio.api` is served (the base of media addresses). `pace` is how many seconds
    pass between two steps of a delivery. `limit` requests a second are served, further ones get 20429. `reach`
    says where public origins answer (see `Webhooks`). Numbers that always fail are in `simulator.twilio.errors`.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        api_url: str = "",
        pace: float = 0.3,
        limit: int = 100,
        reach: Mapping[str, str] | None = None,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.api_url = api_url
        self.numbers: dict[str, str] = {}
        """The account's own numbers -> the URL that is called when an SMS comes in; empty when none is set."""
        self.services: dict[str, str] = {}
        """Messaging service -> the number that it sends from."""
        self.phones: dict[str, Phone] = {}
        self.templates: dict[str, str] = {}
        """ContentSid -> the text that WhatsApp has approved, with {{1}} for its variables."""
        self._messages: dict[str, Message] = {}
        self._stopped: set[tuple[str, str]] = set()
        self._heard: dict[tuple[str, str], datetime] = {}
        self._served: deque[float] = deque()
        self._refused = 0
        self._pace, self.limit = pace, limit
        self._webhooks = Webhooks(auth_token, reach)
        self._tasks: set[asyncio.Task[None]] = set()
        self._feed = Feed()

    def __repr__(self) -> str:
        return f"Exchange({self.account_sid}, {len(self._messages)} messages)"

    def add_number(self, number: str, sms_url: str = "") -> None:
        """Give the account a number; `sms_url` is its webhook. Calling again changes the webhook."""
        self.numbers[number] = sms_url

    def add_phone(self, number: str, name: str) -> Phone:
        """Put a handset into the world."""
        self.phones[number] = phone = Phone(number=number, name=name)
        return phone

    def subscribe(self) -> AbstractContextManager[Watcher]:
        """Topics are the phone numbers whose talk changed."""
        return self._feed.subscribe()

    def message(self, sid: str) -> Message | None:
        """The message as it stands now."""
        return self._messages.get(sid)

    def messages(self, phone: str = "") -> list[Message]:
        """What the handset, or anybody, wrote and was sent, oldest first. What was refused at once never appears."""
        return [m for m in self._messages.values() if not phone or phone in (m.sender, m.to)]

    def media(self, sid: str) -> Media | None:
        """A file of any message, by its ME... id."""
        return next((item for m in self._messages.values() for item in m.media if item.sid == sid), None)

    def let_window_close(self, phone: str, number: str) -> None:
        """As if it were more than 24 hours ago that the handset wrote to the number."""
        self._heard.pop((phone, number), None)

    def refuse_next(self, requests: int) -> None:
        """Answer that many requests to the API with 20429, whatever the rate."""
        self._refused = requests

    def admit(self) -> None:
        """Count one request to the API. Raises Refusal 20429 when there were too many."""
        now = asyncio.get_running_loop().time()
        while self._served and self._served[0] <= now - BUSY_WINDOW:
            self._served.popleft()
        if self._refused or len(self._served) >= self.limit:
            self._refused = max(0, self._refused - 1)
            raise Refusal(20429)
        self._served.append(now)

    def send(self, message: Message) -> Message:
        """Take an outgoing message and start delivering it. Raises Refusal 21610 when the recipient said STOP."""
        sender = message.sender or self.services[message.service]
        if (message.to, sender) in self._stopped:
            raise Refusal(21610)
        taken = self._keep(replace(message, status="accepted" if message.service else "queued"))
        self._spawn(self._deliver(replace(taken, sender=sender)))
        return taken

    async def phone_says(self, from_: str, to: str, text: str, media: Sequence[Media] = ()) -> Message:
        """A handset writes to one of the account's numbers; returns when the number's webhook has answered.

        The message's `error` is 11200 when the webhook did not answer 2xx (Twilio's debugger shows that code) and
        30006 when `to` is nobody's number.
        """
        message = Message(
            sid=new_sid("MM" if media else "SM"),
            account=self.account_sid,
            direction="inbound",
            sender=from_,
            to=to,
            body=text,
            media=tuple(media),
            status="received" if to in self.numbers else "undelivered",
            error=None if to in self.numbers else 30006,
        )
        self._keep(message)
        if message.error:
            return message
        self._heard[from_, to] = datetime.now(UTC)
        self._obey(message)
        return await self._announce(message)

    async def settled(self) -> None:
        """Wait until every message has come to its end and every callback was made."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def aclose(self) -> None:
        """Stop all deliveries where they are. Twice is fine."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._webhooks.aclose()

    def _keep(self, message: Message) -> Message:
        self._messages[message.sid] = message = replace(message, updated=datetime.now(UTC))
        for phone in {message.sender, message.to} - set(self.numbers):
            self._feed.tell(phone)
        return message

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _obey(self, message: Message) -> None:
        """The opt-out words work whatever the webhook does with the message. On WhatsApp there are none."""
        if message.is_whatsapp:
            return
        word, pair = message.body.strip().upper(), (message.sender, message.to)
        if word in STOP:
            self._stopped.add(pair)
            self._reply(message, STOPPED)
        elif word in START and pair in self._stopped:
            self._stopped.discard(pair)
            self._reply(message, STARTED)
        elif word in HELP:
            self._reply(message, HELPED)

    def _reply(self, message: Message, text: str) -> None:
        self._keep(
            replace(
                message,
                sid=new_sid("SM"),
                direction="outbound-reply",
                sender=message.to,
                to=message.sender,
                body=text,
                media=(),
                status="delivered",
                created=datetime.now(UTC),
            )
        )

    async def _announce(self, message: Message) -> Message:
        url = self.numbers[message.to]
        if not url:  # as with Twilio: a number without a webhook takes the message and tells nobody
            return message
        name = self.phones[message.sender].name if message.sender in self.phones else ""
        status = await self._webhooks.post(url, arrival(message, self.api_url, name))
        if 200 <= status < 300:
            return message
        words = f"HTTP {status}" if status else "no answer"
        return self._keep(replace(message, error=11200, error_words=words))

    def _late(self, message: Message) -> int | None:
        """63016 for a text that is no template and comes when the handset has not written for 24 hours.

        https://www.twilio.com/docs/api/errors/63016. When the refusal comes is not said there: we have it come after
        the API took the message, as WhatsApp's own (470) does.
        """
        since = self._heard.get((message.to, message.sender))
        if not message.is_whatsapp or message.template or (since and datetime.now(UTC) - since < WINDOW):
            return None
        return 63016

    async def _deliver(self, message: Message) -> None:
        code = MAGIC_TO.get(message.to) or self._late(message)
        end, words = UNDELIVERED.get(code or 0, ("delivered", ""))
        steps = ["queued"] if message.service else []
        seen = ["read"] if message.is_whatsapp and code is None else []
        for status in [*steps, "sent", end, *seen]:
            await asyncio.sleep(self._pace)
            if status == end and code is not None:
                message = replace(message, error=code, error_words=words)
            message = self._keep(replace(message, status=status))
            if message.callback:
                await self._webhooks.post(message.callback, receipt(message))
