"""A `Submission` against a form's fields -> an `Inbound`, or what is wrong with each field. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

from channels.form.parse import Submission, Upload, one_line
from channels.form.settings import CONSENT, LANGUAGE, FieldSettings, FormSettings, Language
from channels.form.texts import TEXTS, Texts
from domain import addresses
from domain.messages import Address, ChannelName, Inbound, Source, Ticked

SPAM = "_spam"
"""The field that says why this is probably not a person's: "honeypot" or "too fast"."""
CONSENT_VERSION = "_consent_version"
STARTED = "_time"
"""The hidden field with the Unix time (seconds) at which the page was made."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_UTM = ("source", "medium", "campaign", "term", "content")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 ]*([.,][0-9]+)?")
_TICKED = frozenset({"on", "yes", "true", "1", "да"})
_MB = 1024 * 1024
_MOST_EXTRAS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldErrors:
    """Why the form was not taken: sentences in the visitor's language by field name."""

    errors: Mapping[str, tuple[str, ...]]
    language: Language = "en"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What a submission is checked against."""

    channel: ChannelName
    form: FormSettings
    country: str
    max_file: int


@dataclass(slots=True)
class _Findings:
    rules: Rules
    submission: Submission
    errors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    addresses: list[Address] = field(default_factory=list)

    @property
    def texts(self) -> Texts:
        return TEXTS[self.submission.language]

    def blame(self, name: str, *sentences: str) -> None:
        self.errors[name] = self.errors.get(name, ()) + sentences


def receipt(channel: str, key: str, content: str) -> str:
    """ "LW-XXXX-XXXX-XXXX" in Crockford's base 32 (no I, L, O, U): the same for the same channel, key and content.

    `key` is the sender's idempotency key, `content` the digest of what was sent. The key alone would not do: whoever
    guesses one ("order-1043") could send it first, and the real submission would vanish as a duplicate.

    60 bits: that any two of a million submissions share one has a chance of 1 in 2,000,000. With two groups
    (40 bits) it would be 1 in 3, and the second submission would vanish as a duplicate of the first.
    """
    number = int.from_bytes(sha256(f"{channel}\x00{content}\x00{key}".encode(errors="replace")).digest()[:8])
    digits = "".join(_CROCKFORD[number >> shift & 31] for shift in range(59, -1, -5))
    return f"LW-{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def check(rules: Rules, submission: Submission, key: str, now: datetime) -> Inbound | FieldErrors:
    """The message that this submission is, or what its sender has to mend. Never raises.

    `key` is the idempotency key, `now` an aware time. The same key with the same content has the same external id;
    with other content it is another message.
    """
    found = _Findings(rules, submission)
    for one in rules.form.fields:
        _check_field(found, one)
    _check_contact(found)
    _check_consent(found)
    if found.errors:
        return FieldErrors(errors=_in_order(found), language=submission.language)
    _keep_extras(found)
    number = receipt(rules.channel, key, _content(found))
    if spam := _spam(rules.form, submission, now):
        found.fields[SPAM] = spam
    return _inbound(found, number, now)


def _check_field(found: _Findings, one: FieldSettings) -> None:
    if one.type == "file":
        _check_files(found, one)
        return
    text = found.submission.values.get(one.name, "")
    if one.type == "checkbox":
        text = "yes" if text.lower() in _TICKED else ""
    elif one.type != "textarea" and "\n" in text:
        text = " ".join(text.split())
    if not text:
        if one.required:
            found.blame(one.name, found.texts.required)
        return
    if len(text) > one.longest:
        found.blame(one.name, found.texts.too_long.format(limit=one.longest, length=len(text)))
        return
    found.fields[one.name] = text
    if checker := _CHECKERS.get(one.type):
        checker(found, one, text)


def _email(found: _Findings, one: FieldSettings, text: str) -> None:
    _address(found, one, addresses.email(text), found.texts.email)


def _phone(found: _Findings, one: FieldSettings, text: str) -> None:
    _address(found, one, addresses.phone(text, found.rules.country), found.texts.phone)


def _address(found: _Findings, one: FieldSettings, address: Address | None, complaint: str) -> None:
    if address is None:
        found.blame(one.name, complaint)
    elif address not in found.addresses:
        found.addresses.append(address)


def _choice(found: _Findings, one: FieldSettings, text: str) -> None:
    if text not in {option.value for option in one.options}:
        found.blame(one.name, found.texts.choice)


def _number(found: _Findings, one: FieldSettings, text: str) -> None:
    if not _NUMBER.fullmatch(text):
        found.blame(one.name, found.texts.number)


def _date(found: _Findings, one: FieldSettings, text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        found.blame(one.name, found.texts.date)


_CHECKERS: dict[str, Callable[[_Findings, FieldSettings, str], None]] = {
    "email": _email,
    "phone": _phone,
    "select": _choice,
    "number": _number,
    "date": _date,
}


def _check_files(found: _Findings, one: FieldSettings) -> None:
    uploads = [upload.file for upload in found.submission.uploads if upload.field == one.name]
    if one.required and not uploads:
        found.blame(one.name, found.texts.required)
    if len(found.submission.uploads) > found.rules.form.max_files:
        found.blame(one.name, found.texts.too_many_files.format(limit=found.rules.form.max_files))
    for file in uploads:
        if file.size > found.rules.max_file:
            limit = found.rules.max_file // _MB
            found.blame(one.name, found.texts.file_too_large.format(name=file.name, limit=limit))
        if not file.size:
            found.blame(one.name, found.texts.file_empty.format(name=file.name))


def _check_consent(found: _Findings) -> None:
    consent = found.rules.form.consent
    if consent and consent.required and not _consented(found):
        found.blame(CONSENT, found.texts.consent)


def _consented(found: _Findings) -> bool:
    return _is_ticked(found, CONSENT)


def _is_ticked(found: _Findings, name: str) -> bool:
    return found.submission.values.get(name, "").lower() in _TICKED


def _ticked(found: _Findings) -> tuple[Ticked, ...]:
    """What was agreed to, as it stood on the page in the visitor's language."""
    form, language = found.rules.form, found.submission.language
    mailings = [one for one in form.consents if _is_ticked(found, one.name)]
    told = [Ticked(purpose=one.purpose, text=one.text.text(language), version=one.version) for one in mailings]
    if form.consent and _consented(found):
        told.insert(0, Ticked(purpose="service", text=form.consent.text.text(language), version=form.consent.version))
    return tuple(told)


def _check_contact(found: _Findings) -> None:
    ways = [one.name for one in found.rules.form.fields if one.type in {"email", "phone"}]
    if not found.addresses and not any(name in found.errors for name in ways):
        found.blame(ways[0], found.texts.contact)


def _in_order(found: _Findings) -> dict[str, tuple[str, ...]]:
    """As on the page, so that a summary of the errors reads from top to bottom."""
    names = [*(one.name for one in found.rules.form.fields), CONSENT]
    return {name: found.errors[name] for name in names if name in found.errors}


def _keep_extras(found: _Findings) -> None:
    """Fields that a page has and the settings do not are kept, bounded: somebody meant to ask for them."""
    form = found.rules.form
    reserved = {form.honeypot, LANGUAGE, CONSENT} | {one.name for one in form.fields}
    reserved |= {one.name for one in form.consents}
    extras = [
        (name, text)
        for name, text in found.submission.values.items()
        if text and name and name not in reserved and not name.startswith(("_", "utm_"))
    ]
    found.fields.update((name, text[:500]) for name, text in extras[:_MOST_EXTRAS])


def _content(found: _Findings) -> str:
    """A digest, in hex, of what the visitor said: checked fields, ticked consent, files.

    Not of the page's times and marks, nor of the spam verdict, which a second try of the same changes.
    """
    files = [[upload.field, upload.file.name, sha256(upload.file.data).hexdigest()] for upload in _wanted(found)]
    said: list[object] = [sorted(found.fields.items()), _consented(found), files]
    said += [one.name for one in found.rules.form.consents if _is_ticked(found, one.name)]
    return sha256(json.dumps(said).encode()).hexdigest()


def _spam(form: FormSettings, submission: Submission, now: datetime) -> str:
    if submission.values.get(form.honeypot):
        return "honeypot"
    started = submission.values.get(STARTED, "")
    if started.isascii() and started.isdigit() and len(started) <= 12:
        return "too fast" if 0 <= now.timestamp() - int(started) < form.min_seconds else ""
    return ""


def _inbound(found: _Findings, external_id: str, now: datetime) -> Inbound:
    form, submission, ticked = found.rules.form, found.submission, _ticked(found)
    consent = form.consent if form.consent and _consented(found) else None
    if consent and consent.version:
        found.fields[CONSENT_VERSION] = consent.version
    areas = [found.fields[one.name] for one in form.fields if one.type == "textarea" and one.name in found.fields]
    return Inbound(
        channel=found.rules.channel,
        external_id=external_id,
        addresses=tuple(found.addresses),
        received_at=now,
        text="\n\n".join(areas),
        name=one_line(found.fields.get("name") or found.fields.get("Name", "")),
        language=submission.language,
        files=tuple(upload.file for upload in _wanted(found)),
        fields=found.fields,
        consents=tuple(one.text for one in ticked),
        ticked=ticked,
        source=_source(found.rules.channel, submission),
    )


def _wanted(found: _Findings) -> list[Upload]:
    names = {one.name for one in found.rules.form.fields if one.type == "file"}
    return [upload for upload in found.submission.uploads if upload.field in names]


def _source(form: str, submission: Submission) -> Source:
    values = submission.values
    page = _web_address(values.get("_page") or submission.page)
    query = dict(parse_qsl(page.partition("?")[2].partition("#")[0])) if "utm_" in page else {}
    # one_line: what an address hides behind percent signs was not cleaned with the values
    utm = {name: one_line(values.get(f"utm_{name}") or query.get(f"utm_{name}", ""))[:200] for name in _UTM}
    return Source(
        page=page,
        referrer=_web_address(values.get("_referrer", "")),
        form=form,
        utm={name: text for name, text in utm.items() if text},
    )


def _web_address(text: str) -> str:
    """Only what is safe to put into a link: http or https, of a bounded length, on one line."""
    if len(text) > 2000 or text != one_line(text):
        return ""
    try:
        return text if urlsplit(text).scheme in {"http", "https"} else ""
    except ValueError:
        return ""
