"""Segments: made, changed with versions, used by others, and asked."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from domain import shares
from domain.conditions import Unreadable
from domain.ids import new_id
from domain.messages import utcnow
from people import editing, merging, segments
from people.merging import HAND, Wish
from people.segments import LIST, RULE, Refused
from store import contacts, opt_outs, suppressions
from store import segments as stored
from store.condition_sql import select_portion
from store.engine import Connection, Database
from tests.people.making import card, mail

UTC = ZoneInfo("UTC")
VIP = {"field": "tag", "op": "has_any", "value": ["vip"]}
PERM = {"field": "city", "op": "is", "value": "Perm"}


def inside(*names: object) -> dict[str, Any]:
    return {"field": "segment", "op": "has_any", "value": [str(name) for name in names]}


async def vip(connection: Connection, name: str, **fields: str) -> UUID:
    made = await card(connection, name, mail(f"{name.lower()}@example.org"), **fields)
    await editing.tag(connection, made, ["vip"], "staff:1")
    return made


async def who(connection: Connection, segment: UUID) -> set[UUID]:
    """Who belongs to it, said by the database and by Python alike."""
    asked = await segments.logic_of(connection, segment, utcnow(), UTC)
    found = set(await stored.ids(connection, asked))
    everybody = (await connection.execute(text("SELECT id FROM contacts"))).scalars().all()
    one_by_one = {id_ for id_ in everybody if await segments.belongs(connection, segment, id_, UTC)}
    leading = (await connection.execute(text("SELECT id FROM contacts WHERE leader_id IS NULL"))).scalars().all()
    assert found == one_by_one & set(leading)
    return found


async def test_a_rule_holds_for_persons_and_not_for_cards(database: Database) -> None:
    async with database.begin() as connection:
        anna, anya = await vip(connection, "Anna"), await card(connection, "Anya", city="Perm")
        made = await segments.create(connection, "Vips of Perm", {"all": [VIP, PERM]}, actor="cli")
        assert (made.kind, made.version, await who(connection, made.id)) == (RULE, 1, set())
        await merging.join(connection, Wish(one=anya, other=anna, rule=HAND, actor="staff:1"))
        assert await who(connection, made.id) == {anya}
        assert await segments.said(connection, made, "ru") == "Метка есть «vip» и Город — «Perm»"


async def test_a_change_leaves_a_version(database: Database) -> None:
    async with database.begin() as connection:
        made = await segments.create(connection, "  Good   ones ", VIP, description="first", actor="cli")
        same = await segments.change(connection, made.id, rule=VIP, actor="staff:1")
        after = await segments.change(connection, made.id, name="Best", rule=PERM, actor="staff:1")
        found = await stored.versions(connection, made.id)
    assert (made.name, same.version, after.version, after.name, after.rule) == ("Good ones", 1, 2, "Best", PERM)
    assert [(v.version, v.name, v.rule, v.actor) for v in found] == [
        (2, "Best", PERM, "staff:1"),
        (1, "Good ones", VIP, "cli"),
    ]


async def test_names_are_taken_while_they_are_used(database: Database) -> None:
    async with database.begin() as connection:
        one = await segments.create(connection, "One", VIP, actor="cli")
        other = await segments.create(connection, "Other", None, actor="cli")
        for wrong in (
            segments.create(connection, "One", None, actor="cli"),
            segments.change(connection, other.id, name="One", actor="cli"),
        ):
            with pytest.raises(Refused, match="there is a segment “One” already"):
                await wrong
        await segments.archive(connection, one.id)
        with pytest.raises(Refused, match="archived"):
            await segments.logic_of(connection, one.id, utcnow(), UTC)
        again = await segments.change(connection, other.id, name="One", actor="cli")
        assert again.kind == LIST
        with pytest.raises(Refused, match="it has members, and no rule"):
            await segments.change(connection, other.id, rule=VIP, actor="cli")
        for name in ("", " ", "x" * 101):
            with pytest.raises(Refused, match="needs a name"):
                await segments.create(connection, name, None, actor="cli")


async def test_lists_have_members(database: Database) -> None:
    async with database.begin() as connection:
        anna, ivan, anya = [await card(connection, name) for name in ("Anna", "Ivan", "Anya")]
        made = await segments.create(connection, "Guests", None, actor="cli")
        rule = await segments.create(connection, "Rule", VIP, actor="cli")
        assert await who(connection, made.id) == set()
        assert await segments.add(connection, made.id, [ivan, anna, anna, new_id()], source="cli") == 2
        assert await segments.add(connection, made.id, [anna], source="cli") == 0
        await merging.join(connection, Wish(one=anya, other=anna, rule=HAND, actor="staff:1"))
        assert await who(connection, made.id) == {ivan, anya}
        assert await segments.remove(connection, made.id, [anya]) == 1
        assert await who(connection, made.id) == {ivan}
        for wrong in (segments.add(connection, rule.id, [anna], source="x"), segments.remove(connection, rule.id, [])):
            with pytest.raises(Refused, match="is a rule"):
                await wrong


async def test_segments_refer_to_each_other_and_never_in_a_circle(database: Database) -> None:
    async with database.begin() as connection:
        anna = await vip(connection, "Anna", city="Perm")
        await vip(connection, "Ivan")
        base = await segments.create(connection, "Vips", VIP, actor="cli")
        guests = await segments.create(connection, "Guests", None, actor="cli")
        top = await segments.create(
            connection, "Top", {"all": [inside("Vips"), PERM, {"not": inside(guests.id)}]}, actor="cli"
        )
        assert top.rule == {"all": [inside(base.id), PERM, {"not": inside(guests.id)}]}
        assert await who(connection, top.id) == {anna}
        await segments.add(connection, guests.id, [anna], source="cli")
        assert await who(connection, top.id) == set()
        for circle in (inside("Top"), inside("Vips"), {"any": [VIP, {"not": inside("Top")}]}):
            with pytest.raises(Unreadable, match="refers to itself"):
                await segments.change(connection, base.id, rule=circle, actor="cli")
        with pytest.raises(Unreadable, match="refers to itself"):
            await segments.create(connection, "Lost", inside(new_id()), actor="cli")
        assert [(u.kind, u.name) for u in await segments.used_by(connection, base.id)] == [("segment", "Top")]
        with pytest.raises(Refused, match="used by segment “Top”"):
            await segments.archive(connection, base.id)
        await segments.archive(connection, top.id)
        await segments.archive(connection, base.id)


@pytest.mark.parametrize(("state", "holds"), [("draft", True), ("paused", True), ("finished", False)])
async def test_a_broadcast_that_is_not_over_holds_its_segment(database: Database, state: str, holds: bool) -> None:
    async with database.begin() as connection:
        made = await segments.create(connection, "Vips", VIP, actor="cli")
        await connection.execute(
            text(
                """INSERT INTO broadcasts (id, name, state, plan, content, created_at, created_by) VALUES
                   (gen_random_uuid(), 'May', :state, jsonb_build_object('a', CAST(:id AS text)), '{}', now(), 'x')"""
            ),
            {"state": state, "id": str(made.id)},
        )
        assert [u.name for u in await segments.used_by(connection, made.id)] == (["May"] if holds else [])


async def test_scanners_click_for_nobody(database: Database) -> None:
    async with database.begin() as connection:
        anna, ivan, broadcast = await card(connection, "Anna"), await card(connection, "Ivan"), new_id()
        for one, machine in ((anna, False), (ivan, True)):
            row = {"id": new_id(), "one": one, "broadcast": broadcast, "machine": machine}
            await connection.execute(_DELIVERY, row)
            await connection.execute(_CLICK, row)
        rule = {"field": "clicked", "broadcast": str(broadcast), "link": 1, "op": "known"}
        assert await who(connection, (await segments.create(connection, "Clicked", rule, actor="cli")).id) == {anna}


_DELIVERY = text(
    """INSERT INTO deliveries (id, channel, address, purpose, facts, state, priority, due_at, contact_id, broadcast_id,
         created_at, sent_at) VALUES (:id, 'inbox', 'x', 'broadcast', '{}', 'sent', 3, now(), :one, :broadcast, now(),
         now())"""
)
_CLICK = text(
    """INSERT INTO engagements (id, delivery_id, kind, link, machine, at)
       VALUES (gen_random_uuid(), :id, 'click', 1, :machine, now())"""
)


async def test_who_has_the_latest_open_lead_is_responsible(database: Database) -> None:
    first, last = new_id(), new_id()
    async with database.begin() as connection:
        anna = await card(connection, "Anna")
        for days, staff in ((3, first), (1, last)):
            await connection.execute(_LEAD, {"id": new_id(), "one": anna, "staff": str(staff), "days": days})
        for staff, expected in ((first, set()), (last, {anna})):
            rule = {"field": "owner", "op": "is", "value": str(staff)}
            assert (
                await who(connection, (await segments.create(connection, str(staff), rule, actor="cli")).id) == expected
            )


_LEAD = text(
    """INSERT INTO leads (id, contact_id, home_id, opened_by, pipeline, state, channel, owner_id, opened_at, active_at)
       VALUES (:id, :one, :one, :one, CAST(:staff AS text), 'open', 'inbox', CAST(CAST(:staff AS text) AS uuid),
         now() - make_interval(days => :days), now())"""
)


async def test_a_preview_counts_reach_and_shows_five(database: Database) -> None:
    async with database.begin() as connection:
        made = [await vip(connection, f"V{n}") for n in range(7)]
        await card(connection, "Nobody")
        await connection.execute(
            text("INSERT INTO suppressions SELECT 'inbox', value, 'bounced', now() FROM identities LIMIT 2")
        )
        segment = await segments.create(connection, "Vips", VIP, actor="cli")
        asked = await segments.logic_of(connection, segment.id, utcnow(), UTC)
        found = await segments.preview(connection, asked)
        again = await segments.preview(connection, asked)
    assert (found.count, found.reach) == (7, {"email": 5, "sms": 0, "telegram": 0})
    assert len(set(found.samples)) == 5
    assert set(found.samples) <= set(made)
    assert found.samples == again.samples


async def test_reach_by_whatsapp_is_its_own(database: Database) -> None:
    """A phone takes both; who has no WhatsApp may still get an SMS, and the other way round."""
    async with database.begin() as connection:
        for n in range(4):
            made = await vip(connection, f"V{n}")
            row = (new_id(), "phone", f"+7916000000{n}", "", made, made, True, "", utcnow())
            await contacts.add(connection, [], [row])
        dead = [
            ("chats", "+79160000000", "63024"),
            ("chats", "+79160000001", "63024"),
            ("sms", "+79160000002", "21610"),
        ]
        await suppressions.stop(connection, [(*one, utcnow()) for one in dead])
        await opt_outs.add(connection, [("phone", "+79160000003", "", "word", utcnow(), None)])
        segment = await segments.create(connection, "Vips", VIP, actor="cli")
        asked = await segments.logic_of(connection, segment.id, utcnow(), UTC)
        both = (await segments.preview(connection, asked, ["chats"])).reach
        none = (await segments.preview(connection, asked)).reach
    assert both == {"email": 4, "sms": 2, "telegram": 0, "whatsapp": 1}
    assert "whatsapp" not in none


async def test_portions_of_the_ids_are_everybody_once(database: Database) -> None:
    async with database.begin() as connection:
        made = sorted([await vip(connection, f"V{n}") for n in range(9)])
        asked = (await segments.create(connection, "Vips", VIP, actor="cli")).id
        sql, values = select_portion(await segments.logic_of(connection, asked, utcnow(), UTC))
        found: list[UUID] = []
        for after, upto in ((None, made[3]), (made[3], made[4]), (made[4], None)):
            rows = await connection.execute(text(sql), values | {"after": after, "upto": upto})
            found += sorted(rows.scalars())
    assert found == made


async def test_parts_are_the_same_in_both(database: Database) -> None:
    """Each tenth gets its share, whoever computes it, and another salt divides otherwise."""
    ids = [new_id() for _ in range(2000)]
    sql = text(f"SELECT id, {stored.BUCKET.format(id='id')} AS part FROM unnest(CAST(:ids AS uuid[])) AS t(id)")
    async with database.begin() as connection:
        rows = (await connection.execute(sql, {"ids": ids, "salt": "May: A/B"})).all()
    assert {row.id: row.part for row in rows} == {id_: shares.bucket("May: A/B", id_) for id_ in ids}
    parts = [shares.part("May: A/B", id_, (10, 45, 45)) for id_ in ids]
    assert 120 < parts.count(0) < 280 and 750 < parts.count(1) < 1050 and None not in parts
    assert [shares.part("June", id_, (10, 45, 45)) for id_ in ids] != parts
    assert shares.ranges((0.5, 99.5)) == [(0, 50), (50, 10_000)]
    for wrong in ((60, 41), (0,), (-5, 50)):
        with pytest.raises(ValueError, match="percent"):
            shares.ranges(wrong)
