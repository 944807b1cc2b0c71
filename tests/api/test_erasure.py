"""Erasing over the API: with a scope of its own, once and for all, however often it is sent."""

from __future__ import annotations

from uuid import uuid4

from people.consent import may_write
from store.engine import Database
from store.permission import MARKETING, Aim, Code
from tests.api.conftest import Call, Held, Make, client, token_for
from tests.people.law import agreed
from tests.router.conftest import Ask

MAIL = "anna@example.org"


async def test_a_person_is_forgotten_and_stays_so(call: Call, make: Make, ask: Ask, database: Database) -> None:
    anna, petr = await make("Anna", MAIL, city="Perm"), await make("Petr", "petr@example.org")
    async with database.begin() as connection:
        await agreed(connection, anna)
    answer = await call("DELETE", f"/contacts/{anna}")
    assert answer.status_code == 200
    assert answer.json()["cards"] == [str(anna)]
    assert answer.json()["rows"]["identities"] == 1
    assert await ask("SELECT count(*) FROM identities WHERE value = :v", v=MAIL) == [0]
    assert await ask("SELECT actor FROM events WHERE kind = 'contact.erased'") == await ask(
        "SELECT 'api:' || id FROM api_keys ORDER BY created_at LIMIT 1"
    )
    again = await call("DELETE", f"/contacts/{anna}")
    assert again.status_code == 200
    assert "field_values" not in again.json()["rows"]
    assert (await call("GET", f"/contacts/{petr}")).json()["name"] == "Petr"
    back = await make("Anna", MAIL)
    async with database.begin() as connection:
        await agreed(connection, back)
        [barred] = (await may_write(connection, [Aim(back, "email", MAIL)], MARKETING)).values()
    assert barred and barred.code is Code.ERASED


async def test_files_go_with_their_person(database: Database, make: Make, ask: Ask) -> None:
    anna, held, token = await make("Anna", MAIL), Held(), await token_for(database, "admin")
    async with client(database, files=held) as http:
        http.headers["Authorization"] = f"Bearer {token}"
        sent = await http.post(f"/contacts/{anna}/files", files={"file": ("plan.txt", b"the plan", "text/plain")})
        assert sent.status_code == 201, sent.text
        [key] = await ask("SELECT key FROM contact_files")
        assert await held.get(key) == b"the plan"
        assert (await http.delete(f"/contacts/{anna}")).json()["files"] == 1
    assert not held.holds(key)


async def test_only_a_key_that_may_erase_does(database: Database, make: Make, ask: Ask) -> None:
    anna = await make("Anna", MAIL)
    async with client(database) as http:
        for scopes, status in ((("contacts:read", "contacts:write"), 403), (("contacts:erase",), 200)):
            headers = {"Authorization": f"Bearer {await token_for(database, *scopes)}"}
            assert (await http.delete(f"/contacts/{anna}", headers=headers)).status_code == status
            assert await ask("SELECT count(*) FROM identities WHERE value = :v", v=MAIL) == [int(status == 403)]
        assert (await http.delete(f"/contacts/{uuid4()}", headers=headers)).status_code == 404
