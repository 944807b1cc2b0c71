"""A customer's message in the seller's chat: the text always, and such files as the chat can show. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from domain.messages import File
from notifications.lines import one_line
from notifications.reasons import explain
from notifications.sales import KIND_ICONS
from notifications.words import words
from store.cards import EXCERPT
from store.messages import Message

LONGEST = 12_000
"""Characters of a message that go into the chat; a longer one comes as a file as well."""
_MOST_NAMED = 20
EMPTY = "the file is empty"


class Unsendable(NamedTuple):
    """A file that the chat cannot show."""

    name: str
    reason: str


def stored_files(message: Message) -> list[Mapping[str, Any]]:
    """The references to its files, and to the original of one that could not be read."""
    stored = list(message.facts.get("files") or ())
    raw = message.facts.get("raw")
    return [*stored, raw] if raw and message.facts.get("unreadable") else stored


def is_on_card(message: Message, *, first: bool) -> bool:
    """Whether the card, under which it comes, shows the text whole."""
    return first and len(message.text) <= EXCERPT


def whole_text(message: Message) -> tuple[File, ...]:
    """The text as a file, when it is too long for a chat."""
    if len(message.text) <= LONGEST:
        return ()
    data = message.text.encode("utf-8", "replace")
    return (File(name="message.txt", type="text/plain", size=len(data), data=data),)


def relayed(
    message: Message, kind: str, language: str, *, shown: Sequence[File], unsendable: Sequence[Unsendable], brief: bool
) -> str:
    """The plain text. `brief`: without the customer's words, which are on the card; then the files are named."""
    say = words(language)
    icon = KIND_ICONS.get(kind, "•")
    head = f"{icon} {one_line(message.name or message.address or say['customer'], 100)}"
    if (subject := one_line(message.subject or "", 200)) and not brief:
        head += f"\n{subject}"
    named = [f"📎 {one_line(file.name, 100)}" for file in shown] if brief else []
    missing = [f"📎 {one_line(f.name, 100)}: {one_line(explain(f.reason, language), 300)}" for f in unsendable]
    parts = [head, "" if brief else _words(message, say), "\n".join([*named, *missing][:_MOST_NAMED])]
    return "\n\n".join(filter(None, parts)).strip()


def _words(message: Message, say: Mapping[str, str]) -> str:
    if reason := message.facts.get("unreadable"):
        return say["unreadable"].format(reason=one_line(str(reason), 200))
    return message.text if len(message.text) <= LONGEST else message.text[:LONGEST] + say["whole"]
