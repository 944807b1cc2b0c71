"""In which encoding a text file is written. The whole file is looked through once, in constant memory.

Valid UTF-8 is UTF-8. Among the Cyrillic encodings a wrong guess still gives letters, so each is judged by how often
its letters stand in Russian, and by what no word has: a capital behind a small letter, a soft sign at the beginning.
"""

from __future__ import annotations

import codecs
from collections import Counter
from pathlib import Path

from people.files.texts import Unreadable

_CHUNK = 1 << 18
_SAMPLE = 1 << 16
"""Bytes with letters beyond ASCII that are judged."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ("windows-1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic", "windows-1252")
"""Where two say the same of a file, the first is taken."""
_FREQUENT = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфёъ"
_COST = {letter: 2.2 + 0.12 * place for place, letter in enumerate(_FREQUENT)} | dict.fromkeys("іїєґў", 6.5)
_MARK_COST = dict.fromkeys("«»„“”‘’–—…№°€₽\u00a0\u00ad", 4.0)
_STRANGE, _FOREIGN = 12.0, 5.0
_BROKEN_CASE, _MIXED, _BAD_START = 6.0, 4.0, 6.0


def detect(path: Path) -> str:
    """Python's name of the encoding. Raises Unreadable when the file is no text."""
    with path.open("rb") as file:
        head = file.read(_CHUNK)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if b"\0" in head:
        return _wide(head)
    sample = _not_utf8(path)
    return _best(sample) if sample else "utf-8"


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: then nearly every character is of the first pages of Unicode."""
    for name in ("utf-16-le", "utf-16-be"):
        text = head[: len(head) & ~1].decode(name, "replace")
        usual = sum(each in "\t\r\n" or " " <= each <= "\u04ff" or "\u2010" <= each <= "\u2122" for each in text)
        if usual >= 0.95 * len(text):
            return name
    raise Unreadable("binary")


def _not_utf8(path: Path) -> bytes:
    """A sample of what stands beyond ASCII when the file is not UTF-8, empty when it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, sample = True, b""
    with path.open("rb") as file:
        while (chunk := file.read(_CHUNK)) and (valid or len(sample) < _SAMPLE):
            if len(sample) < _SAMPLE and not chunk.isascii():
                sample += b" " + _around(chunk)[:_SAMPLE]
            valid = valid and _decodes(decoder, chunk)
    return b"" if valid and _decodes(decoder, b"", final=True) else sample


def _around(chunk: bytes) -> bytes:
    """The chunk from a little before its first byte beyond ASCII."""
    first = len(chunk) - len(chunk.lstrip(bytes(range(128))))
    return chunk[max(0, first - 20) :]


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _best(sample: bytes) -> str:
    damaged = sample.decode("utf-8", "replace")
    if damaged.count("\ufffd") * 10 < sum(not each.isascii() for each in damaged):
        return "utf-8"
    return min(_CANDIDATES, key=lambda name: _strangeness(sample.decode(name, "replace")))


def _strangeness(text: str) -> float:
    """How unlike Russian, or unlike a western language, this is. Lower is better."""
    pairs = Counter(zip(" " + text, text, strict=False))
    return sum(times * _pair_cost(before, letter) for (before, letter), times in pairs.items())


def _pair_cost(before: str, letter: str) -> float:
    if letter.isascii():
        return _MIXED if letter.isalpha() and _is_russian(before) else 0.0
    if not _is_russian(letter):
        return _MARK_COST.get(letter, _FOREIGN if letter.isalpha() and letter < "\u0180" else _STRANGE)
    cost = _COST[letter.lower()]
    if before.isascii() and before.isalpha():
        cost += _MIXED
    if letter.isupper() and before.islower():
        cost += _BROKEN_CASE
    if letter in "ьъыЬЪЫ" and not before.isalpha():
        cost += _BAD_START
    return cost


def _is_russian(letter: str) -> bool:
    return letter.lower() in _COST
