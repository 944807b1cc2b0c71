"""By which way an answer goes: the cases that the tests on the database do not reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from desk.routes import Way, way_to
from domain.messages import ChannelName, utcnow
from store.leads import Reach
from store.messages import Message

KINDS = {ChannelName(n): k for n, k in [("mail", "email"), ("sms", "sms"), ("site", "form"), ("bot", "telegram")]}
ROUTES = {ChannelName("site"): [ChannelName("gone"), ChannelName("sms"), ChannelName("mail")]}
OLD, NEW = Reach(UUID(int=1), "phone", "+79160000001"), Reach(UUID(int=2), "phone", "+79160000002")
MAIL, CHAT = Reach(UUID(int=3), "email", "a@example.com"), Reach(UUID(int=4), "telegram", "77")


def asked(channel: str, identity: UUID | None, *given: Sequence[Any]) -> Message:
    nobody = UUID(int=0)
    facts = {"from": [list(g) for g in given]} if given else {}
    return Message(
        nobody, channel, "in", identity, None, None, None, None, nobody, "", "", None, "", facts, utcnow()
    )  # fmt: skip


FORM = asked("site", MAIL.identity, *((r.kind, r.value, False) for r in (OLD, NEW, MAIL)))


def way(expected: tuple[str, Reach] | None) -> Way | None:
    return Way(ChannelName(expected[0]), expected[1].identity, expected[1].value) if expected else None


@pytest.mark.parametrize(
    ("answered", "known", "expected"),
    [
        pytest.param(asked("mail", MAIL.identity), [OLD, MAIL], ("mail", MAIL), id="back where it came from"),
        pytest.param(asked("bot", CHAT.identity), [MAIL, CHAT], ("bot", CHAT), id="a chat"),
        pytest.param(asked("mail", CHAT.identity), [MAIL, CHAT], None, id="never to another mailbox of his"),
        pytest.param(FORM, [OLD, MAIL], ("sms", OLD), id="the first route that fits"),
        pytest.param(
            asked("site", MAIL.identity, ("phone", OLD.value, False)), [MAIL, OLD], ("sms", OLD), id="what it gave"
        ),
        pytest.param(
            asked("site", OLD.identity, ("phone", OLD.value, False)),
            [MAIL, NEW],
            None,
            id="never to an address that this message did not give: somebody else may have typed it",
        ),
        pytest.param(
            asked("site", MAIL.identity, ("email", MAIL.value, False), ("phone", NEW.value, False)),
            [OLD, NEW, MAIL],
            ("sms", NEW),
            id="the number that this form gave, before an older one",
        ),
        pytest.param(asked("site", None), [CHAT], None, id="no route to a chat"),
        pytest.param(asked("left", MAIL.identity), [MAIL], None, id="a channel that left the configuration"),
        pytest.param(asked("site", None), [], None, id="nobody known"),
    ],
)
def test_way(answered: Message, known: list[Reach], expected: tuple[str, Reach] | None) -> None:
    assert way_to(answered, known, ROUTES, KINDS) == way(expected)


@pytest.mark.parametrize(
    ("answered", "stopped", "expected"),
    [
        pytest.param(FORM, [("sms", OLD.value)], ("sms", NEW), id="another number of his"),
        pytest.param(FORM, [("sms", OLD.value), ("sms", NEW.value)], ("mail", MAIL), id="the next route"),
        pytest.param(FORM, [("mail", OLD.value)], ("sms", OLD), id="stopped elsewhere"),
        pytest.param(asked("mail", MAIL.identity), [("mail", MAIL.value)], None, id="nothing is left"),
    ],
)
def test_a_stopped_address_is_passed_by(
    answered: Message, stopped: list[tuple[str, str]], expected: tuple[str, Reach] | None
) -> None:
    assert way_to(answered, [OLD, NEW, MAIL, CHAT], ROUTES, KINDS, frozenset(stopped)) == way(expected)
