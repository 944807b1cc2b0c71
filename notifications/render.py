"""A delivery becomes a message, from what is true at this moment."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from domain.errors import Rejected, Unavailable
from domain.messages import ChannelName, File, Outbound, utcnow
from domain.templates import Template
from notifications import review
from notifications.handover import HandOver
from notifications.lines import one_line
from notifications.posts import Posts
from notifications.questions import questions
from notifications.reasons import explain
from notifications.relay import EMPTY, Unsendable, is_on_card, relayed, stored_files, whole_text
from notifications.sales import Reader, buttons, card
from notifications.shown import asked, card_ref, card_to_edit
from notifications.thread import answered_id, message_of
from notifications.thread import refs as refs_of
from notifications.verdict import Skip
from notifications.words import words
from store import cards, leads
from store.deliveries import Delivery, Purpose
from store.engine import Connection, Database
from store.messages import Message

Say = Callable[..., str]
"""`notifications.texts.say(key, language, **facts)`: Telegram HTML for notices, plain text for toasts and greetings."""
ReadFile = Callable[[str], Awaitable[bytes]]
"""Content by key. Raises LookupError or FileNotFoundError when there is none."""

_ANSWERED = re.compile(r"^\s*(?:(?:re|aw|sv|отв|ответ)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


class Renderer:
    """Renders every purpose but mailings."""

    def __init__(
        self,
        *,
        database: Database,
        kinds: Mapping[ChannelName, str],
        say: Say,
        read_file: ReadFile,
        greetings: Mapping[ChannelName, Mapping[str, str]] | None = None,
        hand_over: HandOver | None = None,
        posts: Posts | None = None,
        language: str = "en",
        zone: ZoneInfo | None = None,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        """`kinds`: of all channels, also those that only receive. `greetings`: own words by channel and language.

        `language` and `zone` are a team chat's, and of whoever has none of his own.
        """
        self._database = database
        self._kinds: Mapping[str, str] = {str(name): kind for name, kind in kinds.items()}
        self._say = say
        self._read_file = read_file
        self._greetings = {str(name): texts for name, texts in (greetings or {}).items()}
        self._hand_over = hand_over
        self._posts = posts
        self._language = language
        self._zone = zone or ZoneInfo("UTC")
        self._clock = clock
        self._ways: Mapping[str, Callable[[Connection, Delivery], Awaitable[Outbound]]] = {
            Purpose.CARD: self._card,
            Purpose.REFRESH: self._refresh,
            Purpose.RETIRE: self._retired,
            Purpose.RELAY: self._relay,
            Purpose.REPLY: self._reply,
            Purpose.GREETING: self._greeting,
            Purpose.NOTICE: self._notice,
            Purpose.REVIEW: self._review,
            Purpose.TOAST: self._toast,
            Purpose.TEST: self._post,
            Purpose.MESSAGE: self._post,
        }

    async def render(self, delivery: Delivery) -> Outbound:
        """The message. Raises Skip, Later, or a SendError that says why it cannot be made."""
        way = self._ways.get(delivery.purpose)
        if way is None:
            raise Skip(f"nobody knows yet how to render a {delivery.purpose}")
        async with self._database.connect() as connection:
            return await way(connection, delivery)

    async def _card(self, connection: Connection, delivery: Delivery) -> Outbound:
        return await self._view(connection, delivery)

    async def _refresh(self, connection: Connection, delivery: Delivery) -> Outbound:
        return await self._view(connection, delivery, edits=await card_to_edit(connection, delivery))

    async def _retired(self, connection: Connection, delivery: Delivery) -> Outbound:
        """An older card: what is true now, and no buttons."""
        edit = await self._view(connection, delivery, edits=str(delivery.facts["card"]))
        return replace(edit, buttons=())

    async def _view(self, connection: Connection, delivery: Delivery, edits: str = "") -> Outbound:
        if self._kind(delivery) != "telegram":
            raise Skip("cards go to chats only")
        view = await cards.view(connection, delivery.lead) if delivery.lead else None
        if view is None:
            raise Skip("the lead is gone")
        language = await self._language_of(connection, delivery)
        reader = Reader(
            language=language, zone=self._zone, staff=delivery.staff, is_group=delivery.address.startswith("-")
        )
        return Outbound(
            delivery=str(delivery.id),
            to=delivery.address,
            text=f"#{view.number} {view.name or ''}".strip(),
            html=card(view, self._kinds, reader, self._clock()),
            buttons=buttons(view, reader),
            edits=edits,
        )

    async def _relay(self, connection: Connection, delivery: Delivery) -> Outbound:
        message = await message_of(connection, delivery)
        shown = await card_ref(connection, delivery, wait=True)
        files, unsendable = await self._relayed_files(delivery, message)
        first = bool(shown) and await cards.is_first(connection, message.id)
        brief = bool(files or unsendable) and not delivery.facts.get("plain") and is_on_card(message, first=first)
        text = relayed(
            message,
            self._kinds.get(message.channel, ""),
            await self._language_of(connection, delivery),
            shown=files,
            unsendable=unsendable,
            brief=brief,
        )
        return Outbound(
            delivery=str(delivery.id),
            to=delivery.address,
            text=text,
            reply_to=(shown,) if shown else (),
            files=(*whole_text(message), *files),
        )

    async def _relayed_files(
        self, delivery: Delivery, message: Message
    ) -> tuple[tuple[File, ...], tuple[Unsendable, ...]]:
        """What the chat can be shown, and the rest with the reasons. "plain": the chat refused them all before."""
        files, unsendable = [], []
        refused = str(delivery.facts.get("reason") or "") if delivery.facts.get("plain") else None
        for stored in stored_files(message):
            try:
                if refused is not None:
                    raise Rejected(refused)
                files.append(_not_empty(await self._file(stored)))
            except Rejected as error:
                unsendable.append(Unsendable(str(stored.get("name") or "file"), error.reason))
        return tuple(files), tuple(unsendable)

    async def _reply(self, connection: Connection, delivery: Delivery) -> Outbound:
        message = await message_of(connection, delivery)
        refs = await refs_of(connection, delivery, message, answered_id(message))
        return Outbound(
            delivery=str(delivery.id),
            to=delivery.address,
            text=message.text,
            subject=self._subject(delivery, message.subject, self._language),
            reply_to=self._chain(delivery, refs),
            files=await self._files(message.facts.get("files") or ()),
        )

    async def _greeting(self, connection: Connection, delivery: Delivery) -> Outbound:
        message = await message_of(connection, delivery) if delivery.message else None
        facts, language = delivery.facts, str(delivery.facts.get("language") or self._language)
        key = str(facts.get("key", "greeting"))
        own = self._greetings.get(delivery.channel, {}).get(language) if key == "greeting" else ""
        refs = [message.ref] if message and message.ref and message.channel == delivery.channel else []
        text = own or self._say(key, language, company=facts.get("company"))
        lines = await self._asked(connection, delivery)
        subject = self._subject(delivery, message.subject if message else None, language)
        return Outbound(
            delivery=str(delivery.id),
            to=delivery.address,
            text="\n\n".join([text, *(lines or await self._links(delivery, language))]),
            subject=self._say("confirm_subject", language) if subject and lines else subject,
            reply_to=self._chain(delivery, refs),
            automatic=True,
            template=Template(str(name), {}) if (name := facts.get("template")) else None,
        )

    async def _asked(self, connection: Connection, delivery: Delivery) -> list[str]:
        """What somebody ticked, each with the link that confirms it."""
        if not (wanted := delivery.facts.get("requests")):
            return []
        return await questions(connection, wanted, self._hand_over.public_url if self._hand_over else "")

    async def _links(self, delivery: Delivery, language: str) -> list[str]:
        found = await self._hand_over.links(delivery, self._kind(delivery), self._clock()) if self._hand_over else {}
        return [self._say(key, language, url=url) for key, url in found.items()]

    async def _notice(self, connection: Connection, delivery: Delivery) -> Outbound:
        plain = unescape(_TAG.sub("", markup := await self._said(connection, delivery)))
        shown = await card_ref(connection, delivery, wait=False)
        in_chat = self._kind(delivery) == "telegram"
        return Outbound(
            delivery=str(delivery.id),
            to=delivery.address,
            text=plain,
            html=markup if in_chat else None,
            subject=one_line(plain, 78) if self._kind(delivery) == "email" else None,
            reply_to=(shown,) if shown else (),
            buttons=review.offered(delivery.facts) if in_chat else (),
            automatic=True,
        )

    async def _review(self, connection: Connection, delivery: Delivery) -> Outbound:
        question = await asked(connection, delivery, self._clock())
        language = await self._language_of(connection, delivery)
        html = review.review(question, language, self._zone, self._clock())
        return Outbound(
            delivery=str(delivery.id),
            to=delivery.address,
            text=unescape(_TAG.sub("", html)),
            html=html,
            buttons=review.buttons(question, language),
            edits=str(delivery.facts.get("card", "")),
        )

    async def _toast(self, connection: Connection, delivery: Delivery) -> Outbound:
        text = await self._said(connection, delivery)
        return Outbound(delivery=str(delivery.id), to=delivery.address, text=text, answers=str(delivery.facts["press"]))

    async def _post(self, connection: Connection, delivery: Delivery) -> Outbound:
        if self._posts is None:
            raise Skip("nothing is written here from contents")
        message = await self._posts.write(connection, delivery, self._kind(delivery))
        return await self.with_files(message, delivery.facts.get("files") or ())

    async def _said(self, connection: Connection, delivery: Delivery) -> str:
        facts = {k: v for k, v in delivery.facts.items() if k not in ("key", "language", "press")}
        if delivery.lead and "number" not in facts and (lead := await leads.get(connection, delivery.lead)):
            facts["number"] = lead.number
        language = await self._language_of(connection, delivery)
        if "reason" in facts:
            about_us = delivery.facts["key"] != "reply_failed"
            facts["reason"] = explain(str(facts["reason"]), language, colleague=about_us)
        return self._say(delivery.facts["key"], language, **facts)

    async def _language_of(self, connection: Connection, delivery: Delivery) -> str:
        if language := delivery.facts.get("language"):
            return str(language)
        known = await cards.language_of(connection, delivery.staff) if delivery.staff else None
        return known or self._language

    async def with_files(self, message: Outbound, stored: Iterable[Mapping[str, Any]]) -> Outbound:
        """The same with these files of the store. Raises Rejected for one that is gone, Unavailable."""
        return replace(message, files=await self._files(stored))

    async def _files(self, stored: Iterable[Mapping[str, Any]]) -> tuple[File, ...]:
        return tuple([await self._file(one) for one in stored])

    async def _file(self, stored: Mapping[str, Any]) -> File:
        name = str(stored.get("name") or "file")
        try:
            data = await self._read_file(str(stored["key"]))
        except (FileNotFoundError, LookupError) as error:
            raise Rejected(f"the file {name!r} is not in the file store any more") from error
        except OSError as error:
            raise Unavailable(f"the file store does not give {name!r}: {error}") from error
        return File(
            name=name, type=str(stored.get("type") or "application/octet-stream"), size=len(data),
            key=str(stored["key"]), data=data, content_id=str(stored.get("content_id") or ""),
        )  # fmt: skip

    def _kind(self, delivery: Delivery) -> str:
        return self._kinds.get(delivery.channel, "")

    def _subject(self, delivery: Delivery, subject: str | None, language: str) -> str | None:
        """Mail alone has one; an answer's begins with one "Re:", however many the question had."""
        if self._kind(delivery) != "email":
            return None
        asked = one_line(_ANSWERED.sub("", subject or ""), 250)
        return f"Re: {asked}" if asked else words(language)["subject"]

    def _chain(self, delivery: Delivery, refs: Iterable[str]) -> tuple[str, ...]:
        """Mail needs the whole conversation; a group's chat a pointer; a private chat is plain without."""
        chain = tuple(dict.fromkeys(refs))
        if self._kind(delivery) == "email":
            return chain
        return chain[:1] if delivery.address.startswith("-") else ()


def _not_empty(file: File) -> File:
    """Telegram takes no empty file."""
    if not file.size:
        raise Rejected(EMPTY)
    return file
