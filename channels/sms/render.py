"""`Outbound` -> the texts and templates that Twilio takes, and to whom. Pure."""

from __future__ import annotations

import json
import re

from domain.errors import Rejected
from domain.messages import Outbound
from domain.templates import Template

LONGEST = 1600
"""Characters that one message may have (Twilio's error 21617)."""

_SENTENCE = re.compile(r"[.!?…]['\")»”]*\s+|\n+")
_SPACE = re.compile(r"\s+")


def parts(message: Outbound) -> list[str]:
    """The text in pieces of at most 1600 characters. Raises Rejected for what no SMS can carry.

    Files are refused, not left out in silence: Twilio fetches media from public addresses, and ours are not public.
    """
    if message.files:
        raise Rejected("an SMS from here carries no files yet; send a link, or answer on another channel")
    text = message.text.replace("\x00", "").strip()
    if not text:
        raise Rejected("there is no text to send")
    return split(text)


def template(given: Template) -> dict[str, str]:
    """The parameters that send an approved template in place of a text. Raises Rejected.

    Twilio takes no empty value (https://www.twilio.com/docs/api/errors/21656) and none of more than 1600 characters
    (https://www.twilio.com/docs/content/using-variables-with-content-api). Each stands on one line.
    """
    values = {name: " ".join(value.replace("\x00", "").split()) for name, value in given.values.items()}
    if empty := next((name for name, value in values.items() if not value), None):
        raise Rejected(f"the template's variable {{{{{empty}}}}} is empty: give it a default")
    if any(len(value) > LONGEST for value in values.values()):
        raise Rejected(f"a variable of the template is longer than {LONGEST} characters")
    return {"content_sid": given.id, **({"content_variables": json.dumps(values)} if values else {})}


def split(text: str, longest: int = LONGEST) -> list[str]:
    """Cut after sentences where possible, else between words, else anywhere; only white space is lost."""
    pieces: list[str] = []
    while len(text) > longest:
        end = _last(_SENTENCE, text, longest) or _last(_SPACE, text, longest) or longest
        pieces.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*pieces, text] if text else pieces


def _last(border: re.Pattern[str], text: str, longest: int) -> int:
    """Where the last border ends whose visible part still fits; 0 when there is none in the second half."""
    ends = [found.end() for found in border.finditer(text, longest // 2, longest + 1)]
    return ends[-1] if ends else 0


def recipient(message: Outbound, prefix: str) -> str:
    """The number as Twilio wants it: without an extension, with "whatsapp:" where the channel has it."""
    return prefix + message.to.partition(";")[0]
