"""What the pages show: facts for the templates, and the templates rendered. Pure but for reading the templates once."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from channels.form.check import STARTED
from channels.form.settings import CONSENT, LANGUAGE, FieldSettings, FormSettings, Language
from domain.messages import utcnow
from portal.texts import TEXTS

STATIC = Path(__file__).parent / "static"
_NAMES: dict[Language, str] = {"en": "English", "ru": "Русский"}
_AUTOCOMPLETE = {"email": "email", "phone": "tel", "name": "name", "company": "organization", "city": "address-level2"}
_HTML_TYPE = {
    "text": Markup('type="text"'),
    "email": Markup('type="email"'),
    "phone": Markup('type="tel"'),
    "date": Markup('type="date"'),
    "number": Markup('type="text" inputmode="decimal"'),  # type=number refuses a decimal comma in silence
}
_EXAMPLES = {
    "email": "anna@example.com",
    "phone": "+44 20 7946 0018",
    "number": "12.5",
    "date": "2026-01-31",
    "checkbox": "yes",
    "file": "",
    "text": "Anna",
    "textarea": "How much is it?",
    "hidden": "",
}
_CARRIED = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "_page", "_referrer")
"""What a link to the page may bring along, for `Source`."""

_env = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_env.globals.update(html_type=_HTML_TYPE, autocomplete=_AUTOCOMPLETE)


def render(template: str, language: Language, **facts: Any) -> str:
    """One page. `facts` must hold `static`; what a page may lack is given here."""
    facts = {"languages": (), "embedded": False, "t": TEXTS[language], **facts}
    return _env.get_template(template).render(language=language, **facts)


def form_facts(
    form: FormSettings,
    language: Language,
    *,
    query: Mapping[str, str],
    referrer: str,
    answers: Mapping[str, str] | None = None,
    errors: Mapping[str, tuple[str, ...]] | None = None,
    problem: str = "",
    files_lost: bool = False,
) -> dict[str, Any]:
    """What `form.html` shows. `answers` are an earlier try's values; `errors` and `problem` say why it failed;
    `files_lost`, that its files have to be chosen again (a browser lets no page refill them).
    """
    answers = answers if answers is not None else {one.name: query.get(one.name, "") for one in form.fields}
    return {
        "form": form,
        "answers": answers,
        "errors": errors or {},
        "problem": problem,
        "files_lost": files_lost,
        "labels": _labels(form, language),
        "optional": _optional(form),
        "contact_hint": not _contact_required(form),
        "hidden_fields": _hidden(language, query, referrer, answers),
        "embedded": "embed" in query,
        "languages": () if "embed" in query else language_links(query),
    }


def language_links(query: Mapping[str, str]) -> list[tuple[Language, str, str]]:
    """(code, its own name, link to this page in it)."""
    kept = {key: value for key, value in query.items() if key != LANGUAGE}
    return [(code, label, "?" + urlencode({**kept, LANGUAGE: code})) for code, label in _NAMES.items()]


def _labels(form: FormSettings, language: Language) -> dict[str, str]:
    return {one.name: one.label.text(language) or one.name for one in form.fields} | {CONSENT: TEXTS[language].consent}


def _contact_required(form: FormSettings) -> bool:
    return any(one.required and one.type in {"email", "phone"} for one in form.fields)


def _optional(form: FormSettings) -> set[str]:
    """Fields that are marked as optional; while either of two ways to answer is enough, neither is called that."""
    asked = {"email", "phone"} if not _contact_required(form) else set()
    return {one.name for one in form.fields if not one.required and one.type not in asked}


def _hidden(language: Language, query: Mapping[str, str], referrer: str, answers: Mapping[str, str]) -> dict[str, str]:
    fresh = {"_key": secrets.token_hex(16), STARTED: str(int(utcnow().timestamp())), "_referrer": referrer[:2000]}
    brought = {name: query[name][:2000] for name in _CARRIED if query.get(name)}
    again = {name: answers[name] for name in (*_CARRIED, "_key", STARTED) if answers.get(name)}
    return {LANGUAGE: language, **fresh, **brought, **again}


def snippets(form: FormSettings, language: Language, url: str) -> dict[str, str]:
    """The ways to put a form into a page. `url` is the hosted form's address."""
    script = f'<script src="{url}/embed.js" async></script>'
    title = Markup.escape(form.title.text(language))
    return {
        "script": script,
        "frame": f'<iframe src="{url}?embed=1&amp;lang={language}" title="{title}" width="100%" height="640"></iframe>',
        "html": _plain_form(form, language, url),
        "own": f'<form data-leadwire="{url.rpartition("/")[2]}">…</form>\n{script}',
        "json": _curl(form, url),
    }


def _curl(form: FormSettings, url: str) -> str:
    sent = {one.name: one.options[0].value if one.options else _EXAMPLES[one.type] for one in form.fields}
    sent = {name: text for name, text in sent.items() if text} | ({CONSENT: "yes"} if form.consent else {})
    sent |= {one.name: "yes" for one in form.consents}
    body = json.dumps(sent, ensure_ascii=False, indent=2).replace("'", "’")
    key = f"Idempotency-Key: {secrets.token_hex(16)}"  # a key to copy must not be one that others can guess
    lines = ("Accept: application/json", "Content-Type: application/json", key)
    return f"curl {url} \\\n" + "".join(f"  -H '{line}' \\\n" for line in lines) + f"  -d '{body}'"


def _plain_form(form: FormSettings, language: Language, url: str) -> str:
    encoding = ' enctype="multipart/form-data"' if form.takes_files else ""
    lines = [f'<form method="post" action="{url}"{encoding}>']
    lines += [_plain_field(one, language) for one in form.fields]
    lines.append(f'  <input name="{form.honeypot}" tabindex="-1" autocomplete="off" hidden>')
    if form.consent:
        required = " required" if form.consent.required else ""
        text = Markup.escape(form.consent.text.text(language))
        lines.append(f'  <label><input type="checkbox" name="{CONSENT}" value="yes"{required}> {text}</label>')
    for one in form.consents:
        text = Markup.escape(one.text.text(language))
        lines.append(f'  <label><input type="checkbox" name="{one.name}" value="yes"> {text}</label>')
    return "\n".join([*lines, f"  <button>{Markup.escape(form.button.text(language))}</button>", "</form>"])


def _plain_field(one: FieldSettings, language: Language) -> str:
    label = Markup.escape(one.label.text(language) or one.name)
    attributes = f'name="{one.name}"' + (" required" if one.required else "")
    if one.type == "hidden":
        return f'  <input type="hidden" {attributes} value="">'
    if one.type == "textarea":
        return f"  <label>{label} <textarea {attributes}></textarea></label>"
    if one.type == "select":
        options = "".join(
            f'\n    <option value="{Markup.escape(option.value)}">'
            f"{Markup.escape(option.label.text(language) or option.value)}</option>"
            for option in one.options
        )
        return f"  <label>{label} <select {attributes}>{options}\n  </select></label>"
    kind = {"phone": "tel", "number": "text"}.get(one.type, one.type)
    return f'  <label>{label} <input type="{kind}" {attributes}></label>'
