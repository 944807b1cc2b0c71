"""Outbound into requests: which, in which order, with which limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aiogram import methods

from channels.telegram import render
from domain.errors import Rejected, SendError, Unreachable
from domain.messages import Button, File, Outbound

PNG = File(name="plan.png", type="image/png", size=4, data=b"\x89PNG")
OGG = File(name="note.ogg", type="audio/ogg", size=4, data=b"OggS")
PDF = File(name="offer.pdf", type="application/pdf", size=4, data=b"%PDF")
ROW = ((Button(text="Take", data="take:1"), Button(text="Open", url="https://example.com")),)
PLAIN = Outbound(delivery="1", to="5001", text="Hello")


def requests(message: Outbound) -> list[Any]:
    return list(render.messages(message))


def test_a_plain_text_is_no_markup() -> None:
    [request] = requests(replace(PLAIN, text="1 < 2 & <b>"))
    assert isinstance(request, methods.SendMessage)
    assert (request.chat_id, request.text, request.parse_mode) == (5001, "1 < 2 & <b>", None)
    assert request.reply_markup is None


def test_html_goes_before_text() -> None:
    [request] = requests(replace(PLAIN, html="<b>Hello</b>"))
    assert (request.text, request.parse_mode) == ("<b>Hello</b>", "HTML")


def test_the_reply_hangs_on_the_first_part_and_the_buttons_under_the_last() -> None:
    first, last = requests(replace(PLAIN, text="word " * 1000, reply_to=("5001:7",), buttons=ROW))
    assert first.reply_parameters.message_id == 7
    assert first.reply_parameters.allow_sending_without_reply is True
    assert (last.reply_parameters, first.reply_markup) == (None, None)
    [[take, link]] = last.reply_markup.inline_keyboard
    assert (take.callback_data, take.url, link.callback_data, link.url) == ("take:1", None, None, "https://example.com")
    assert first.text + last.text == "word " * 1000


@pytest.mark.parametrize(
    ("refs", "expected"),
    [
        ((), None),
        (("<mail@example.com>", "-100:3"), None),
        (("-100:3", "5001:9", "5001:8"), 9),  # the nearest of this chat
        (("5001:", "5001:x", "5001:4"), 4),
    ],
)
def test_which_message_is_answered(refs: tuple[str, ...], expected: int | None) -> None:
    [request] = requests(replace(PLAIN, reply_to=refs))
    assert (request.reply_parameters and request.reply_parameters.message_id) == expected


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (PNG, methods.SendPhoto),
        (OGG, methods.SendVoice),
        (PDF, methods.SendDocument),
        (replace(PNG, type="image/svg+xml"), methods.SendDocument),
        (replace(PNG, data=b"x" * (10 * 1024 * 1024 + 1)), methods.SendDocument),
    ],
)
def test_files_by_type(file: File, kind: type) -> None:
    [request] = requests(replace(PLAIN, text="", files=(file,)))
    assert type(request) is kind


def test_a_short_text_is_the_first_files_caption() -> None:
    first, second = requests(replace(PLAIN, html="<i>Two</i>", files=(PNG, PDF), buttons=ROW))
    assert (first.caption, first.parse_mode, second.caption) == ("<i>Two</i>", "HTML", None)
    assert (first.reply_markup, bool(second.reply_markup)) == (None, True)


def test_a_text_longer_than_a_caption_goes_before_the_file() -> None:
    text, file = requests(replace(PLAIN, text="x" * 1025, files=(PDF,)))
    assert (type(text), type(file), file.caption) == (methods.SendMessage, methods.SendDocument, None)
    [one] = requests(replace(PLAIN, html=f"<b>{'x' * 1024}</b>", files=(PDF,)))  # tags do not count
    assert one.caption


def test_a_file_name_cannot_leave_its_header() -> None:
    [request] = requests(replace(PLAIN, text="", files=(replace(PDF, name='a"\r\nX: 1/../смета.pdf'),)))
    assert request.document.filename == "a_X: 1_.._смета.pdf"


def test_blank_parts_are_not_sent() -> None:
    assert [r.text for r in requests(replace(PLAIN, text="a" + "\n" * 9000))] == ["a" + "\n" * 4095]


def test_half_an_emoji_does_not_break_the_request() -> None:
    [request] = requests(replace(PLAIN, text="a\ud83d"))
    assert request.text.encode() == "a\ufffd".encode()


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (replace(PLAIN, text=""), Rejected),
        (replace(PLAIN, text=" \n"), Rejected),
        (replace(PLAIN, html="<b> </b>"), Rejected),
        (replace(PLAIN, to="anna"), Unreachable),
        (replace(PLAIN, buttons=((Button(text="x"),),)), Rejected),
        (replace(PLAIN, buttons=((Button(text="x", data="ж" * 33),),)), Rejected),
    ],
)
def test_what_telegram_would_refuse_is_not_asked(message: Outbound, kind: type[SendError]) -> None:
    with pytest.raises(kind):
        render.messages(message)


def test_edits() -> None:
    message = replace(PLAIN, edits="-100:5", html="<b>New</b>", buttons=ROW)
    text, caption = render.edit(message), render.edit_caption(message)
    assert isinstance(text, methods.EditMessageText)
    assert (text.chat_id, text.message_id, text.text, text.parse_mode) == (-100, 5, "<b>New</b>", "HTML")
    assert isinstance(caption, methods.EditMessageCaption)
    assert (caption.chat_id, caption.message_id, caption.caption) == (-100, 5, "<b>New</b>")
    buttons = render.edit(replace(message, html=None, text=""))
    assert isinstance(buttons, methods.EditMessageReplyMarkup)


def test_an_edit_that_is_too_long_ends_in_dots() -> None:
    edit = render.edit(replace(PLAIN, edits="-100:5", html=f"<b>{'x' * 5000}</b>"))
    assert isinstance(edit, methods.EditMessageText)
    assert edit.text == f"<b>{'x' * 4095}</b>…"


@pytest.mark.parametrize("ref", ["", "5", "a:b", "5:"])
def test_an_edit_of_nothing_is_refused(ref: str) -> None:
    with pytest.raises(Rejected):
        render.edit(replace(PLAIN, edits=ref))


def test_a_notice_is_cut_at_200() -> None:
    answer = render.answer(replace(PLAIN, answers="77", text="x" * 300))
    assert isinstance(answer, methods.AnswerCallbackQuery)
    assert (answer.callback_query_id, answer.text) == ("77", "x" * 200)
