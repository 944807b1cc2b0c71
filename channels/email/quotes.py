"""What a person wrote just now: the text of a reply without the quoted tail and the signature. Pure.

Mail programs mark the quoted mail with a line that introduces it, with ">" before each line, or only with the old
header. Nothing marks it for certain, so where nothing would be left, or where somebody answered between the quoted
lines, the text stays as it was.
"""

from __future__ import annotations

import re

_LONGEST_LINE = 400
_LONGEST = 200_000
"""Characters above which a text is no letter of a person, and is left as it is."""

_INTRODUCES = re.compile(
    r"""^\W{0,3}(?:
      On\b.{4,300}\bwrote:?                                # Gmail, Apple Mail
    | .{0,200}\b(?:пишет|писал(?:\(?а\)?)?|написал(?:\(?а\)?)?)(?:\s\(?а\)?)?\s*:  # Apple Mail, Thunderbird in Russian
    | .{0,40}\d{4}.{0,60}<[^<>\s]+@[^<>\s]+>\s*:           # Gmail ("... г. в 15:04, Иван <a@b.c>:"), Yandex
    | .{0,60}\d{1,2}:\d{2}.{0,30}\sот\s.{1,150}:           # Mail.ru ("..., 15:04 +03:00 от Иван <a@b.c>:")
    | .{0,80}\bhat\b.{0,120}\bgeschrieben:
    )\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"^\W*-{2,}\s*(?:Original Message|Original-Nachricht|Исходное сообщение|Исходное письмо)\s*-*\W*$", re.I
)
_FORWARDED = re.compile(
    r"^\W*-{2,}\s*(?:Forwarded message|Пересылаемое сообщение|Пересланное сообщение|Пересланное письмо)|"
    r"^\W*(?:Begin forwarded message|Начало переадресованного сообщения)\s*:",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(r"^\s*(?:fwd?|fw|пересл\w*|пер)\s*:", re.IGNORECASE)
_OLD_FROM = re.compile(r"^\W{0,4}(?:From|От(?: кого)?)\W{0,3}:\W{0,3}\s*\S", re.IGNORECASE)
_OLD_FIELD = re.compile(r"^\W{0,4}(?:Sent|Date|To|Subject|Отправлено|Дата|Кому|Тема)\W{0,3}:", re.IGNORECASE)
_UNDERLINE = re.compile(r"^\s*_{10,}\s*$")
_SENT_FROM = re.compile(
    r"^\W*(?:Sent (?:from (?:my|Mail|Yahoo|Outlook)|via)|Get Outlook for|Отправлено (?:с|из|от)|Послано из) .{0,120}$",
    re.IGNORECASE,
)


def new_text(text: str, subject: str = "") -> str:
    """The text without quoted tail and signature; all of it when nothing would be left, or when it is a forward."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if len(text) > _LONGEST:
        return text
    lines = text.split("\n")
    kept = lines if _is_forward(lines, subject) else _without_quote(lines)
    kept = _without_signature(kept)
    return "\n".join(kept).strip() or text.strip()


def _is_forward(lines: list[str], subject: str) -> bool:
    return bool(_FORWARD_SUBJECT.match(subject)) or any(_FORWARDED.match(line[:_LONGEST_LINE]) for line in lines)


def _without_quote(lines: list[str]) -> list[str]:
    start = next((at for at in range(len(lines)) if _starts_quote(lines, at)), None)
    if start is not None:
        tail = lines[start:]
        quoted = [at for at, line in enumerate(tail) if line.lstrip().startswith(">")]
        if not quoted:
            return lines[:start]
        if not any(line.strip() for line in tail[quoted[-1] + 1 :]) and not _is_interleaved(tail, quoted):
            return lines[:start]
        lines = lines if _is_interleaved(tail, quoted) else lines[:start] + tail[quoted[-1] + 1 :]
        return lines
    return _without_marked_tail(lines)


def _is_interleaved(tail: list[str], quoted: list[int]) -> bool:
    """Whether somebody wrote between the quoted lines."""
    return any(tail[at].strip() for at in range(quoted[0], quoted[-1]) if not tail[at].lstrip().startswith(">"))


def _without_marked_tail(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    return lines[:end]


def _starts_quote(lines: list[str], at: int) -> bool:
    line = lines[at].strip()[:_LONGEST_LINE]
    if not line or line.startswith(">"):
        return False
    if _SEPARATOR.match(line) or _introduces(lines, at):
        return True
    if _UNDERLINE.match(line):
        return any(_OLD_FROM.match(each[:_LONGEST_LINE]) for each in lines[at + 1 : at + 4])
    return (
        bool(_OLD_FROM.match(line))
        and sum(bool(_OLD_FIELD.match(each[:_LONGEST_LINE])) for each in lines[at + 1 : at + 8]) >= 2
    )


def _introduces(lines: list[str], at: int) -> bool:
    """An introduction may be broken over up to three lines, without a blank one between."""
    joined = ""
    for line in lines[at : at + 3]:
        if not line.strip() or line.lstrip().startswith(">"):
            return False
        joined = f"{joined} {line.strip()}".strip()[:_LONGEST_LINE]
        if _INTRODUCES.match(joined):
            return True
        if not re.match(
            r"\W{0,3}(?:On\b|\d|пн|вт|ср|чт|пт|сб|вс|Понед|Втор|Сред|Четв|Пятн|Субб|Воскр)", joined, re.IGNORECASE
        ):
            return False
    return False


def _without_signature(lines: list[str]) -> list[str]:
    """Up to a line "-- " (RFC 3676, section 4.3), without the advertisement of a telephone's mail program."""
    for at, line in enumerate(lines):
        if line.rstrip("\r") in ("-- ", "--") and any(each.strip() for each in lines[:at]):
            lines = lines[:at]
            break
    end = len(lines)
    while end and (not lines[end - 1].strip() or _SENT_FROM.match(lines[end - 1].strip()[:_LONGEST_LINE])):
        end -= 1
    return lines[:end] if any(line.strip() for line in lines[:end]) else lines
