"""Normal forms of addresses: the same person typed differently must come out equal. Pure.

E-mail: RFC 5321 section 2.4 (the domain is case-insensitive; the local part, in practice, too), RFC 5890
(an international domain is kept in its ASCII form). Phone: E.164 by the metadata of `phonenumbers`.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

from domain.messages import Address, AddressKind

_LOCAL = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_CHAT = re.compile(r"-?[0-9]{1,20}")
_EXIT_CODE = re.compile(r"^\s*00[\s\-(]*(?=[1-9])")
"""The most common way to begin an international number, also typed where the country's own way is another (RU: 810)."""


def normalise_email(text: str) -> str | None:
    """The address in lower case with an ASCII domain, or None when it is not one.

    Takes the bare address, not a header: no display name, no comment, no quoted local part. "=?" is refused: mail
    programs take it for an encoded word (RFC 2047), which may hide a line break.
    """
    local, at, host = unicodedata.normalize("NFKC", text).strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or local[0] == "." or local[-1] == "." or ".." in local or "=?" in local:
        return None
    domain = _ascii_domain(host.rstrip(".").lower())
    return f"{local.lower()}@{domain}" if domain else None


def _ascii_domain(host: str) -> str | None:
    try:
        ascii_host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return None
    labels = ascii_host.lower().split(".")
    if len(labels) < 2 or len(ascii_host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return ".".join(labels)


def normalise_phone(text: str, country: str) -> str | None:
    """E.164 ("+79161234567"), with ";ext=123" behind it when an extension was given; None when it is not a number.

    `country` (ISO 3166-1 alpha-2) says where a national number is from: in RU "8 916 ..." and "007 916 ..." are one.
    """
    text = unicodedata.normalize("NFKC", text)
    try:
        number = phonenumbers.parse(_EXIT_CODE.sub("+", text), country.upper())
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    extension = phonenumbers.normalize_digits_only(number.extension or "")
    return f"{plain};ext={extension}" if extension else plain


def normalise_chat(text: str) -> str | None:
    """A Telegram chat or user id as a decimal string, negative for groups; None when it is not one."""
    text = text.strip()
    return str(int(text)) if _CHAT.fullmatch(text) and text.isascii() else None


def email(text: str, *, proved: bool = False) -> Address | None:
    """The e-mail address, or None when the text is not one."""
    value = normalise_email(text)
    return Address(kind=AddressKind.EMAIL, value=value, proved=proved) if value else None


def phone(text: str, country: str, *, proved: bool = False) -> Address | None:
    """The phone, or None when the text is not one."""
    value = normalise_phone(text, country)
    return Address(kind=AddressKind.PHONE, value=value, proved=proved) if value else None


def telegram(text: str, *, proved: bool = False) -> Address | None:
    """The Telegram user or chat, or None when the text is not an id."""
    value = normalise_chat(text)
    return Address(kind=AddressKind.TELEGRAM, value=value, proved=proved) if value else None
