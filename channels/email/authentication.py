"""Did the owner of the address in From write this mail? As the server that took it in found. Pure, never raises.

RFC 8601 (Authentication-Results). Only the topmost field counts, and only when it bears the name of our own server:
whatever stands below may be the sender's invention. A server puts its field above all that came from outside, and is to
strike out what came under its name (section 5), but not every one does; so a second field of that name is not read.
The domain that was checked must be the one in From, or one above it, as in DMARC's relaxed alignment (RFC 7489, section
3.1), without its siblings and without a list of public suffixes: where that list would be needed, From only claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from channels.email.headers import Headers
from domain.addresses import normalise_domain
from domain.messages import Proof

FIELD = "authentication-results"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[()]|[^"()\\]+', re.DOTALL)
_STATED = re.compile(r"([a-z][\w-]*)(?:/\d+)?=([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"([a-z]+\.[a-z][\w-]*)=(.*)", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SPECIAL = re.compile(r"[\s;=()]")
_SECOND_LEVEL = frozenset(
    "ac asso co com edu gen go gob gouv gov gv ind info int ltd mil msk ne net nom nov or org plc pp spb".split()
)
"""Below a country's domain these are nobody's own: co.uk, com.ru, msk.ru."""
_LONGEST = 5000
"""Characters. A field that was cut on the way to us may end in the middle of a domain: gmail.com[.evil.example]."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found."""

    method: str
    outcome: str
    properties: Mapping[str, str]
    """"smtp.mailfrom", "header.d" and so on; "?" where one was named twice, with different values."""


def proof(headers: Headers, receivers: Sequence[str]) -> Proof | None:
    """By what the address in From is proved, the strongest check first; None when nothing that we trust vouches for it.

    `receivers`: the names of our own server, "mx.example.com" or "*.example.com" (`ImapSettings.receivers`).
    """
    author = _author(headers)
    if not author or not headers.count(FIELD):
        return None
    receiver, results = read(headers.raw(FIELD))
    if not any(_is_named(receiver, name) for name in receivers):
        return None
    if any(result.method == "dmarc" and result.outcome == "fail" for result in results):
        return None  # the domain in From asks for more than we do (RFC 7489, section 6.3: adkim, aspf)
    found = {kind for result in results if result.outcome == "pass" and (kind := _vouches(result, author))}
    return next((kind for kind in (Proof.DMARC, Proof.DKIM, Proof.SPF) if kind in found), None)


def _author(headers: Headers) -> str:
    """The domain in From; empty unless there is one From with one address, for the server may have read another."""
    wrote = headers.mailboxes("from")
    is_plain = headers.count("from") == 1 and _QUOTED.sub("", headers.raw("from")).count("@") == 1
    return wrote[0][1].rpartition("@")[2] if is_plain and len(wrote) == 1 else ""


def _is_named(receiver: str, name: str) -> bool:
    return receiver.endswith(name[1:]) if name.startswith("*.") else receiver == name


def _vouches(result: Result, author: str) -> Proof | None:
    said = result.properties
    match result.method:
        case "dmarc" if _domain(said.get("header.from", "")) == author:
            return Proof.DMARC
        case "dkim" if _is_aligned(_domain(said.get("header.d") or said.get("header.i", "")), author):
            return Proof.DKIM
        # "smtp.mail" is Yandex's. Not smtp.helo: any host calls itself anything
        case "spf" if _is_aligned(_domain(said.get("smtp.mailfrom") or said.get("smtp.mail", "")), author):
            return Proof.SPF
    return None


def _domain(value: str) -> str:
    return normalise_domain(value.rpartition("@")[2]) or ""


def _is_aligned(checked: str, author: str) -> bool:
    return bool(checked) and (checked == author or (author.endswith(f".{checked}") and not _is_shared(checked)))


def _is_shared(domain: str) -> bool:
    second, _, top = domain.partition(".")
    return len(top) == 2 and second in _SECOND_LEVEL


def read(value: str) -> tuple[str, tuple[Result, ...]]:
    """Who checked, in lower case, and what he found. ("", ()) for a field that is not written as it should be."""
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # bytes, as the email package gives them
    receiver, *statements = _bare(text[: _LONGEST + 1]).split(";")
    name, *version = receiver.split() or [""]
    if len(value) > _LONGEST or "=" in name or version not in ([], ["1"]):
        return "", ()
    return name.lower(), tuple(_results(statements))


def _results(statements: Sequence[str]) -> Iterator[Result]:
    for statement in statements:
        method, *words = statement.split() or [""]
        if stated := _STATED.fullmatch(method):
            yield Result(stated[1].lower(), stated[2].lower(), _properties(words))


def _properties(words: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for word in words:
        if stated := _PROPERTY.fullmatch(word):
            name = stated[1].lower()
            found[name] = stated[2] if found.get(name, stated[2]) == stated[2] else "?"
    return found


def _bare(value: str) -> str:
    """The field without comments, its quoted strings harmless, no blanks around "=", "/" and "."; empty when unsound.

    A quoted string is one within a comment, too: servers repeat the sender there, and `"a) dkim=pass ("@b.example` is
    an address. Only by such a one is a comment or a quote left open.
    """
    out: list[str] = []
    depth = end = 0
    for token in _TOKEN.finditer(value):
        if token.start() != end:
            return ""
        end, text = token.end(), token[0]
        depth += (text == "(") - (text == ")")
        if depth < 0:
            return ""
        if text in "()":
            out.append(" ")
        elif not depth:
            out.append(_SPECIAL.sub("\ufffd", text[1:-1]) if text[0] == '"' else text)
    flat = " ".join("".join(out).split())
    for sign in "=/.":
        flat = flat.replace(f" {sign}", sign).replace(f"{sign} ", sign)
    return flat if end == len(value) and not depth else ""
