"""Who speaks: the pure rule, case by case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from domain.messages import Address, AddressKind, Automatic, Source
from router.screen import Screened, Voice, screen
from store.staff import Member
from tests.router.people import BOT, INBOX, SMS, chat, mail, message, phone

OLGA = Member(UUID(int=1), "Olga", "sales", "en", True, BOT, "71")
LEFT = frozenset({"72", "71"})
CUSTOMER, STAFF = Screened(Voice.CUSTOMER), Screened(Voice.STAFF)


def ignored(reason: str) -> Screened:
    return Screened(Voice.IGNORED, reason)


@pytest.mark.parametrize(
    ("sender", "more", "expected"),
    [
        (chat("80"), {"text": "Hello"}, CUSTOMER),
        (chat("80"), {"text": "/start"}, ignored("command: /start")),
        (chat("80"), {"text": " /Start@our_bot "}, ignored("command: /start")),
        (chat("80"), {"text": "/help"}, ignored("command: /help")),
        (chat("80"), {"text": "/start spring", "source": Source(campaign="spring")}, CUSTOMER),
        (chat("80"), {"text": "/help me"}, CUSTOMER),
        (chat("80"), {"text": "/price"}, CUSTOMER),
        (chat("80"), {"text": "start"}, CUSTOMER),
        (mail("a@b.example"), {"text": "/start"}, CUSTOMER),
        (chat("71"), {"text": "/start"}, STAFF),
        (chat("71"), {"text": "Hello"}, STAFF),
        (chat("72"), {"text": "Hello"}, ignored("former staff")),
        (chat("72"), {"text": "/start"}, ignored("former staff")),
        (chat("72"), {"text": "/start staff-x", "source": Source(campaign="staff-x")}, STAFF),
        (chat("72"), {"button": "take:x"}, STAFF),
        (chat("72"), {"text": "Hello", "chat": "-5"}, ignored("a group, not from staff")),
        (Address(kind=AddressKind.TELEGRAM, value="72"), {"text": "Hello"}, CUSTOMER),
        (chat("80"), {"text": "", "chat": "-5", "fields": {"migrate_to_chat_id": "-6"}}, STAFF),
        (mail("a@b.example"), {"fields": {"migrate_to_chat_id": "-6"}}, CUSTOMER),
        (chat("80"), {"automatic": Automatic.REPLY}, ignored("machine: auto-reply")),
        (chat("71"), {"unreadable": "odd"}, CUSTOMER),
    ],
)
def test_who_speaks(sender: Address, more: dict[str, Any], expected: Screened) -> None:
    channel = BOT if sender.kind is AddressKind.TELEGRAM else INBOX
    assert screen(message(channel, sender, **more), {"71": OLGA}, opt_out=False, former=LEFT) == expected


def test_stop_is_a_command_only_where_it_is_one() -> None:
    stop = message(SMS, phone("+79160000001"), text="СТОП!")
    assert screen(stop, {}, opt_out=True) == ignored("command: стоп")
    assert screen(stop, {}, opt_out=False) == CUSTOMER
