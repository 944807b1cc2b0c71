"""Imports and exports over the API: looked at, taken back, forbidden; and nobody gets another's file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.ids import new_id
from people import importing
from people.exporting import House
from people.importing import Source
from store.engine import Database
from tests.api.conftest import Call, Make, client, token_for
from tests.router.conftest import Ask

FILE = "Name;Email\nAnna;anna@example.org\nPetr;petr@example.org\n;nonsense\n"


@pytest.fixture
async def imported(database: Database, tmp_path: Path) -> UUID:
    """Two contacts and a row that is none, from a file."""
    path = tmp_path / "people.csv"
    path.write_text(FILE, encoding="utf-8")
    source = Source(path=path, mapping={"Name": "name", "Email": "email"}, country="RU")
    return (await importing.run(database, await importing.begin(database, source, "staff:1"))).id


async def test_an_import_is_looked_at(call: Call, imported: UUID, tmp_path: Path) -> None:
    [found] = (await call("GET", "/imports")).json()
    assert (found["id"], found["state"], found["counts"]) == (str(imported), "done", {"new": 2, "rejected": 1})
    one = await call("GET", f"/imports/{imported}")
    assert one.json() == found
    assert str(tmp_path) not in one.text, "where it is on the disk is nobody's business"
    [rejected] = (await call("GET", f"/imports/{imported}/rows?outcome=rejected")).json()
    assert (rejected["outcome"], rejected["contact"]) == ("rejected", None)
    new = (await call("GET", f"/imports/{imported}/rows?outcome=new")).json()
    assert len(new) == 2
    behind = (await call("GET", f"/imports/{imported}/rows?outcome=new&after={new[0]['row']}")).json()
    assert behind == new[1:]
    [held] = (await call("GET", "/identities?address=anna@example.org")).json()
    assert held["person"] == new[0]["contact"]


async def test_an_import_is_taken_back_once(call: Call, imported: UUID, ask: Ask) -> None:
    assert (await call("POST", f"/imports/{imported}/undo")).json() == {"removed": 2, "kept": 0}
    assert await ask("SELECT count(*) FROM contacts") == [0]
    assert (await call("GET", f"/imports/{imported}")).json()["state"] == "undone"
    again = await call("POST", f"/imports/{imported}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "import-undone")


async def test_an_old_import_stays(call: Call, imported: UUID, ask: Ask) -> None:
    await ask("UPDATE imports SET created_at = now() - interval '31 days' RETURNING 1")
    answer = await call("POST", f"/imports/{imported}/undo")
    assert (answer.status_code, answer.json()["code"]) == (409, "import-old")
    assert await ask("SELECT count(*) FROM contacts") == [2]


@pytest.mark.parametrize("path", ["/imports/{}", "/imports/{}/rows", "/exports/{}"])
async def test_what_there_is_not_is_not_found(call: Call, path: str) -> None:
    assert (await call("GET", path.format(new_id()))).status_code == 404


async def test_an_export_is_asked_for_and_written(call: Call, make: Make) -> None:
    await make("Anna", "anna@example.org", city="Perm")
    await make("Petr", "petr@example.org", city="Omsk")
    asked = await call("POST", "/exports", {"columns": ["name", "email"], "filter": {"city": "perm"}})
    assert (asked.status_code, asked.json()["state"]) == (201, "waiting")
    written = await call("POST", f"/exports/{asked.json()['id']}/file")
    assert written.headers["content-type"] == "text/csv; charset=utf-8"
    assert "anna@example.org" in written.text
    assert "petr" not in written.text
    assert [(e["state"], e["rows"]) for e in (await call("GET", "/exports")).json()] == [("done", 1)]
    again = await call("POST", f"/exports/{asked.json()['id']}/file")
    assert (again.status_code, again.json()["code"]) == (409, "export-over")


async def test_of_vcards(call: Call, make: Make) -> None:
    await make("Anna", "anna@example.org")
    asked = (await call("POST", "/exports", {"format": "vcard"})).json()
    written = await call("POST", f"/exports/{asked['id']}/file")
    assert "BEGIN:VCARD" in written.text
    assert written.headers["content-disposition"] == 'attachment; filename="contacts.vcf"'


async def test_columns_that_there_are(call: Call) -> None:
    answer = await call("POST", "/exports", {"columns": ["shoe"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "export-columns")
    assert "email" in answer.json()["columns"]


async def test_nobody_gets_anothers_file(call: Call, database: Database) -> None:
    asked = (await call("POST", "/exports", {})).json()
    headers = {"Authorization": f"Bearer {await token_for(database, 'exports:read')}"}
    async with client(database) as http:
        assert (await http.post(f"/exports/{asked['id']}/file", headers=headers)).status_code == 404


@pytest.mark.parametrize("vetoed", [False, True])
async def test_the_owner_may_say_no(database: Database, ask: Ask, vetoed: bool) -> None:
    headers = {"Authorization": f"Bearer {await token_for(database, 'admin')}"}
    house: Any = House(delay=timedelta(hours=1))
    async with client(database, house=house) as http:
        asked = (await http.post("/exports", json={}, headers=headers)).json()
        early = await http.post(f"/exports/{asked['id']}/file", headers=headers)
        assert (early.status_code, early.json()["code"]) == (409, "export-early")
        if vetoed:
            said = await http.post(f"/exports/{asked['id']}/veto", headers=headers)
            assert said.json()["state"] == "vetoed"
            assert (await http.post(f"/exports/{asked['id']}/veto", headers=headers)).status_code == 409
        await ask("UPDATE exports SET due_at = now() RETURNING 1")
        later = await http.post(f"/exports/{asked['id']}/file", headers=headers)
    assert later.status_code == (409 if vetoed else 200)
