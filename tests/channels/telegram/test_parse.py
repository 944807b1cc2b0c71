"""Updates into events: a table over captured samples, and whatever hypothesis thinks of."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telegram.parse import Parsed, parse
from domain.messages import Address, AddressKind, Automatic, ChannelName, Inbound, Report, ReportKind
from tests.channels.telegram.samples import NAMES, sample

BOT = ChannelName("main-bot")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GROUP = "-1001234567890"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
ANNA = Address(kind=AddressKind.TELEGRAM, value="5001", proved=True)
JOHN = Address(kind=AddressKind.TELEGRAM, value="5002", proved=True)

IGNORED = {
    "button_of_game",
    "edited_live_location",
    "group_joined",
    "kind_not_asked_for",
    "made_administrator",
    "pinned",
}
REPORTS = {
    "blocked": (ReportKind.STOPPED, "5001"),
    "unblocked": (ReportKind.RESUMED, "5001"),
    "removed_from_group": (ReportKind.STOPPED, GROUP),
    "muted_in_group": (ReportKind.STOPPED, GROUP),
}

# What each sample says beside who wrote it: only what differs from an empty Inbound.
INBOUND: dict[str, dict[str, Any]] = {
    "text": {"text": "Здравствуйте! Сколько стоит окно 1200×1400?", "language": "ru", "name": "Анна Смирнова"},
    "text_english": {"text": "How much is delivery to Leeds?", "language": "en", "name": "John", "addresses": (JOHN,)},
    "text_marked_up": {
        "text": "Смотрите прайс <тут>, срочно",
        "html": 'Смотрите <a href="https://example.com/p?a=1&b=2">прайс</a> &lt;тут&gt;, с<b>рочно</b>',
    },
    "text_with_url": {"text": "см. https://example.com", "html": None},
    "start": {"text": "/start", "campaign": ""},
    "start_payload": {"text": "/start spring-sale_7", "campaign": "spring-sale_7"},
    "photo_caption": {"text": "Вот проём"},
    "photo_of_album": {"fields": {"album": "13851234567890123", "content": "photo"}},
    "document": {"fields": {"content": "document"}},
    "document_nameless": {"fields": {"content": "document"}},
    "voice": {"fields": {"content": "voice"}},
    "audio": {"fields": {"content": "audio"}},
    "video": {"text": "Так стучит"},
    "video_note": {"fields": {"content": "video_note"}},
    "animation": {"fields": {"content": "animation"}},
    "sticker": {"fields": {"content": "sticker", "sticker": "👍"}},
    "sticker_animated": {"fields": {"content": "sticker", "sticker": "😂"}},
    "contact_own": {
        "addresses": (ANNA, Address(kind=AddressKind.PHONE, value="+79161234567", proved=True, proof="shared")),
        "fields": {"content": "contact", "phone": "79161234567", "name": "Анна Смирнова"},
    },
    "contact_own_foreign": {
        "addresses": (JOHN, Address(kind=AddressKind.PHONE, value="+447400123456", proved=True, proof="shared")),
        "fields": {"content": "contact", "phone": "447400123456", "name": "John"},
    },
    "contact_other": {
        "addresses": (ANNA,),
        "fields": {"content": "contact", "phone": "+7 916 765-43-21", "name": "Пётр"},
    },
    "location": {"fields": {"content": "location", "latitude": "55.755826", "longitude": "37.6173"}},
    "venue": {
        "fields": {
            "content": "venue",
            "venue": "Офис",
            "address": "Невский пр., 28",
            "latitude": "59.93",
            "longitude": "30.36",
        }
    },
    "poll": {"text": "Когда?\n- Утром\n- Вечером", "fields": {"content": "poll"}},
    "dice": {"text": "🎲", "fields": {"content": "dice"}},
    "edited": {
        "text": "Окно 1300×1400, я ошиблась",
        "fields": {"edited": "1"},
        "ref": "5001:126",
        "external_id": "5001:126:edit:870000126",
        "received_at": datetime.fromtimestamp(1764009999, UTC),
    },
    "reply_with_quote": {"text": "Да, это", "refers_to": ("5001:77",), "fields": {"quote": "монтаж"}},
    "reply_external": {"text": "Вот об этом", "refers_to": ("-1009:5",)},
    "forward_user": {"text": "Хочу такое же", "fields": {"forwarded_from": "John"}},
    "forward_hidden": {"text": "Хочу такое же", "fields": {"forwarded_from": "Мария К."}},
    "forward_channel": {"text": "Хочу такое же", "fields": {"forwarded_from": "Новости окон"}},
    "button": {
        "external_id": "cb:4382bfdwdsb323b2d9",
        "addresses": (JOHN,),
        "button": "take:019ab",
        "button_id": "4382bfdwdsb323b2d9",
        "refers_to": (f"{GROUP}:310",),
        "thread": GROUP,
        "chat": GROUP,
        "received_at": NOW,
    },
    "button_under_old_message": {"button": "yes", "button_id": "99", "refers_to": ("5001:12",), "thread": "5001"},
    "group_text": {"addresses": (JOHN,), "text": "/take@okna_bot 17", "thread": GROUP, "chat": GROUP},
    "group_reply_in_topic": {
        "addresses": (JOHN,),
        "refers_to": (f"{GROUP}:310",),
        "fields": {"topic": "9"},
        "chat": GROUP,
    },
    "group_text_in_topic": {"addresses": (JOHN,), "refers_to": (), "fields": {"topic": "9"}, "chat": GROUP},
    "group_anonymous_admin": {
        "addresses": (Address(kind=AddressKind.TELEGRAM, value=GROUP, proved=True),),
        "name": "Продажи",
        "fields": {},
        "automatic": None,
    },
    "group_other_bot": {
        "addresses": (Address(kind=AddressKind.TELEGRAM, value="43", proved=True),),
        "automatic": Automatic.REPLY,
        "fields": {"username": "other_bot"},
    },
    "group_migrated": {
        "addresses": (JOHN,),
        "chat": "-4567",
        "fields": {"migrate_to_chat_id": GROUP},
        "unreadable": "",
    },
    "story": {"unreadable": "Telegram message without words: story", "ref": "5001:125"},
    "message_of_the_future": {"unreadable": "Telegram message without words: unknown", "ref": "5001:141"},
    "message_broken": {"text": "Алло?", "external_id": "update:870000152", "thread": "5001"},
    "kind_of_the_future": {
        "text": "Помогите",
        "unreadable": "Telegram update not understood: unknown kind hologram",
        "external_id": "update:870000150",
    },
}

MEDIA = {
    "photo_caption": ("AgACAgIAAxx", "photo.jpg", "image/jpeg", 145201),  # the largest of three sizes
    "photo_of_album": ("AgACAgIAAxa", "photo.jpg", "image/jpeg", 9000),
    "document_nameless": ("BQACd2", "file", "application/octet-stream", 0),
    "voice": ("AgACAgIAAxv", "voice.ogg", "audio/ogg", 8123),
    "audio": ("AgACAgIAAxau", "song.mp3", "audio/mpeg", 812300),
    "video": ("AgACAgIAAxvi", "IMG_0001.MP4", "video/mp4", 912345),
    "video_note": ("AgACAgIAAxvn", "video-note.mp4", "video/mp4", 301222),
    "animation": ("AgACAgIAAxan", "cat.mp4", "video/mp4", 52000),
    "sticker": ("AgACAgIAAxst", "sticker.webp", "image/webp", 17000),
    "sticker_animated": ("AgACAgIAAxsa", "sticker.tgs", "application/x-tgsticker", 9000),
    "document": (
        "AgACAgIAAxd",
        "смета.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        48211,
    ),
}


def read(update: dict[str, Any]) -> Parsed:
    return parse(update, channel=BOT, country="RU", now=NOW)


def test_every_sample_has_an_expectation() -> None:
    assert set(NAMES) == IGNORED | REPORTS.keys() | INBOUND.keys()


@pytest.mark.parametrize("name", sorted(IGNORED))
def test_what_concerns_nobody(name: str) -> None:
    assert read(sample(name)).event is None


@pytest.mark.parametrize(("name", "expected"), REPORTS.items())
def test_reports(name: str, expected: tuple[ReportKind, str]) -> None:
    report = read(sample(name)).event
    assert isinstance(report, Report)
    assert report.address
    assert (report.kind, report.address.value) == expected
    assert report.at == datetime.fromtimestamp(1764001000, UTC)
    assert report.external_id == ""


@pytest.mark.parametrize(("name", "expected"), INBOUND.items())
def test_messages(name: str, expected: dict[str, Any]) -> None:
    event = read(sample(name)).event
    assert isinstance(event, Inbound)
    seen = {key: event.source.campaign if key == "campaign" else getattr(event, key) for key in expected}
    if "fields" in expected and ANNA in event.addresses:
        expected = {**expected, "fields": {"username": "anna_s", **expected["fields"]}}
    assert seen == expected
    assert event.channel == BOT
    assert event.addresses[0] == expected.get("addresses", (ANNA,))[0]


@pytest.mark.parametrize("name", sorted(INBOUND))
def test_only_an_unreadable_message_carries_its_update(name: str) -> None:
    event = read(sample(name)).event
    assert isinstance(event, Inbound)
    assert bool(event.raw) is bool(event.unreadable)
    if event.raw:
        assert json.loads(event.raw.data) == sample(name)
        assert event.raw.size == len(event.raw.data)


@pytest.mark.parametrize("name", sorted(INBOUND))
def test_files(name: str) -> None:
    held = read(sample(name)).media
    assert (held and (held.file_id, held.name, held.type, held.size)) == MEDIA.get(name)


def test_a_private_chat_is_answered_at_the_senders_address() -> None:
    event = read(sample("text")).event
    assert isinstance(event, Inbound)
    assert (event.external_id, event.ref, event.thread, event.chat) == ("5001:101", "5001:101", "5001", "")
    assert event.received_at == datetime.fromtimestamp(1764000101, UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"contact": {"user_id": 5002}},  # somebody else's
        {"contact": {"user_id": None}},  # of nobody on Telegram
        {"contact": {"phone_number": "12"}},
        {"forward_origin": sample("forward_user")["message"]["forward_origin"]},  # may be years old
        {"sender_chat": {"id": -100123, "type": "channel", "title": "News"}},
    ],
)
def test_only_ones_own_contact_proves_a_phone(change: dict[str, Any]) -> None:
    update = sample("contact_own")
    contact = update["message"]["contact"] | change.get("contact", {})
    update["message"] |= change | {"contact": contact}
    event = read(update).event
    assert isinstance(event, Inbound)
    assert [address.kind for address in event.addresses] == [AddressKind.TELEGRAM]
    assert event.fields["phone"] == contact["phone_number"]


def test_a_username_is_no_address() -> None:
    update = sample("text")
    update["message"]["from"]["username"] = "a79161234567"
    event = read(update).event
    assert isinstance(event, Inbound)
    assert (event.addresses, event.fields["username"]) == ((ANNA,), "a79161234567")


def test_two_edits_of_one_message_are_two_events() -> None:
    first, second = sample("edited"), sample("edited")
    second["update_id"] += 1
    one, other = read(first).event, read(second).event
    assert isinstance(one, Inbound) and isinstance(other, Inbound)
    assert one.external_id != other.external_id
    assert one.ref == other.ref


def test_an_unreadable_reason_names_the_place_and_not_the_content() -> None:
    event = read(sample("message_broken")).event
    assert isinstance(event, Inbound)
    assert "message.date" in event.unreadable
    assert "yesterday" not in event.unreadable


@pytest.mark.parametrize("name", NAMES)
def test_the_same_update_twice_is_the_same_event(name: str) -> None:
    assert read(sample(name)) == read(sample(name))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, part in inner for deeper in paths(part, (*path, key)))]


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_no_damage_makes_parse_raise(name: str, data: st.DataObject) -> None:
    update = sample(name)
    place = data.draw(st.sampled_from([path for path in paths(update) if path not in {(), ("update_id",)}]))
    holder: Any = update
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = data.draw(json_values)
    event = read(update).event
    assert event is None or event.channel == BOT


@settings(max_examples=100, deadline=None)
@given(body=st.dictionaries(st.sampled_from(["message", "callback_query", "my_chat_member", "x"]), json_values))
def test_nonsense_is_never_an_exception(body: dict[str, Any]) -> None:
    event = read({"update_id": 1, **body}).event
    if isinstance(event, Inbound):
        assert event.unreadable
        assert event.external_id == "update:1"


@settings(max_examples=100, deadline=None)
@given(text=st.text(min_size=1), offset=st.integers(-5, 40), length=st.integers(-5, 40))
def test_entities_out_of_place_do_not_cost_the_text(text: str, offset: int, length: int) -> None:
    update = sample("text")
    update["message"] |= {"text": text, "entities": [{"type": "bold", "offset": offset, "length": length}]}
    event = read(update).event
    assert isinstance(event, Inbound)
    left = CONTROL.sub("", text)
    assert (event.text, event.unreadable) == (left, "" if left else event.unreadable)


def test_what_no_database_can_hold_is_replaced() -> None:
    update = sample("text")
    update["message"] |= {"text": "a\0b\ud83d c"}
    event = read(update).event
    assert isinstance(event, Inbound)
    assert event.text == "ab\ufffd c"


def test_a_text_keeps_its_lines_and_tabs() -> None:
    update = sample("text")
    update["message"] |= {"text": "a\r\n\tb\x1b\x85c"}
    event = read(update).event
    assert isinstance(event, Inbound)
    assert event.text == "a\n\tbc"


BAD = "\0\x1b\x9b\n\t\r\ud83d"
"""What may stand in no name: NUL, C0, C1, a line's end, a tab, half a surrogate pair."""


def spoiled(value: Any) -> Any:
    """The same JSON with BAD inside of every text, but for those that are words of the protocol."""
    if isinstance(value, dict):
        return {key: part if key in {"type", "status"} else spoiled(part) for key, part in value.items()}
    if isinstance(value, list):
        return [spoiled(part) for part in value]
    return f"a{BAD}b" if isinstance(value, str) else value


def lines(event: Inbound) -> list[str]:
    """Everything that is a name, not a text."""
    fields = {name: value for name, value in event.fields.items() if name != "quote"}
    return [event.external_id, event.name, event.button_id, *fields, *fields.values()]


@pytest.mark.parametrize("name", NAMES)
def test_no_control_character_comes_through(name: str) -> None:
    parsed = read(spoiled(sample(name)))
    if not isinstance(parsed.event, Inbound):
        return
    names = lines(parsed.event) + ([parsed.media.name, parsed.media.type] if parsed.media else [])
    assert not [text for text in names if CONTROL.search(text) or "\n" in text or "\t" in text]
    texts = [parsed.event.text, parsed.event.html or "", parsed.event.button or "", parsed.event.unreadable]
    assert not CONTROL.search("".join(texts))
    assert "".join([*names, *texts]).encode()


def test_a_files_name_cannot_pretend_to_be_another() -> None:
    update = sample("document")
    update["message"]["document"]["file_name"] = "price\u202egpj.exe"
    media = read(update).media
    assert media
    assert media.name == "pricegpj.exe"


ADMINISTRATORS = {"id": int(GROUP), "type": "supergroup", "title": "Sales"}
STAND_IN = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}


@pytest.mark.parametrize("kind", ["message", "edited_message"])
@pytest.mark.parametrize("chat_type", ["group", "supergroup", "channel", "a type to come"])
@pytest.mark.parametrize("sender", [{"sender_chat": ADMINISTRATORS, "from": STAND_IN}, {"sender_chat": ADMINISTRATORS}])
def test_a_group_is_seen_whoever_writes_in_it(kind: str, chat_type: str, sender: dict[str, Any]) -> None:
    """Who claims a staff account in a group would claim it for everybody there: the desk looks at `chat`."""
    message = {key: value for key, value in sample("text")["message"].items() if key != "from"}
    message |= sender | {"chat": ADMINISTRATORS | {"type": chat_type}, "text": "/start staff-1"}
    event = read({"update_id": 1, kind: message}).event
    assert isinstance(event, Inbound)
    assert (event.chat, event.thread, event.addresses[0].value) == (GROUP, GROUP, GROUP)


@pytest.mark.parametrize(
    "body",
    [
        {"message": {"sender_chat": ADMINISTRATORS, "from": STAND_IN, "chat": ADMINISTRATORS, "date": "?"}},
        {"callback_query": {"from": ADMINISTRATORS, "message": {"chat": ADMINISTRATORS}}},
    ],
)
def test_a_group_is_seen_even_when_nothing_else_is_understood(body: dict[str, Any]) -> None:
    event = read({"update_id": 1, **body}).event
    assert isinstance(event, Inbound)
    assert event.unreadable
    assert (event.chat, event.addresses[0].value) == (GROUP, GROUP)
