"""`leadwire segment` as a person types it, on a real database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from people import editing
from store.engine import Database
from tests.app.test_contacts_cli import Run, _logging_put_back, database, folder, leadwire
from tests.people.making import card, mail

__all__ = ["_logging_put_back", "database", "folder", "leadwire"]
VIP = json.dumps({"field": "tag", "op": "has_any", "value": ["vip"]})


async def two(database: Database) -> None:
    async with database.begin() as connection:
        anna = await card(connection, "Anna", mail("anna@example.org"))
        await editing.tag(connection, anna, ["vip"], "staff:1")
        await card(connection, "Ivan", mail("ivan@example.org"))


async def test_a_rule_is_made_counted_changed_and_put_away(leadwire: Run, database: Database) -> None:
    await two(database)
    code, said = await leadwire("segment", "new", "Vips", "--rule", VIP)
    assert (code, "Tag has “vip”. 1 person now." in said) == (0, True), said
    code, said = await leadwire("segment", "count", "Vips")
    assert code == 0
    assert said.splitlines()[:4] == ["1 person", "  by email     1", "  by sms       0", "  by telegram  0"]
    assert "anna@example.org" in said and "ivan@example.org" not in said
    code, said = await leadwire("segment", "new", "Vips", "--replace", "--rule", json.dumps({"not": json.loads(VIP)}))
    assert "not Tag has “vip”" in said
    code, said = await leadwire("segment", "members", "Vips")
    assert "ivan@example.org" in said and "anna@example.org" not in said
    code, said = await leadwire("segment", "show", "Vips")
    assert "version 2:" in said and "version 1:" in said
    assert (await leadwire("segment", "archive", "Vips"))[0] == 0
    assert "There are no segments" in (await leadwire("segment", "list"))[1]
    assert "archived" in (await leadwire("segment", "list", "--archived"))[1]


async def test_whatsapp_is_counted_where_there_is_some(leadwire: Run, database: Database, folder: Path) -> None:
    await two(database)
    config = folder / "leadwire.toml"
    twilio = f'account_sid = "AC{"0" * 32}"\nauth_token = "file:{folder / "token"}"\nnumber = "whatsapp:+15005550006"\n'
    config.write_text(f'{config.read_text()}[channels.chats]\nkind = "sms"\n{twilio}')
    _, said = await leadwire("segment", "count", "--rule", VIP)
    assert said.splitlines()[:5] == [
        "1 person", "  by email     1", "  by sms       0", "  by telegram  0", "  by whatsapp  0",
    ]  # fmt: skip


async def test_a_list_is_filled_from_a_file(leadwire: Run, database: Database) -> None:
    await two(database)
    assert "segment add" in (await leadwire("segment", "new", "Guests"))[1]
    with open("ids.txt", "w", encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 - a few bytes, in the test's folder
        file.write("anna@example.org\n\nivan@example.org\n")
    code, said = await leadwire("segment", "add", "Guests", "--file", "ids.txt")
    assert (code, "2 persons added to Guests" in said) == (0, True), said
    assert "1 card taken out" in (await leadwire("segment", "remove", "Guests", "anna@example.org"))[1]
    assert (await leadwire("segment", "count", "Guests"))[1].startswith("1 person")


async def test_an_archived_one_is_called_archived(leadwire: Run) -> None:
    """ "There is no segment Perm", although everybody remembers making it."""
    assert (await leadwire("segment", "new", "Perm"))[0] == 0
    assert (await leadwire("segment", "archive", "Perm"))[0] == 0
    code, said = await leadwire("segment", "count", "Perm")
    assert (code, "The segment Perm is archived: make a new one" in said) == (1, True), said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("new", "x", "--rule", '{"field": "citty", "op": "is", "value": "x"}'), "did you mean 'city'?"),
        (("new", "x", "--rule", "{"), "The rule is no JSON, it breaks off in line 1, at sign 2"),
        (("new", "x", "--rule", "@nowhere.json"), '"nowhere.json" cannot be read'),
        (("new", " "), "needs a name"),
        (("count", "nobody"), "there is no segment nobody"),
        (("count",), "give a segment, or --rule"),
        (("archive", "nobody"), "there is no segment nobody"),
    ],
)
async def test_what_is_wrong_is_said_in_a_line(leadwire: Run, words: tuple[str, ...], expected: str) -> None:
    code, said = await leadwire("segment", *words)
    assert code == 1
    assert expected.lower() in said.lower()
    assert len(said.strip().splitlines()) == 1


async def test_what_may_be_asked_is_listed(leadwire: Run) -> None:
    code, said = await leadwire("segment", "subjects")
    assert code == 0
    assert "has_any" in next(line for line in said.splitlines() if line.startswith("tag "))
