"""The card: what a seller reads on a phone, whatever came in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.lines import one_line, paragraph
from notifications.sales import LIMIT, Reader, buttons, card
from notifications.words import WORDS, moment, more
from simulator.telegram.markup import parse_html
from store.cards import CardView, Line

NOW = datetime(2026, 5, 12, 11, 5, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
LEAD, ANNA, BORIS = UUID(int=42), UUID(int=1), UUID(int=2)
KINDS = {"site-form": "form", "inbox": "email"}


def line(words: str, **given: Any) -> Line:
    row: dict[str, Any] = {
        "id": UUID(int=7), "direction": "in", "channel": "site-form", "author": None, "subject": None, "text": words,
        "facts": {}, "at": NOW - timedelta(minutes=20), "state": None, "reason": None,
    }  # fmt: skip
    return Line(**row | given)


def answer(words: str, state: str, reason: str | None = None) -> Line:
    return line(words, direction="out", author="Anna", state=state, reason=reason)


def view(**given: Any) -> CardView:
    row: dict[str, Any] = {
        "lead": LEAD, "number": 42, "pipeline": "sales", "state": "open", "channel": "site-form",
        "opened_at": NOW - timedelta(minutes=31), "owner_id": None, "owner": None, "taken_at": None,
        "name": "Ivan Petrov", "addresses": [{"kind": "email", "value": "ivan@example.com", "proved": True}],
        "lines": [line("We need a cleaner.")], "total": 1,
    } | given  # fmt: skip
    return CardView(**row)


def reader(language: str = "en", staff: UUID | None = ANNA, **given: Any) -> Reader:
    return Reader(language=language, zone=MOSCOW, staff=staff, **given)


def read(shown: CardView, who: Reader | None = None) -> str:
    """What Telegram would show of it."""
    text, _ = parse_html(card(shown, KINDS, who or reader(), NOW))
    return text


SOURCE = {
    "source": {
        "page": "https://www.example.com/cleaning/?gclid=1",
        "referrer": "https://ya.ru/search",
        "utm": {"source": "yandex", "medium": "cpc"},
        "campaign": "spring",
    },
    "fields": {
        "name": "Ivan Petrov", "phone": "8 (916) 123-45-67", "area": "120 m²", "_spam": "no", "album": "9",
    },
    "files": [{"name": "plan.pdf"}],
}  # fmt: skip


def test_a_card_is_read_at_a_glance() -> None:
    shown = view(
        owner_id=ANNA, owner="Anna", taken_at=NOW, total=9,
        addresses=[
            {"kind": "phone", "value": "+79161234567", "proved": True},
            {"kind": "email", "value": "ivan@example.com", "proved": False},
        ],
        lines=[
            line("We need a cleaner.", subject="Call me back", facts=SOURCE, external_id="LW-7"),
            answer("How big is it?", "delivered"),
            line("120 m²"),
            answer("That is 300 a month.", "failed", "the mailbox is full"),
        ],
    )  # fmt: skip
    assert read(shown) == (
        "🟢 #42 Ivan Petrov · Anna, taken 14:05\n"
        "📞 +79161234567\n"
        "✉️ ivan@example.com (not verified)\n"
        "🌐 Form · LW-7 · 13:34\n"
        "📄 example.com/cleaning\n"
        "↩️ Came from: ya.ru/search\n"
        "🎯 yandex / cpc / spring\n"
        "▫️ area: 120 m²\n"
        "\n"
        "Call me back\n"
        "We need a cleaner.\n"
        "📎 plan.pdf\n"
        "\n"
        "… 5 more messages …\n"
        "\n"
        "Anna · 13:45 ✓✓\n"
        "How big is it?\n"
        "\n"
        "Customer · 13:45\n"
        "120 m²\n"
        "\n"
        "Anna · 13:45 ✗\n"
        "That is 300 a month.\n"
        "The customer’s mailbox is full. Try again later, or call."
    )


STATES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "🆕 #42 Ivan Petrov · New", "🆕 #42 Ivan Petrov · Новая"),
    ({"owner_id": ANNA, "owner": "Anna"}, "🆕 #42 Ivan Petrov · New", "🆕 #42 Ivan Petrov · Новая"),
    (
        {"owner_id": BORIS, "owner": "Boris"},
        "🆕 #42 Ivan Petrov · Offered to Boris",
        "🆕 #42 Ivan Petrov · Предложена: Boris",
    ),
    (
        {"owner_id": BORIS, "owner": "Boris", "taken_at": NOW},
        "🟢 #42 Ivan Petrov · Boris, taken 14:05",
        "🟢 #42 Ivan Petrov · Boris, в работе с 14:05",
    ),
    (
        {"state": "won", "owner_id": ANNA, "owner": "Anna"},
        "🏆 #42 Ivan Petrov · Won · Anna",
        "🏆 #42 Ivan Petrov · Успех · Anna",
    ),
    (
        {"state": "lost", "owner_id": ANNA, "owner": None},
        "⚪️ #42 Ivan Petrov · Lost · somebody who has left",
        "бывший сотрудник",
    ),
    ({"state": "spam"}, "🚫 #42 Ivan Petrov · Spam", "🚫 #42 Ivan Petrov · Спам"),
    ({"state": "archived"}, "⚪️ #42 Ivan Petrov · archived", "⚪️ #42 Ivan Petrov · archived"),
]


@pytest.mark.parametrize(("given", "english", "russian"), STATES)
def test_the_state_in_words(given: dict[str, Any], english: str, russian: str) -> None:
    assert read(view(**given)).splitlines()[0] == english
    assert russian in read(view(**given), reader("ru")).splitlines()[0]


WON = {"state": "won", "owner_id": ANNA, "owner": "Anna"}
SUMS: list[tuple[dict[str, Any], Reader, str]] = [
    ({**WON, "amount": Decimal("50000.00"), "currency": "RUB"}, reader("ru"), "💰 50\u00a0000\u00a0₽"),
    ({**WON, "amount": Decimal("50000.50"), "currency": "RUB"}, reader("ru"), "💰 50\u00a0000,50\u00a0₽"),
    ({**WON, "amount": Decimal("50000.00"), "currency": "KZT"}, reader(), "💰 KZT\u00a050,000"),
    ({**WON, "amount": Decimal("1234567.00"), "currency": "GBP"}, reader(staff=BORIS), "💰 £1,234,567"),
    ({"amount": Decimal("0.00"), "currency": "EUR"}, reader(), "💰 €0"),
    (WON, reader(), "💰 Won for how much? Answer with the sum, or leave it."),
    (WON, reader(staff=BORIS), ""),
    (WON, reader(staff=None), ""),
    ({**WON, "state": "lost"}, reader(), ""),
]


@pytest.mark.parametrize(("given", "who", "line"), SUMS)
def test_for_how_much(given: dict[str, Any], who: Reader, line: str) -> None:
    """Whoever won it is asked; everybody reads the answer."""
    found = [one for one in read(view(**given), who).splitlines() if one.startswith("💰")]
    assert found == ([line] if line else [])


TICKS = [
    ("pending", "🕓"), ("sending", "🕓"), ("sent", "✓"), ("delivered", "✓✓"), ("read", "👁"),
    ("failed", "✗"), ("skipped", "✗"), ("unknown", "❓"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "tick"), TICKS)
def test_ticks(state: str, tick: str) -> None:
    text = read(view(lines=[line("Hi"), answer("Hello", state, "why")], total=2))
    assert f"Anna · 13:45 {tick}\n" in text
    assert ("why" in text) == (state in ("failed", "skipped", "unknown"))


def test_an_unreadable_message_says_so() -> None:
    text = read(view(lines=[line("", facts={"unreadable": "unknown charset"})], name=None))
    assert "No name given" in text
    assert "could not be read (unknown charset)" in text


def test_a_file_that_was_not_received_is_named() -> None:
    text = read(view(lines=[line("see", facts={"fields": {"file_error": "too large"}})]))
    assert "📎 File not received: too large" in text


def test_a_customer_cannot_write_markup_or_turn_the_text() -> None:
    shown = view(name="<b>Boss</b>\u202e&amp;", lines=[line("<a href='x'>click</a>\u0000\u2066")])
    assert "<b>Boss</b>&amp;" in read(shown)
    assert "<a href='x'>click</a>" in read(shown)


def test_a_telegram_user_is_a_link_and_a_group_is_not() -> None:
    users = [{"kind": "telegram", "value": value, "proved": True} for value in ("77", "-100")]
    html = card(view(addresses=users), KINDS, reader(), NOW)
    assert '<a href="tg://user?id=77">Telegram 77</a>' in html
    assert "✈️ -100" in html


def test_a_telegram_user_with_a_name_is_one_line() -> None:
    said = {"from": [["telegram", "77", True]], "fields": {"username": "emma_demo"}}
    users = [{"kind": "telegram", "value": value, "proved": True} for value in ("77", "78")]
    html = card(view(addresses=users, lines=[line("Hi", channel="bot", facts=said)]), KINDS, reader(), NOW)
    assert '✈️ <a href="https://t.me/emma_demo">@emma_demo</a>' in html
    assert "Telegram 78" in html
    assert "username" not in html
    odd = said | {"fields": {"username": 'a"><b>'}}
    assert "t.me" not in card(view(addresses=users, lines=[line("Hi", facts=odd)]), KINDS, reader(), NOW)


KIND_WORDS = [
    ("site-form", KINDS, "🌐 Form ·", "🌐 Форма на сайте ·"),
    ("inbox", KINDS, "✉️ Mail ·", "✉️ Почта ·"),
    ("inbox", KINDS | {"orders": "email"}, "✉️ Mail (inbox) ·", "✉️ Почта (inbox) ·"),
    ("main-bot", {"main-bot": "telegram"}, "✈️ Telegram ·", "✈️ Telegram ·"),
    ("gone", KINDS, "• gone ·", "• gone ·"),
]


@pytest.mark.parametrize(("channel", "kinds", "english", "russian"), KIND_WORDS)
def test_the_channel_is_said_in_words(channel: str, kinds: dict[str, str], english: str, russian: str) -> None:
    shown = view(channel=channel)
    assert f"\n{english} 13:34" in card(shown, kinds, reader(), NOW)
    assert f"\n{russian} 13:34" in card(shown, kinds, reader("ru"), NOW)


def test_what_the_router_does_not_relay_is_shown_whole() -> None:
    text = "word " * 119 + "end"
    assert text in read(view(lines=[line(text)]))


ROWS: list[tuple[str, dict[str, Any], Reader, list[list[str]]]] = [
    ("offered to me", {"owner_id": ANNA}, reader(), [["reply", "take"], ["pass", "spam"]]),
    ("mine", {"owner_id": ANNA, "taken_at": NOW}, reader(), [["reply"], ["pass", "won", "lost", "spam"]]),
    ("offered to another", {"owner_id": BORIS}, reader(), []),
    ("another's", {"owner_id": BORIS, "taken_at": NOW}, reader(), []),
    ("nobody's", {}, reader(), [["reply", "take"]]),
    ("in the team's chat", {}, reader(staff=None, is_group=True), [["take"]]),
    ("offered, in the team's chat", {"owner_id": ANNA}, reader(staff=None, is_group=True), []),
    ("taken, in the team's chat", {"owner_id": ANNA, "taken_at": NOW}, reader(staff=None, is_group=True), []),
    ("closed", {"owner_id": ANNA, "taken_at": NOW, "state": "won"}, reader(), [["reopen"]]),
    ("closed, another's", {"owner_id": BORIS, "taken_at": NOW, "state": "lost"}, reader(), []),
    ("closed, in the team's chat", {"owner_id": ANNA, "state": "spam"}, reader(staff=None, is_group=True), []),
]


@pytest.mark.parametrize(("given", "who", "rows"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_buttons(given: dict[str, Any], who: Reader, rows: list[list[str]]) -> None:
    shown = buttons(view(**given), who)
    assert [[b.data.partition(":")[0] for b in row] for row in shown] == rows
    for button in (b for row in shown for b in row):
        assert button.data.endswith(f":{LEAD.hex}")
        assert len(button.data.encode()) <= 64
        assert button.text


TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.builds(
    lambda one, n: one * n,
    st.sampled_from(["&", "<", '"', "я ", "😀", "a", "\n\n", "{{", "\u202e"]),
    st.integers(0, 3000),
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "source": st.fixed_dictionaries({}, optional={"page": TEXT, "referrer": TEXT, "campaign": TEXT}),
        "fields": st.dictionaries(TEXT, TEXT, max_size=8),
        "files": st.lists(st.fixed_dictionaries({"name": TEXT}), max_size=8),
        "unreadable": TEXT,
    },
)
LINES = st.lists(
    st.builds(
        line, TEXT, facts=FACTS, subject=st.none() | TEXT, author=st.none() | TEXT, reason=st.none() | TEXT,
        direction=st.sampled_from(["in", "out"]), state=st.sampled_from([None, "sent", "failed", "unknown"]),
    ),
    max_size=6,
)  # fmt: skip
ADDRESSES = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["email", "phone", "telegram", "fax"]), "value": TEXT, "proved": st.booleans()}
    ),
    max_size=9,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["en", "ru", "de"]), TEXT, TEXT, TEXT, ADDRESSES, LINES)
def test_every_card_is_one_valid_message(
    language: str, name: str, owner: str, channel: str, addresses: list[Any], lines: list[Line]
) -> None:
    shown = view(
        name=name, owner=owner, owner_id=BORIS, channel=channel, addresses=addresses, lines=lines, total=len(lines)
    )
    html = card(shown, KINDS, reader(language), NOW)
    html.encode()
    assert len(html.encode("utf-16-le")) // 2 <= LIMIT
    text, _ = parse_html(html)
    assert text.startswith("🆕 #42")
    assert re.search(r"\n\n\n", text) is None


def test_the_worst_card_is_still_one_message() -> None:
    worst = "&" * 5000
    facts = {
        "source": {"page": worst, "referrer": worst, "utm": {"source": worst}},
        "fields": {f"{n}{worst}": worst + str(n) for n in range(9)},
        "files": [{"name": worst}] * 9,
    }
    shown = view(
        name=worst, owner=worst, owner_id=BORIS, taken_at=NOW, channel=worst, total=99,
        addresses=[{"kind": "email", "value": worst, "proved": False}] * 9,
        lines=[line(worst, subject=worst, facts=facts), *[answer(worst, "failed", worst)] * 6],
    )  # fmt: skip
    html = card(shown, KINDS, reader("ru"), NOW)
    assert len(html.encode("utf-16-le")) // 2 <= LIMIT
    parse_html(html)


MOMENTS = [
    (NOW, "14:05", "14:05"),
    (NOW - timedelta(hours=14, minutes=6), "11 May, 23:59", "11 мая, 23:59"),
    (NOW - timedelta(days=365), "12 May 2025, 14:05", "12 мая 2025\u202fг., 14:05"),
]


@pytest.mark.parametrize(("at", "english", "russian"), MOMENTS)
def test_times_are_the_readers(at: datetime, english: str, russian: str) -> None:
    assert moment(at, NOW, MOSCOW, "en") == english
    assert moment(at, NOW, MOSCOW, "ru") == russian


@pytest.mark.parametrize(
    ("count", "english", "russian"),
    [
        (1, "1 more message", "ещё 1 сообщение"),
        (3, "3 more messages", "ещё 3 сообщения"),
        (11, "11 more", "ещё 11 сооб"),
    ],
)
def test_plurals(count: int, english: str, russian: str) -> None:
    assert more(count, "en").startswith(english)
    assert more(count, "ru").startswith(russian)
    assert more(count, "de") == more(count, "en")


def test_both_languages_have_the_same_words() -> None:
    plural = {"more_few", "more_many"}
    assert set(WORDS["en"]) == set(WORDS["ru"]) - plural
    for key, english in WORDS["en"].items():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", WORDS["ru"][key]))


def test_cuts_end_at_a_word() -> None:
    assert one_line("one two\nthree four five", 15) == "one two three…"
    assert one_line("onetwothreefour", 8) == "onetwot…"
    assert paragraph("a\n\n\n \n b  c", 99) == "a\n\nb  c"
