"""Joined and parted over the API, one by one and many at once; and what a person says to suggestions."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from domain.ids import new_id
from domain.messages import utcnow
from store import suggestions
from store.engine import Database
from tests.api.conftest import Call, Make
from tests.router.conftest import Ask


async def joined(call: Call, one: UUID, other: UUID, **more: Any) -> str:
    answer = await call("POST", "/merges", {"one": str(one), "other": str(other)} | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_joined_and_parted(call: Call, make: Make) -> None:
    anna, anya = await make("Anna", city="Perm"), await make("Anya", city="Omsk")
    before = [(await call("GET", f"/contacts/{one}")).json() for one in (anna, anya)]
    merge = await joined(call, anna, anya, choices={"city": str(anya)})
    for id_ in (anna, anya):
        whole = (await call("GET", f"/contacts/{id_}")).json()
        assert (whole["id"], whole["name"], whole["fields"]["city"]["value"]) == (str(anna), "Anna", "Omsk")
    assert [m["id"] for m in (await call("GET", f"/merges?contact={anya}")).json()] == [merge]
    assert (await call("DELETE", f"/merges/{merge}")).status_code == 204
    assert (await call("DELETE", f"/merges/{merge}")).status_code == 404
    assert [(await call("GET", f"/contacts/{one}")).json() for one in (anna, anya)] == before
    [undone] = (await call("GET", f"/merges?contact={anya}&holding=false")).json()
    assert undone["undone_by"].startswith("api:")


async def test_both_ends_see_the_merge_in_their_timeline(call: Call, make: Make) -> None:
    anna, anya = await make("Anna"), await make("Anya")
    await call("DELETE", f"/merges/{await joined(call, anna, anya)}")
    for one in (anna, anya):
        entries = (await call("GET", f"/contacts/{one}/timeline")).json()["items"]
        assert [e["kind"] for e in entries][:2] == ["parted", "merged"]


async def test_why_two_are_not_joined(call: Call, make: Make) -> None:
    anna, petr = await make("Anna"), await make("Petr")
    pair = {"one": str(anna), "other": str(petr)}
    assert (await call("POST", "/merges/different", pair)).status_code == 204
    assert (await call("POST", "/merges", pair)).json()["code"] == "differ"
    await joined(call, anna, petr, even_if_different=True)
    assert (await call("POST", "/merges", pair)).json()["code"] == "same"
    assert (await call("POST", "/merges/different", pair)).json()["code"] == "same"
    assert (await call("POST", "/merges/different", pair | {"one": str(new_id())})).json()["code"] == "unknown-contact"


async def test_a_merge_that_is_sent_again_is_one(call: Call, make: Make, ask: Ask) -> None:
    pair = {"one": str(await make("Anna")), "other": str(await make("Anya"))}
    answers = [await call("POST", "/merges", pair, Idempotency_Key="m") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await ask("SELECT count(*) FROM merges") == [1]


@pytest.mark.parametrize("by", ["ids", "rule"])
async def test_many_are_undone_in_several_requests(call: Call, make: Make, ask: Ask, by: str) -> None:
    contacts = [await make(f"P{n}") for n in range(6)]
    merges = [await joined(call, contacts[0], other) for other in contacts[1:]]
    given = {"ids": merges[:4]} if by == "ids" else {"rule": "hand", "since": "2020-01-01T00:00:00Z"}
    total = 4 if by == "ids" else 5
    first = (await call("POST", "/merges/undo", given | {"at_most": 3})).json()
    assert first == {"undone": 3, "total": total, "left": total - 3}
    second = (await call("POST", "/merges/undo", given | {"at_most": 3})).json()
    assert second == {"undone": total - 3, "total": total - 3, "left": 0}
    assert await ask("SELECT count(*) FROM merges WHERE undone_at IS NULL") == [5 - total]


async def test_a_span_of_time_is_kept_to(call: Call, make: Make) -> None:
    merge = await joined(call, await make("Anna"), await make("Anya"))
    for span in ({"since": "2999-01-01T00:00:00Z"}, {"since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}):
        undone = (await call("POST", "/merges/undo", {"rule": "hand"} | span)).json()
        assert undone == {"undone": 0, "total": 0, "left": 0}
        query = "&".join(f"{name}={value}" for name, value in span.items())
        assert (await call("GET", f"/merges?rule=hand&{query}")).json() == []
    assert [m["id"] for m in (await call("GET", "/merges?rule=hand&since=2020-01-01T00:00:00Z")).json()] == [merge]


async def suggested(database: Database, one: UUID, other: UUID) -> UUID:
    made, pair = new_id(), sorted((one, other))
    reasons = json.dumps([["name", "same", 8.5], ["city", "differs", -1.0]])
    async with database.begin() as connection:
        await suggestions.put(connection, [(made, *pair, 12.5, "likely", reasons, utcnow())])
    return made


async def test_what_a_person_says_is_done(call: Call, make: Make, database: Database) -> None:
    anna, anya, petr = await make("Anna"), await make("Anya"), await make("Petr")
    same, different = await suggested(database, anna, anya), await suggested(database, anna, petr)
    waiting = (await call("GET", "/suggestions")).json()
    assert {one["id"] for one in waiting} == {str(same), str(different)}
    assert waiting[0]["reasons"] == [["name", "same", 8.5], ["city", "differs", -1.0]]
    merge = (await call("POST", f"/suggestions/{same}/decision", {"answer": "same"})).json()["id"]
    assert [m["id"] for m in (await call("GET", "/merges?rule=review")).json()] == [merge]
    assert (await call("POST", f"/suggestions/{different}/decision", {"answer": "different"})).status_code == 200
    again = await call("POST", f"/suggestions/{different}/decision", {"answer": "same"})
    assert (again.status_code, again.json()["code"]) == (409, "decided")
    assert (await call("GET", "/suggestions")).json() == []


async def test_later_comes_again_and_undo_opens_anew(call: Call, make: Make, database: Database) -> None:
    made = await suggested(database, await make("Anna"), await make("Anya"))
    assert (await call("POST", f"/suggestions/{made}/decision", {"answer": "later"})).status_code == 200
    assert (await call("GET", "/suggestions")).json() == []
    await call("POST", f"/suggestions/{made}/decision", {"answer": "same"})
    assert (await call("POST", f"/suggestions/{made}/decision", {"answer": "undo"})).status_code == 200
    assert (await call("GET", "/merges")).json() == []
