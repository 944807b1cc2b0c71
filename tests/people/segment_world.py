"""A small town for the tests of segments: cards with histories, joined ones, letters, leads and mailings."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from domain.ids import new_id
from people import companies, consent, editing, fields, merging
from people.consent import Word
from people.fields import Value
from people.merging import HAND, Unjoinable, Wish
from people.values import Field, Type
from store.engine import Connection
from tests.people.making import card, mail

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CITIES = ("Пермь", "пермь", "Perm", "Орёл", "Omsk", "100% _x_", "Нижний Новгород")
TAGS = ("vip", "client", "новый")
LETTERS = {"name": "Anna", "city": "Perm"}
CUSTOM = (
    Field(name="deal", type=Type.NUMBER, labels={"en": "Deal"}),
    Field(name="met", type=Type.DATE, labels={"en": "Met"}),
    Field(name="loud", type=Type.FLAG, labels={"en": "Loud"}),
    Field(name="tag", type=Type.TEXT, labels={"en": "A field that is called like a subject"}),
)
BROADCASTS = tuple(UUID(int=n) for n in (1, 2, 3, 4))
STAFF = tuple(UUID(int=n) for n in (11, 12))
LISTS = tuple(UUID(int=n) for n in (21, 22))
CHANNELS = ("inbox", "bot")
SUMS = tuple(map(Decimal, ("0.01", "49999.99", "50000", "50000.01", "999999999999999.98", "999999999999999.99")))
CURRENCIES = ("RUB", "EUR")
NAMES = ("Вася", "Serova Anna", "Serova Anna Ivanovna", "Anna", "100%")
FIELDS = {
    "name": NAMES,
    "surname": ("Serova", "Вася"),
    "given_name": ("Anna", "Вася"),
    "patronymic": ("Ivanovna",),
    "city": CITIES,
    "gender": ("male", "female"),
    "born": ("1980-02-29", "1990-03-01", "2000-12-31", "1975-03-20"),
    "deal": ("5", "-3.5", "50000", "0", "12.25"),
    "met": ("2026-02-28", "2026-03-01", "2025-01-15", "2026-03-09"),
    "loud": ("true", "false"),
    "tag": ("vip", "x"),
    "owner": tuple(map(str, STAFF)),
}
PARTED = ("surname", "given_name", "patronymic")
"""What a name is made up of where the field `name` has none."""


async def settle(connection: Connection, seed: int, people: int = 30) -> None:
    """Fill an empty database."""
    rnd = random.Random(seed)
    for field in CUSTOM:
        await fields.define(connection, field)
    cards = [await _settler(connection, rnd, n) for n in range(people)]
    for one in cards:
        await _life(connection, rnd, one)
    for _ in range(people // 2):
        await _join(connection, rnd, *rnd.sample(cards, 2))
    await _values(connection, rnd, cards)
    await _mailings(connection, rnd, cards)
    for id_ in LISTS:
        for one in rnd.sample(cards, 6):
            await put(connection, "segment_members", contact_id=one, segment_id=id_, source="t", added_at=NOW)


async def put(connection: Connection, table: str, **row: Any) -> None:
    """Insert one row."""
    names = ", ".join(row)
    await connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{n}' for n in row)})"), row)


def ago(rnd: random.Random) -> datetime:
    """Some time before now, often at the very border of a day that tests ask for."""
    return NOW - timedelta(days=rnd.choice((0, 1, 7, 30, 30, 400)), seconds=rnd.choice((-1, 0, 1, 3600)))


async def _settler(connection: Connection, rnd: random.Random, n: int) -> UUID:
    made = await card(connection, rnd.choice(("", "", f"Person {n}")), mail(f"p{n}@example.org"))
    await connection.execute(text("UPDATE contacts SET created_at = :at WHERE id = :id"), {"at": ago(rnd), "id": made})
    if rnd.random() < 0.4:
        row = {"kind": rnd.choice(("phone", "telegram")), "value": f"{n}", "contact_id": made, "home_id": made}
        released = rnd.choice(("", "", "~x"))
        await put(connection, "identities", id=new_id(), variant=released, proved=False, created_at=NOW, **row)
    await _called(connection, rnd, made)
    if rnd.random() < 0.3:
        await put(connection, "suppressions", channel="inbox", address=f"p{n}@example.org", reason="x", created_at=NOW)
    if rnd.random() < 0.2:
        pause = rnd.choice((None, NOW + timedelta(days=3)))
        about = {"kind": "email", "value": f"p{n}@example.org", "purpose": rnd.choice(("", "news"))}
        await put(connection, "opt_outs", reason="link", at=NOW, until=pause, **about)
    return made


async def _called(connection: Connection, rnd: random.Random, made: UUID) -> None:
    """Who came by himself has his name beside his addresses alone, and another one under each."""
    for kind in rnd.sample(("phone", "telegram", "external", "unreadable"), rnd.randrange(4)):
        await put(
            connection, "identities", id=new_id(), kind=kind, value=f"{kind}:{made}", variant=rnd.choice(("", "~y")),
            contact_id=made, home_id=made, proved=rnd.random() < 0.5, name=rnd.choice((None, "", *NAMES)),
            created_at=rnd.choice((NOW, ago(rnd))),
        )  # fmt: skip


async def _life(connection: Connection, rnd: random.Random, one: UUID) -> None:
    """Tags, firms, consents, leads and letters of a card."""
    await editing.tag(connection, one, rnd.sample(TAGS, rnd.randrange(3)), "staff:1")
    if rnd.random() < 0.3:
        firms = await companies.put(connection, [rnd.choice(("Alpha", "Beta"))], rnd.choice(("client", "partner")))
        members = [companies.Member(one, firm, "") for firm in firms.values()]
        await companies.join(connection, members, source="t")
    for n in range(rnd.randrange(6)):
        purpose, channel = rnd.choice(("marketing", "service")), rnd.choice(("", "email"))
        channel = "*" if n in (2, 4) else channel  # `store.permission.EVERYWHERE`
        word = Word(card=one, text="I agree", granted=rnd.random() < 0.7, purpose=purpose, channel=channel)
        await consent.grant(connection, [word], source="t", at=ago(rnd))
    for pipeline in rnd.sample(("sales", "service", "third"), rnd.randrange(4)):
        await _lead(connection, rnd, one, pipeline)


async def _lead(connection: Connection, rnd: random.Random, one: UUID, pipeline: str) -> None:
    lead, state = new_id(), rnd.choice(("open", "open", "open", "won", "lost", "spam"))
    found = await connection.execute(text("SELECT id FROM identities WHERE home_id = :id LIMIT 1"), {"id": one})
    identity, opened = found.scalar_one(), ago(rnd)
    await put(
        connection, "leads", id=lead, contact_id=one, home_id=one, opened_by=identity, pipeline=pipeline, state=state,
        channel="inbox", owner_id=rnd.choice((None, *STAFF)), opened_at=opened, active_at=opened,
        closed_at=None if state == "open" else ago(rnd), **_sum(rnd),
    )  # fmt: skip
    for _ in range(rnd.randrange(3)):
        id_ = new_id()
        await put(
            connection, "messages", id=id_, channel=rnd.choice(CHANNELS), external_id=str(id_), ref="", thread="",
            direction=rnd.choice(("in", "out")), identity_id=identity, lead_id=lead, text="x", facts="{}",
            received_at=ago(rnd), created_at=NOW,
        )  # fmt: skip


def _sum(rnd: random.Random) -> dict[str, Any]:
    """For how much the lead is, where anybody said so."""
    amount = rnd.choice((None, *SUMS))
    return {"amount": amount, "currency": amount and rnd.choice(CURRENCIES)}


async def _join(connection: Connection, rnd: random.Random, one: UUID, other: UUID) -> None:
    choices = {field: str(rnd.choice((one, other))) for field in FIELDS if rnd.random() < 0.2}
    try:
        await merging.join(connection, Wish(one=one, other=other, rule=HAND, actor="staff:1", choices=choices))
    except Unjoinable:
        return
    at = ago(rnd)
    await connection.execute(text("UPDATE merges SET at = :at WHERE at > :now"), {"at": at, "now": NOW + timedelta(1)})


async def _values(connection: Connection, rnd: random.Random, cards: Sequence[UUID]) -> None:
    """Histories: several values in a field, some cleared again, before and after the merges.

    Names are in the fields of some cards alone: else nobody is left whose name stands but beside his addresses.
    """
    some = {field: rnd.sample(cards, len(cards) // 5) for field in ("name", *PARTED)}
    for _ in range(12 * len(cards)):
        field = rnd.choice(tuple(FIELDS))
        if field == "owner" and rnd.random() < 0.8:  # else hardly anybody is left to whom his lead gives one
            continue
        one = rnd.choice(some.get(field, cards))
        value = Value(one, field, rnd.choice(("", *FIELDS[field])))
        await fields.put_normal(connection, [value], source="t", at=ago(rnd))


async def _mailings(connection: Connection, rnd: random.Random, cards: Sequence[UUID]) -> None:
    for one in cards:
        for broadcast in rnd.sample(BROADCASTS, rnd.randrange(4)):
            id_, state = new_id(), rnd.choice(("pending", "sent", "sent", "read", "failed"))
            went = state in ("sent", "read")
            seen = {f"{what}_at": ago(rnd) if went and rnd.random() < 0.4 else None
                    for what in ("opened", "clicked", "answered")}  # fmt: skip
            await put(
                connection, "deliveries", id=id_, channel="inbox", address="x", purpose="broadcast", facts="{}",
                state=state, priority=3, due_at=NOW, contact_id=one, broadcast_id=broadcast, created_at=NOW,
                sent_at=ago(rnd) if went else None, **seen,
            )  # fmt: skip
            for _ in range(rnd.randrange(4)):
                click = {"kind": rnd.choice(("click", "open")), "machine": rnd.random() < 0.3}
                await put(
                    connection, "engagements", id=new_id(), delivery_id=id_, link=rnd.randrange(2), at=ago(rnd), **click
                )
