"""What is wrong with a content, said before it is sent. Pure: nothing is fetched."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Literal, get_args

import nh3

from broadcasts.content import links, variables
from broadcasts.content.blocks import CHANNELS, Block, Button, Channel, Content, Footer, Image, Variants, walk, words_of
from broadcasts.content.compiled import Compiled, Filled, compile
from broadcasts.content.mail import CLIPPED
from broadcasts.content.marks import OURS, UNSUBSCRIBE, House, NotCompiled, Seen
from broadcasts.content.parse import NotContent, Problem
from broadcasts.content.preview import PlainUrls
from broadcasts.content.texts import FINDINGS
from broadcasts.content.variables import TemplateError
from domain import sms

Severity = Literal["error", "warning", "note"]
TELEGRAM_TEXT, TELEGRAM_CAPTION = 4096, 1024
"""UTF-16 units of what is seen (https://core.telegram.org/bots/api#sendmessage, #sendphoto)."""
SITE = OURS[2]
PARTS = 3
"""Parts of an SMS above which it is said."""

_SEVERITY: Mapping[str, Severity] = {
    "attachment_skips": "note",
    "attachment_sms": "warning",
    "button_leads_nowhere": "warning",
    "button_vanishes": "warning",
    "image_no_alt": "warning",
    "link_placeholder": "warning",
    "link_private": "warning",
    "no_address": "warning",
    "sms_parts": "warning",
    "whatsapp_no_template": "warning",
    "telegram_caption": "warning",
    "telegram_long": "warning",
    "too_big": "warning",
    "variable_no_default": "warning",
    "link_personal": "note",
}
"""All others are errors: the mailing does not start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing to mend, or to know."""

    code: str
    """Also the key of its words in `broadcasts/content/texts.py`."""
    where: str
    """Its place in the content's JSON: "blocks[2].url"."""
    facts: tuple[tuple[str, str | int], ...] = ()

    @property
    def severity(self) -> Severity:
        """Whether it stops the mailing, is to be thought over, or only said."""
        return _SEVERITY.get(self.code, "error")

    def say(self, language: str) -> str:
        """The finding in words, English for a language that we do not have."""
        return FINDINGS.get(language, FINDINGS["en"])[self.code].format(**dict(self.facts))


def check(
    content: Content,
    *,
    house: House,
    known: Collection[str],
    channels: Sequence[Channel] = CHANNELS,
    sample: Mapping[str, str] | None = None,
    most_parts: int = PARTS,
) -> list[Finding]:
    """All findings for these channels, each once, the errors first.

    `known` are the variables that contacts have; `sample` one person's values, by which lengths are measured.
    """
    found = [*_texts(content, known, house), *_attachments(content, known, channels)]
    if not any(one.severity == "error" and one.code.startswith("template") for one in found):
        found += _blocks(content, house, channels)
        for channel in channels:
            found += _channel(content, channel, house, sample or {}, most_parts)
    order = ("error", "warning", "note")
    return sorted(dict.fromkeys(found), key=lambda one: order.index(one.severity))


def require_templates(content: Content) -> None:
    """Raise NotContent for texts that are no templates, all at once: nobody could be sent them.

    What is only not ready yet, such as a button without an address, is let through.
    """
    found = []
    for where, source in _sources(content):
        try:
            variables.pieces(source)
        except TemplateError as error:
            found.append(_problem(where, error.key, error.detail))
    if not found:
        for channel in get_args(Channel):
            try:
                compile(content, channel, house=House(company="Leadwire"))
            except NotCompiled as error:
                found.append(_problem(error.where or content.said(channel)[0], error.key, error.detail))
    if found:
        raise NotContent(list({problem.path: problem for problem in found}.values()))


def _problem(where: str, key: str, detail: str) -> Problem:
    return Problem(path=where, code=_code(key), facts={"detail": detail})


def _sources(content: Content) -> Iterator[tuple[str, str]]:
    """Every text that may hold variables, with its place."""
    yield "subject", content.subject
    yield "preheader", content.preheader
    said: dict[str, Sequence[Block]] = {"blocks": content.blocks}
    for channel in CHANNELS:
        if own := content.variant(channel):
            said[f"variants.{channel}.blocks"] = own.blocks
            yield f"variants.{channel}.text", own.text
    if template := content.variants.whatsapp:
        yield from ((f"variants.whatsapp.values.{name}", text) for name, text in template.values.items())
    for where, blocks in said.items():
        for place, block in walk(where, blocks):
            yield from (
                (f"{place}.{name}", value) for name, value in block if isinstance(value, str) and name != "type"
            )


def _texts(content: Content, known: Collection[str], house: House) -> Iterator[Finding]:
    """What stands in braces: is it a template, and are its variables known?"""
    for where, source in _sources(content):
        try:
            used = list(variables.names(source))
        except TemplateError as error:
            yield _template(where, error.key, error.detail)
            continue
        for name, defaulted in used:
            facts = (("name", name),)
            if name == SITE and not house.site:
                yield Finding(code="no_site", where=where)
            if name in {UNSUBSCRIBE, *OURS}:
                continue
            if name not in known and name not in content.variables:
                yield Finding(code="variable_unknown", where=where, facts=facts)
            elif not defaulted and not content.variables.get(name):
                yield Finding(code="variable_no_default", where=where, facts=facts)


def _attachments(content: Content, known: Collection[str], channels: Sequence[Channel]) -> Iterator[Finding]:
    """Each one's own files: may the cards have them, and does every channel carry them?"""
    for number, one in enumerate(content.attachments):
        where, facts = f"attachments[{number}]", (("name", one.name or one.field),)
        if one.field and one.field not in known:
            yield Finding(code="attachment_field", where=where, facts=facts)
        elif one.missing == "skip":
            yield Finding(code="attachment_skips", where=where, facts=facts)
    if content.attachments and {"sms", "whatsapp"} & set(channels):
        yield Finding(code="attachment_sms", where="attachments")


def _template(where: str, key: str, detail: str) -> Finding:
    return Finding(code=_code(key), where=where, facts=(("detail", detail),))


def _code(key: str) -> str:
    return f"template_{key}" if f"template_{key}" in FINDINGS["en"] else "template"


def _blocks(content: Content, house: House, channels: Sequence[Channel]) -> Iterator[Finding]:
    """What a draft may leave out, and a mailing may not."""
    for where, blocks in dict(map(content.said, channels)).items():
        for place, block in walk(where, blocks):
            match block:
                case Image(src=""):
                    yield Finding(code="image_no_source", where=f"{place}.src")
                case Image(alt=""):
                    yield Finding(code="image_no_alt", where=f"{place}.alt")
                case Button(url=""):
                    yield Finding(code="button_no_url", where=f"{place}.url")
                case Footer() if not house.address:
                    yield Finding(code="no_address", where=place)


def _channel(
    content: Content, channel: Channel, house: House, sample: Mapping[str, str], most_parts: int
) -> Iterator[Finding]:
    own, (where, _) = content.variant(channel), content.said(channel)
    if own is not None and own.text:
        where = f"variants.{words_of(channel)}.text"
    try:
        compiled = compile(content, channel, house=house)
        names = {name for _, source in _sources(content) for name, _ in variables.names(source)}
    except NotCompiled as error:
        yield _template(error.where or where, error.key, error.detail)
        return
    yield from _buttons(content, channel, house)
    filled = compiled.fill({name: sample.get(name) or name for name in names}, PlainUrls())
    for seen in compiled.seen:
        yield from _address(seen)
        if seen.picture:
            yield from _picture(seen, content, compiled, house)
    match channel:
        case "email":
            yield from _email(content, compiled, filled, where)
        case "telegram":
            yield from _telegram(filled, where, has_photo=bool(filled.photo or compiled.attached))
        case "sms":
            yield from _sms(filled, where, most_parts)
        case "whatsapp":
            yield from _whatsapp(filled, where)


def _picture(seen: Seen, content: Content, compiled: Compiled, house: House) -> Iterator[Finding]:
    """One of the content's own: is it there, and can it be fetched?"""
    hosted = links.hosted(seen.url)
    name, is_fetched = hosted or links.attached(seen.url), hosted in compiled.hosted
    one, facts = content.pictures.get(name), (("name", name),)
    if name and (one is None or (is_fetched and not one.token)):
        yield Finding(code="picture_missing", where=seen.where, facts=facts)
    elif is_fetched and not house.public_url:
        yield Finding(code="picture_unhosted", where=seen.where, facts=facts)


def _buttons(content: Content, channel: Channel, house: House) -> Iterator[Finding]:
    """Those that are no buttons for whom their variables are empty: Telegram is sent none, a mail's leads to "#"."""
    where, blocks = content.said(channel)
    code = {"telegram": "button_vanishes", "email": "button_leads_nowhere"}.get(channel)
    for place, block in walk(where, blocks):
        if code and isinstance(block, Button) and block.url:
            alone = content.model_copy(update={"blocks": (block,), "variants": Variants()})
            compiled = compile(alone, "telegram", house=house)
            if compiled.variables and not compiled.fill({}, PlainUrls()).buttons:
                names = ", ".join(sorted({name for name, _ in variables.names(f"{block.text} {block.url}")}))
                yield Finding(code=code, where=f"{place}.url", facts=(("name", names),))


def _address(seen: Seen) -> Iterator[Finding]:
    facts = (("url", seen.url),)
    if not seen.url:
        return
    if not seen.usable:
        yield Finding(code="link_unusable", where=seen.where, facts=facts)
    elif seen.personal:
        if not seen.picture:
            yield Finding(code="link_personal", where=seen.where, facts=facts)
    elif not _is_own(seen) and (doubt := links.doubt(seen.url)):
        yield Finding(code=f"link_{doubt}", where=seen.where, facts=facts)


def _is_own(seen: Seen) -> bool:
    return seen.picture and bool(links.attached(seen.url) or links.hosted(seen.url))


def _email(content: Content, compiled: Compiled, filled: Filled, where: str) -> Iterator[Finding]:
    own = content.variant("email")
    if not content.subject.strip():
        yield Finding(code="subject_empty", where="subject")
    if not (content.said("email")[1] or (own and own.text.strip())):
        yield Finding(code="empty" if own is None else "no_text", where=where)
        return
    if not compiled.leaves:
        yield Finding(code="no_unsubscribe", where=where)
    if (size := len(filled.html.encode())) > CLIPPED:
        yield Finding(code="too_big", where=where, facts=(("kilobytes", size // 1024),))


def _telegram(filled: Filled, where: str, *, has_photo: bool) -> Iterator[Finding]:
    seen = unescape(nh3.clean(filled.html, tags=set())) if filled.html else filled.text
    count = len(seen.encode("utf-16-le")) // 2
    if not seen.strip() and not has_photo:
        yield Finding(code="no_text", where=where)
    if count > TELEGRAM_TEXT:
        yield Finding(code="telegram_long", where=where, facts=(("count", count), ("most", TELEGRAM_TEXT)))
    elif has_photo and count > TELEGRAM_CAPTION:
        yield Finding(code="telegram_caption", where=where, facts=(("count", count), ("most", TELEGRAM_CAPTION)))


def _whatsapp(filled: Filled, where: str) -> Iterator[Finding]:
    if filled.template is None:
        yield Finding(code="whatsapp_no_template", where="variants.whatsapp")
        if not filled.text:
            yield Finding(code="no_text", where=where)


def _sms(filled: Filled, where: str, most: int) -> Iterator[Finding]:
    parts = sms.measure(filled.text).parts
    if not parts:
        yield Finding(code="no_text", where=where)
    if parts > most:
        yield Finding(code="sms_parts", where=where, facts=(("parts", parts), ("most", most)))
