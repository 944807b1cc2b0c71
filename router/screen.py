"""Who speaks: staff, a customer, or nobody who should be answered. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import NamedTuple

from domain.messages import AddressKind, Inbound
from store.staff import LINK_PREFIX, Member


class Voice(StrEnum):
    """What a message is to us."""

    CUSTOMER = "customer"
    STAFF = "staff"
    IGNORED = "ignored"


class Screened(NamedTuple):
    """The voice, and for what is ignored the reason: it is kept and shown, never dropped silently."""

    voice: Voice
    reason: str = ""


OPT_OUT = frozenset("stop unsubscribe end quit stopall revoke optout cancel стоп отписка отписаться".split())
"""Twilio's default keywords (https://help.twilio.com/articles/223134027) and the Russian ones."""
OPT_IN = frozenset("start unstop старт подписка".split())
LEAVE = frozenset({"stop", "unsubscribe", "стоп", "отписка", "отписаться", "отпишите", "отпишите меня"})
"""A whole letter or chat message of one of these ends mailings, and nothing else: a seller still answers there."""
LEAVES = "unsubscribe: "
"""How the reason of a message begins that ends mailings; behind it stands the word, or what else said it."""
STOP = "stop"
"""With what an SMS of one of OPT_OUT ends everything."""
UNSUBSCRIBE_BUTTON = "unsubscribe"
"""The data of the button under a mailing."""
_SUBJECT = re.compile(r"\s*unsubscribe\s+([A-Za-z0-9_-]{40,50})\s*", re.IGNORECASE)
_BARE_SUBJECT = re.compile(r"\W*(?:unsubscribe|отписаться|отписка)\W*", re.IGNORECASE)
BOT_COMMANDS = frozenset({"/start", "/help"})
"""https://core.telegram.org/bots/features#global-commands"""
_CUSTOMER, _STAFF = Screened(Voice.CUSTOMER), Screened(Voice.STAFF)


def screen(
    message: Inbound, staff: Mapping[str, Member], *, opt_out: bool, former: Collection[str] = frozenset()
) -> Screened:
    """Decide who speaks. `staff`: by the Telegram id through which each one works; `former`: ids of those who left."""
    if message.unreadable:
        return _CUSTOMER  # a person must see it
    if said := _pressed(message):
        return Screened(Voice.IGNORED, f"{LEAVES}{said}")
    if message.automatic is not None:
        return Screened(Voice.IGNORED, f"machine: {message.automatic.value}")
    if spam := message.fields.get("_spam"):
        return Screened(Voice.IGNORED, f"spam: {spam}")
    if _is_staff(message, staff) or _is_for_the_desk(message):
        return _STAFF
    if message.chat:
        return Screened(Voice.IGNORED, "a group, not from staff")
    if opt_out and word_of(message.text) in OPT_OUT | OPT_IN:
        return Screened(Voice.IGNORED, f"command: {word_of(message.text)}")
    if word := _word(message):
        return Screened(Voice.IGNORED, f"{LEAVES}{word}")
    if any(a in former for a in _telegram_ids(message)):
        return Screened(Voice.IGNORED, "former staff")
    if command := _bot_command(message):
        return Screened(Voice.IGNORED, f"command: {command}")
    return _CUSTOMER


def _pressed(message: Inbound) -> str:
    """ "link" for the mailto of a letter, "button" for the one under a mailing; "" for neither."""
    if token_of(message):
        return "link"
    return "button" if message.button == UNSUBSCRIBE_BUTTON else ""


def _word(message: Inbound) -> str:
    """The word that ends mailings, or "". From an address that somebody vouches for: anybody can write any From."""
    first = next(iter(message.addresses), None)
    if first is None or not first.proved or message.button is not None:
        return ""
    if first.kind is AddressKind.EMAIL and not message.text.strip():
        return "unsubscribe" if _BARE_SUBJECT.fullmatch(message.subject or "") else ""
    word = word_of(message.text)
    return word if first.kind in (AddressKind.EMAIL, AddressKind.TELEGRAM) and word in LEAVE else ""


def token_of(message: Inbound) -> str:
    """The token in the subject of the mail that a program writes for "unsubscribe" (RFC 2369, section 3.2), or ""."""
    match = _SUBJECT.fullmatch(message.subject or "")
    return match[1] if match else ""


def _is_for_the_desk(message: Inbound) -> bool:
    """The desk looks who presses, and tells a stranger so; and that a group has a new id is Telegram's own word."""
    return message.button is not None or bool(message.chat and "migrate_to_chat_id" in message.fields)


def _bot_command(message: Inbound) -> str:
    """What Telegram sends when somebody opens the bot (and what bots are asked by habit) is no request yet.

    With the payload of a deep link it is one: otherwise the campaign would be lost.
    """
    command = message.text.strip().partition("@")[0].lower()
    is_bare = len(message.text.split()) == 1 and not message.files and next(iter(_telegram_ids(message)), None)
    return command if is_bare and command in BOT_COMMANDS else ""


def _telegram_ids(message: Inbound) -> list[str]:
    return [a.value for a in message.addresses if a.kind is AddressKind.TELEGRAM and a.proved]


def _is_staff(message: Inbound, staff: Mapping[str, Member]) -> bool:
    if message.source.campaign.startswith(LINK_PREFIX):
        return True
    return any(a in staff for a in _telegram_ids(message))


def word_of(text: str) -> str:
    """The text as a command word: lower case, without punctuation around it."""
    return re.sub(r"^\W+|\W+$", "", text).casefold() if len(text) < 40 else ""


def language_of(message: Inbound, default: str) -> str:
    """ "en" or "ru": what the channel says, else what the letters say, else the default."""
    if message.language in ("en", "ru"):
        return message.language
    letters = [c for c in f"{message.subject or ''} {message.text[:500]}" if c.isalpha()]
    if not letters:
        return default
    return "ru" if sum("а" <= c.lower() <= "я" or c in "ёЁ" for c in letters) * 2 > len(letters) else "en"
