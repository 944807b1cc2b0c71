"""The page of proof: every receipt of one person, to be printed, shown to him, or sent to an authority. Pure but for
reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from hashlib import sha256
from html import escape
from uuid import UUID

from people.person import person
from people.proof_words import actor_said, source_said
from store import consents
from store.consents import Receipt, Request
from store.engine import Connection
from store.permission import EVERYWHERE

_TEXTS = {
    "en": {
        "language": "en",
        "title": "Receipts of consent",
        "of": "of",
        "made": "Made",
        "by": "Receipts are only ever added: the database refuses to change or remove one. SHA-256 is of the text.",
        "none": "There is no receipt.",
        "granted": "Granted",
        "withdrawn": "Withdrawn",
        "undone": "Withdrawal taken back: what was agreed to before holds again",
        "waiting": "Asked, not answered: no consent",
        "confirmed": "Asked, and confirmed",
        "confirmed_at": "Confirmed",
        "at": "When",
        "purpose": "Purpose",
        "channel": "Channel",
        "all": "all",
        "source": "How",
        "actor": "Written down by",
        "address": "Address",
        "version": "Version",
        "text": "Text",
        "hash": "SHA-256",
        "erased": "(erased)",
        "receipt": "Receipt",
    },
    "ru": {
        "language": "ru",
        "title": "Подтверждения согласий",
        "of": "человека",
        "made": "Составлено",
        "by": "Подтверждения только добавляются: база данных не даёт изменить или удалить их. SHA-256 взят от текста.",
        "none": "Подтверждений нет.",
        "granted": "Дано",
        "withdrawn": "Отозвано",
        "undone": "Отзыв отменён: снова действует то, что было согласовано раньше",
        "waiting": "Запрошено, ответа нет: согласия нет",
        "confirmed": "Запрошено и подтверждено",
        "confirmed_at": "Подтверждено",
        "at": "Когда",
        "purpose": "Цель",
        "channel": "Канал",
        "all": "все",
        "source": "Как",
        "actor": "Кто записал",
        "address": "Адрес",
        "version": "Версия",
        "text": "Текст",
        "hash": "SHA-256",
        "erased": "(удалён)",
        "receipt": "Подтверждение",
    },
}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #18212b }
section { border-top: 1px solid #b8c0c8; padding: 1rem 0; break-inside: avoid }
h2 { font-size: 1rem; margin: 0 0 .5rem }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: .25rem 1rem; margin: 0 }
dt { color: #5a6673 } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap }
@media print { body { margin: 0; max-width: none } }
"""


async def page(
    connection: Connection, card: UUID, *, company: str, language: str, zone: tzinfo, now: datetime
) -> str | None:
    """The whole HTML document, without scripts and links; None when there is no such contact."""
    found = await person(connection, card)
    if found is None:
        return None
    who = found.name or next((a.value for a in found.addresses), str(found.id))
    receipts = sorted(found.receipts, key=lambda r: (r.at, r.id))
    asked = await consents.requests(connection, found.cards)
    return html(receipts, asked, who=f"{who} ({found.id})", company=company, language=language, zone=zone, now=now)


def html(
    receipts: Iterable[Receipt],
    asked: Iterable[Request] = (),
    *,
    who: str,
    company: str,
    language: str,
    zone: tzinfo,
    now: datetime,
) -> str:
    """The document of these receipts, in their order, and of what was asked for. Pure."""
    t = _TEXTS["ru" if language == "ru" else "en"]
    sections = "".join(_section(receipt, t, zone) for receipt in receipts) or f"<p>{t['none']}</p>"
    sections += "".join(_asked(request, t, zone) for request in asked)
    title = f"{t['title']} {t['of']} {escape(who)}"
    made = " · ".join(part for part in (escape(company), f"{t['made']} {_at(now, zone)}") if part)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p>{made}</p><p>{t['by']}</p>{sections}</body></html>"
    )


def _section(receipt: Receipt, t: dict[str, str], zone: tzinfo) -> str:
    rows = {
        "at": _at(receipt.at, zone),
        "purpose": receipt.purpose,
        "channel": t["all"] if receipt.channel in ("", EVERYWHERE) else receipt.channel,
        "address": receipt.address,
        "source": source_said(receipt.source, t["language"]),
        "actor": actor_said(receipt.actor, t["language"]),
        "version": receipt.version,
        "text": receipt.text,
        "hash": receipt.text_hash,
        "receipt": str(receipt.id),
    }
    return _shown(t[_said(receipt)], rows, t)


def _asked(request: Request, t: dict[str, str], zone: tzinfo) -> str:
    rows = {
        "at": _at(request.asked_at, zone),
        "purpose": request.purpose,
        "channel": request.channel or t["all"],
        "address": request.value,
        "source": source_said(request.source, t["language"]),
        "actor": actor_said(request.actor, t["language"]),
        "version": request.version,
        "text": request.text,
        "hash": sha256(request.text.encode()).hexdigest(),
        "confirmed_at": _at(request.confirmed_at, zone) if request.confirmed_at else "",
    }
    return _shown(t["confirmed" if request.confirmed_at else "waiting"], rows, t)


def _shown(title: str, rows: Mapping[str, str], t: Mapping[str, str]) -> str:
    lines = "".join(f"<dt>{t[name]}</dt><dd>{escape(value)}</dd>" for name, value in rows.items() if value)
    return f"<section><h2>{title}</h2><dl>{lines}</dl></section>"


def _said(receipt: Receipt) -> str:
    if not receipt.granted:
        return "withdrawn"
    return "undone" if receipt.channel == EVERYWHERE else "granted"


def _at(when: datetime, zone: tzinfo) -> str:
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M:%S %z}"
