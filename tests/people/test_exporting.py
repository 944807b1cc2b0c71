"""Contacts go out as a file that reads back equal, and never without a trace."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Address, AddressKind, utcnow
from people import companies, consent, editing, exporting, fields, merging, rejected
from people.consent import Word
from people.draft import Draft, drafts
from people.editing import Author
from people.exporting import House, TooEarly, Unexportable, Wanted
from people.fields import Field, Type
from people.files.opening import open_table
from people.importing import Refused
from people.mapping import guess
from people.merging import HAND, Wish
from store import exports, staff
from store.engine import Database
from store.exports import Export, Filter
from tests.people.making import card, mail
from tests.people.test_importing import made, take
from tests.router.conftest import Ask

DELAY = House(delay=timedelta(hours=24), operators=(("bot", "-100"), ("bot", "7")), language="ru")
PHONE = Address(kind=AddressKind.PHONE, value="+79161234567")
VK = Address(kind=AddressKind.VK, value="1")
AMO = Address(kind=AddressKind.EXTERNAL, value="amocrm:15")


async def asked(database: Database, wanted: Wanted | None = None, house: House | None = None) -> Export:
    async with database.begin() as connection:
        return await exporting.ask(connection, wanted or Wanted(), "cli", house or House())


async def written(database: Database, export: UUID) -> str:
    return "".join([piece async for piece in exporting.text(database, export, "cli")])


async def out(database: Database, **wanted: Any) -> str:
    return await written(database, (await asked(database, Wanted(**wanted))).id)


async def read_back(folder: Path, text: str) -> list[Draft]:
    path = folder / "out"
    path.write_text(text, encoding="utf-8", newline="")
    with open_table(path) as table:
        found = list(drafts(table, guess(table.headers), "RU"))
    assert all(isinstance(one, Draft) for one in found)
    return [one for one in found if isinstance(one, Draft)]


async def people(database: Database) -> dict[str, UUID]:
    """Пётр, of two cards; Anna, of whom little is known; both are somebody's."""
    async with database.begin() as connection:
        olga = await staff.add(connection, "Ольга", "sales", "ru", utcnow())
        await fields.define(connection, Field(name="size", type=Type.NUMBER, labels={"en": "Size"}))
        own = {"city": "Москва", "born": "1980-05-07", "gender": "male", "size": "42", "owner": str(olga.id)}
        pyotr = await card(connection, "Пётр Иванов", mail("p@example.org"), VK, AMO, **own)
        other = await card(connection, "Petya", PHONE, city="Тверь")
        anna = await card(connection, "=Anna", mail("anna@example.com"), city="OMSK")
        await editing.tag(connection, other, ["vip", "a, b"], "staff:1")
        await editing.note(connection, pyotr, "likes tea\nand cakes", "staff:1")
        firms = await companies.put(connection, ["ООО Ромашка"])
        firm = next(iter(firms.values()))
        await companies.join(connection, [companies.Member(other, firm)], source="staff:1")
        no = Word(card=pyotr, purpose="marketing", channel="", text="stop", granted=False)
        yes = Word(card=anna, purpose="marketing", channel="email", text="yes")
        await consent.grant(connection, [no, yes], source="staff:1")
        await merging.join(connection, Wish(one=pyotr, other=other, rule=HAND, actor="cli"))
    return {"pyotr": pyotr, "other": other, "anna": anna, "firm": firm, "olga": olga.id}


async def test_a_person_is_one_row_and_reads_back_equal(database: Database, tmp_path: Path) -> None:
    await people(database)
    pyotr, anna = await read_back(tmp_path, await out(database))
    assert pyotr.name == "Пётр Иванов"
    assert {(a.kind, a.value) for a in pyotr.addresses} == {("email", "p@example.org"), ("phone", "+79161234567")}
    assert set(pyotr.external) == {("vk", "id1"), ("amocrm", "15")}
    assert pyotr.fields == {"city": "Москва", "born": "1980-05-07", "field:gender": "male", "field:size": "42"}
    assert (set(pyotr.tags), pyotr.company, pyotr.owner) == ({"vip", "a, b"}, "ООО Ромашка", "Ольга")
    assert pyotr.notes == ("likes tea\nand cakes",)
    assert pyotr.consents == dict.fromkeys(("email", "phone", "sms", "telegram", "vk", "whatsapp"), False)
    assert (anna.name, anna.consents) == ("=Anna", {"email": True})


async def test_vcards_read_back_equal(database: Database, tmp_path: Path) -> None:
    await people(database)
    pyotr, anna = await read_back(tmp_path, await out(database, format="vcard"))
    assert (pyotr.name, pyotr.company, set(pyotr.tags)) == ("Пётр Иванов", "ООО Ромашка", {"vip", "a, b"})
    assert pyotr.external == (("vk", "id1"),)
    assert anna.name == "=Anna"


@pytest.mark.parametrize("page", [1, 2, 500])
async def test_pages_are_one_file(database: Database, tmp_path: Path, monkeypatch: Any, page: int) -> None:
    monkeypatch.setattr(exporting, "PAGE", page)
    await people(database)
    text = await out(database)
    assert text.count("consent:email") == text.count("\ufeff") == 1
    assert [one.name for one in await read_back(tmp_path, text)] == ["Пётр Иванов", "=Anna"]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("tag", "vip", {"Пётр Иванов"}),
        ("tag", "nobody's", set()),
        ("city", "омск", set()),
        ("city", "omsk", {"=Anna"}),
        ("city", "тверь", {"Пётр Иванов"}),
        ("company", "firm", {"Пётр Иванов"}),
        ("owner", "olga", {"Пётр Иванов"}),
        ("owner", "firm", set()),
        ("import_id", "firm", set()),
        ("since", utcnow() - timedelta(hours=1), {"Пётр Иванов", "=Anna"}),
        ("since", utcnow() + timedelta(hours=1), set()),
    ],
)
async def test_filters(database: Database, tmp_path: Path, name: str, value: Any, found: set[str]) -> None:
    ids = await people(database)
    wanted = Filter(**{name: ids.get(value, value) if name in ("company", "owner", "import_id") else value})
    assert {one.name for one in await read_back(tmp_path, await out(database, filter=wanted))} == found


async def test_the_latest_city_is_looked_for(database: Database, tmp_path: Path) -> None:
    ids = await people(database)
    async with database.begin() as connection:
        moved = [fields.Value(ids["anna"], "city", "Paris")]
        await fields.put(connection, moved, source="staff:1", country="RU")
    found = {
        city: await read_back(tmp_path, await out(database, filter=Filter(city=city))) for city in ("omsk", "paris")
    }
    assert [one.name for one in found["paris"]] == ["=Anna"] and found["omsk"] == []


async def test_the_filters_of_one_import_and_of_a_joined_card(database: Database, tmp_path: Path) -> None:
    ended = await take(database, made(tmp_path, "Inna;inna@example.org;;;;;\n"))
    await people(database)
    wanted = Filter(import_id=ended.id)
    assert [one.name for one in await read_back(tmp_path, await out(database, filter=wanted))] == ["Inna"]


async def test_columns_are_chosen(database: Database) -> None:
    await people(database)
    text = await out(database, columns=("phone", "name"))
    assert text.lstrip("\ufeff").splitlines() == ["phone,name", "'+79161234567,Пётр Иванов", ",'=Anna"]


@pytest.mark.parametrize(
    "wanted", [Wanted(format="xls"), Wanted(columns=("name", "key")), Wanted(columns=("field:x",))]
)
async def test_what_is_not_there_is_not_exported(database: Database, ask: Ask, wanted: Wanted) -> None:
    with pytest.raises(Unexportable):
        await asked(database, wanted)
    assert await ask("SELECT count(*) FROM exports") == [0]


async def test_what_is_wanted_survives_the_database(database: Database) -> None:
    wanted = Wanted(columns=("name",), filter=Filter(tag="vip", owner=UUID(int=7), since=utcnow()))
    export = await asked(database, wanted)
    assert exporting.from_json(export.wanted) == wanted
    async with database.begin() as connection:
        again = (await exports.listed(connection))[0]
    assert exporting.from_json(again.wanted) == wanted


async def test_every_step_is_on_record(database: Database, ask: Ask) -> None:
    await people(database)
    await out(database, filter=Filter(tag="vip"))
    kinds = await ask("SELECT kind FROM events WHERE kind LIKE 'export.%' AND actor = 'cli' ORDER BY at, id")
    assert kinds == ["export.asked", "export.begun", "export.done"]
    assert await ask("SELECT data -> 'wanted' -> 'filter' ->> 'tag' FROM events WHERE kind = 'export.asked'") == ["vip"]
    assert await ask("SELECT CAST(data ->> 'rows' AS int) FROM events WHERE kind = 'export.done'") == [1]
    assert await ask("SELECT state, rows FROM exports") == [("done", 1)]
    assert await ask("SELECT count(*) FROM deliveries") == [0]


async def test_a_delayed_export_waits_and_the_operators_are_told_once(database: Database, ask: Ask) -> None:
    export = await asked(database, house=DELAY)
    assert (await asked(database, house=DELAY)).id == export.id
    assert (await asked(database, Wanted(format="vcard"), DELAY)).id != export.id
    async with database.begin() as connection:
        assert (await exporting.ask(connection, Wanted(), "api:1", DELAY)).id != export.id
    await ask("DELETE FROM deliveries WHERE facts ->> 'what' LIKE 'vCard%' OR facts ->> 'who' <> 'cli' RETURNING 1")
    with pytest.raises(TooEarly):
        await written(database, export.id)
    told = await ask("SELECT address, facts ->> 'key', facts ->> 'what' FROM deliveries ORDER BY address")
    assert told == [("-100", "export_asked", "CSV, все контакты"), ("7", "export_asked", "CSV, все контакты")]
    await ask("UPDATE exports SET due_at = now() RETURNING 1")
    assert await written(database, export.id)
    assert (await asked(database, house=DELAY)).id != export.id


async def test_a_vetoed_export_is_never_written(database: Database, ask: Ask) -> None:
    export = await asked(database, house=DELAY)
    async with database.begin() as connection:
        await exporting.veto(connection, export.id, "staff:1")
    await ask("UPDATE exports SET due_at = now() RETURNING 1")
    with pytest.raises(Unexportable, match="vetoed"):
        await written(database, export.id)
    assert await ask("SELECT kind, actor FROM events WHERE kind = 'export.vetoed'") == [("export.vetoed", "staff:1")]


async def test_what_is_over_stays_over(database: Database, ask: Ask) -> None:
    export = await asked(database)
    await written(database, export.id)
    for closed in (export.id, UUID(int=1)):
        with pytest.raises(Unexportable):
            await written(database, closed)
        with pytest.raises(Unexportable):
            async with database.begin() as connection:
                await exporting.veto(connection, closed, "cli")
    old = await asked(database, house=DELAY)
    await ask("UPDATE exports SET due_at = now() - interval '8 days' WHERE state = 'waiting' RETURNING 1")
    with pytest.raises(Unexportable, match="anew"):
        await written(database, old.id)


async def test_broken_off_it_is_begun_anew_and_both_are_on_record(database: Database, ask: Ask) -> None:
    await people(database)
    export = await asked(database)
    pieces = exporting.text(database, export.id, "cli")
    await anext(pieces)
    await pieces.aclose()  # type: ignore[attr-defined]
    assert await ask("SELECT state FROM exports") == ["waiting"]
    assert await written(database, export.id)
    assert await ask("SELECT count(*) FROM events WHERE kind = 'export.begun'") == [2]


async def test_who_is_joined_meanwhile_stands_in_it_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 1)
    async with database.begin() as connection:
        one, other = [await card(connection, name, mail(f"{name}@example.org")) for name in ("a", "b")]
    pieces = exporting.text(database, (await asked(database)).id, "cli")
    text = await anext(pieces) + await anext(pieces)
    async with database.begin() as connection:
        await merging.join(connection, Wish(one=one, other=other, rule=HAND, actor="cli"))
    text += "".join([piece async for piece in pieces])
    assert [one.name for one in await read_back(tmp_path, text)] == ["a", "b"]


async def test_no_key_of_a_file_goes_out(database: Database, ask: Ask) -> None:
    async with database.begin() as connection:
        made_card = await card(connection, "Anna", mail("anna@example.org"))
        author = Author(source="staff:1", country="RU")
        await editing.add_addresses(connection, made_card, [PHONE], author)
    await ask(
        f"""INSERT INTO contact_files VALUES ('{UUID(int=1)}', '{made_card}', 'secret/key', 'photo.jpg', 'image/jpeg',
            1, 'import:{UUID(int=2)}', now()) RETURNING 1"""
    )
    for format_ in ("csv", "vcard"):
        text = await out(database, format=format_)
        assert "Anna" in text
        assert "secret" not in text and "import:" not in text and str(made_card) not in text


ROWS = "Anna;anna@example.org;;;;;\n;;;Москва;;;\n;nonsense;;=Тверь;;;\n"


@pytest.mark.parametrize(("language", "first"), [("en", "Row;Reason;Name"), ("ru", "Строка;Причина;Name")])
async def test_rejected_rows_are_a_file_to_correct(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, first: str
) -> None:
    monkeypatch.setattr(rejected, "PAGE", 1)
    ended = await take(database, made(tmp_path, ROWS))
    text = "".join([piece async for piece in rejected.text(database, ended.id, language)])
    lines = text.lstrip("\ufeff").splitlines()
    assert [line[:2] for line in lines[1:]] == ["3;", "4;"]
    assert lines[0].startswith(first)
    assert "'=Тверь" in lines[2] and "nonsense" in lines[2].split(";")[1]
    corrected = text.replace("nonsense", "mended@example.org")
    assert "mended@example.org" in [a.value for one in await read_back_some(tmp_path, corrected) for a in one.addresses]


async def read_back_some(folder: Path, text: str) -> list[Draft]:
    path = folder / "corrected.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with open_table(path) as table:
        return [one for one in drafts(table, guess(table.headers), "RU") if isinstance(one, Draft)]


async def test_rejected_rows_of_a_file_that_is_gone(database: Database, tmp_path: Path) -> None:
    source = made(tmp_path, ROWS)
    ended = await take(database, source)
    source.path.unlink()
    text = "".join([piece async for piece in rejected.text(database, ended.id)])
    assert text.lstrip("\ufeff").startswith("Row,Reason,Column 1,")


async def test_no_rejected_rows(database: Database, tmp_path: Path) -> None:
    ended = await take(database, made(tmp_path, "Anna;anna@example.org;;;;;\n"))
    assert [piece async for piece in rejected.text(database, ended.id)] == []
    with pytest.raises(Refused):
        await anext(rejected.text(database, UUID(int=1)))


async def test_an_address_that_has_passed_to_another_does_not_go_out(database: Database, ask: Ask) -> None:
    async with database.begin() as connection:
        await card(connection, "Anna", mail("was@example.org"), mail("is@example.org"))
    await ask("UPDATE identities SET variant = '~' || id WHERE value = 'was@example.org' RETURNING 1")
    text = await out(database)
    assert "is@example.org" in text and "was@" not in text
