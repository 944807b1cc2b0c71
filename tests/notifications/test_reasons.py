"""Reasons as a person reads them, from the words that adapters and providers use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.codes import REASONS as TWILIO
from notifications.reasons import COLLEAGUES, REASONS, explain, key_of
from router.late import ASKED

CASES = [
    ("suppressed: asked to stop", "stopped"),
    ("suppressed: the user lets the bot write no more", "bot_blocked"),
    ("Forbidden: bot was blocked by the user", "bot_blocked"),
    ("Forbidden: user is deactivated", "deactivated"),
    ("Bad Request: chat not found", "no_chat"),
    ("5.1.1 smtp; 550 5.1.1 <a@x.example>: user unknown", "no_mailbox"),
    ("550 No such user here", "no_mailbox"),
    ("5.2.2 mailbox full", "mailbox_full"),
    ("554 5.7.1 message looks like spam", "filtered"),
    ("the phone is switched off or out of reach (30003)", "phone_off"),
    ("Bad Request: file must be non-empty", "empty_file"),
    ("the mail has 31457280 bytes, the server takes 10485760 SIZE", "too_large"),
    ("the file 'plan.pdf' is not in the file store any more", "file_gone"),
    ("an SMS from here carries no files yet; send a link, or answer on another channel", "sms_files"),
    ("a fault in Leadwire itself (KeyError); the log has the details", "fault"),
    ("given up after 10 attempts: 502", "no_answer"),
    (TWILIO[21610], "stopped"),
    (TWILIO[21211], "no_number"),
    (TWILIO[21614], "no_sms"),
    (TWILIO[30004], "carrier"),
    (TWILIO[30005], "no_number"),
    (TWILIO[30006], "no_sms"),
    (TWILIO[30007], "filtered"),
    (TWILIO[63016], "whatsapp_late"),
    (f"{TWILIO[63016]} (63016); {ASKED}", "whatsapp_asked"),
    (TWILIO[63024], "no_whatsapp"),
    ("something that nobody has seen", None),
    ("", None),
]


@pytest.mark.parametrize(("raw", "key"), CASES)
def test_what_is_known(raw: str, key: str | None) -> None:
    assert key_of(raw) == key
    for language in ("en", "ru", "de"):
        assert explain(raw, language) == (REASONS[key].get(language, REASONS[key]["en"]) if key else raw)


def test_it_says_what_to_do_next() -> None:
    blocked = "Forbidden: bot was blocked by the user"
    assert explain(blocked, "en") == "The customer has stopped the bot. Call, or wait until he writes again."
    assert "Клиент остановил бота" in explain(blocked, "ru")
    assert explain(blocked, "en", colleague=True).startswith("The colleague has stopped the bot")
    assert explain("no such user", "en", colleague=True) == "no such user"


@pytest.mark.parametrize("table", [REASONS, COLLEAGUES])
def test_both_languages_are_there(table: dict[str, dict[str, str]]) -> None:
    for texts in table.values():
        assert set(texts) == {"en", "ru"}
        assert all(len(text) < 200 for text in texts.values())


@given(st.text(max_size=300), st.sampled_from(["en", "ru"]))
def test_any_reason_has_words(raw: str, language: str) -> None:
    assert bool(explain(raw, language)) == bool(raw)
