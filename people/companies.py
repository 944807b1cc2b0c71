"""Companies: one for each name, however it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from domain.ids import new_id
from domain.messages import utcnow
from store import companies
from store.engine import Connection

KINDS = ("client", "partner")
_WORDS = re.compile(r"[^\W_]+")
_LEGAL_FORMS = frozenset(
    """ооо оао зао пао ао нао ип чп тоо нпо гк фгуп муп гуп нко ано ltd limited llc llp lp inc incorporated corp
    corporation co plc gmbh ag ug kg ohg sa sas sarl srl spa bv nv ab as oy pte pty""".split()
)


def key_of(name: str) -> str:
    """The name without case, quotes and legal form; "" when there is nothing in it. Pure."""
    words = _WORDS.findall(name.casefold().replace("ё", "е"))
    return " ".join([word for word in words if word not in _LEGAL_FORMS] or words)[:200]


async def put(connection: Connection, names: Iterable[str], kind: str = "client") -> dict[str, UUID]:
    """Find or make these companies; key (`key_of`) -> the company. Names with nothing in them are left out."""
    now = utcnow()
    plain = {key: " ".join(name.replace("\x00", "").split())[:200] for name in names if (key := key_of(name))}
    return await companies.put(connection, [(new_id(), name, key, kind, now) for key, name in plain.items()])


class Member(NamedTuple):
    """A card's place in a company."""

    card: UUID
    company: UUID
    position: str = ""


async def join(connection: Connection, members: Iterable[Member], *, source: str) -> None:
    """These cards belong to these companies."""
    now = utcnow()
    rows = {(m.card, m.company): (m.card, m.company, m.position[:200], source, now) for m in members}
    await companies.join(connection, list(rows.values()))
