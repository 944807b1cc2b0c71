"""Segments by the API."""

from __future__ import annotations

from typing import Any

from broadcasts.accounts import Account
from broadcasts.lifecycle import Rules
from broadcasts.office import Office
from domain.ids import new_id
from store.engine import Database
from tests.api.conftest import Call, Make, client, token_for

VIP = {"field": "tag", "op": "has_any", "value": ["vip"]}


async def made(call: Call, name: str, rule: Any = None) -> str:
    answer = await call("POST", "/segments", {"name": name, "rule": rule})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/segments/{answer.json()['id']}"
    return str(answer.json()["id"])


async def test_a_segment_from_its_making_to_its_end(call: Call, make: Make) -> None:
    anna, ivan = await make("Anna", "anna@example.org"), await make("Ivan", "ivan@example.org")
    await call("PATCH", f"/contacts/{anna}", {"add_tags": ["vip"]})
    segment = await made(call, "Vips", VIP)
    shown = (await call("GET", f"/segments/{segment}", Accept_Language="ru")).json()
    assert (shown["said"], shown["kind"], shown["version"], shown["used_by"]) == ("Метка есть «vip»", "rule", 1, [])
    preview = (await call("GET", f"/segments/{segment}/preview")).json()
    assert preview == {
        "count": 1,
        "reach": {"email": 1, "sms": 0, "telegram": 0},
        "samples": [{"id": str(anna), "name": "Anna"}],
    }
    assert (await call("GET", f"/segments/{segment}/members")).json() == [str(anna)]
    assert (await call("GET", f"/segments/{segment}/members/{anna}")).status_code == 204
    assert (await call("GET", f"/segments/{segment}/members/{ivan}")).status_code == 404
    changed = await call("PATCH", f"/segments/{segment}", {"rule": {"not": VIP}})
    assert (changed.json()["version"], changed.json()["name"]) == (2, "Vips")
    assert (await call("GET", f"/segments/{segment}/members")).json() == [str(ivan)]
    assert [v["version"] for v in (await call("GET", f"/segments/{segment}/versions")).json()] == [2, 1]
    assert (await call("DELETE", f"/segments/{segment}")).status_code == 204
    assert (await call("GET", "/segments")).json() == []
    assert [s["id"] for s in (await call("GET", "/segments?archived=true")).json()] == [segment]


async def test_a_list_takes_members_and_lets_them_go(call: Call, make: Make) -> None:
    anna, ivan = await make("Anna"), await make("Ivan")
    segment = await made(call, "Guests")
    contacts = [str(anna), str(ivan), str(new_id())]
    assert (await call("POST", f"/segments/{segment}/members", {"contacts": contacts})).status_code == 204
    assert (await call("DELETE", f"/segments/{segment}/members/{anna}")).status_code == 204
    assert (await call("GET", f"/segments/{segment}/members")).json() == [str(ivan)]
    pages = [(await call("GET", f"/segments/{segment}/members?limit=1&after={new_id()}")).json()]
    assert pages == [[]]


async def test_what_is_refused_says_why(call: Call) -> None:
    rule = await made(call, "Vips", VIP)
    user = await made(call, "Users", {"field": "segment", "op": "has_any", "value": ["Vips"]})
    wrong = {"all": [VIP, {"any": [{"field": "citty", "op": "is", "value": "x"}]}]}
    for method, path, body, status, code, words in (
        ("POST", "/segments", {"name": "Vips"}, 409, "segment", "There is a segment “Vips” already"),
        ("POST", "/segments", {"name": " "}, 422, "segment", "needs a name"),
        ("POST", "/segments", {"name": "x", "rule": wrong}, 422, "condition", "did you mean 'city'?"),
        ("POST", "/segments/preview", {"rule": wrong}, 422, "condition", "all.1.any.0: field 'citty'"),
        ("DELETE", f"/segments/{rule}", None, 409, "segment", "used by segment “Users”"),
        ("POST", f"/segments/{user}/members", {"contacts": [rule]}, 409, "segment", "is a rule"),
        ("GET", f"/segments/{new_id()}", None, 404, "segment", "no such segment"),
    ):
        answer = await call(method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert words in answer.json()["detail"]
    assert (await call("POST", "/segments/preview", {"rule": wrong})).json()["at"] == "all.1.any.0"


async def test_names_of_samples_need_the_right_to_read_contacts(call: Call, make: Make, database: Database) -> None:
    await make("Anna", "anna@example.org")
    rule = {"rule": {"field": "tag", "op": "empty"}}
    async with client(database) as http:
        for scopes, name in ((("segments:read",), ""), (("segments:read", "contacts:read"), "Anna")):
            key = await token_for(database, *scopes)
            answer = await http.post("/segments/preview", json=rule, headers={"Authorization": f"Bearer {key}"})
            assert [s["name"] for s in answer.json()["samples"]] == [name]


async def test_what_may_be_asked_is_told(call: Call) -> None:
    await call("POST", "/fields", {"name": "deal", "type": "number", "labels": {"en": "Deal"}})
    found = {one["name"]: one for one in (await call("GET", "/segments/subjects")).json()}
    assert found["deal"]["operators"]["between"] == "pair"
    assert found["consent"]["params"] == ["purpose", "channel"]
    assert found["reach"]["choices"] == ["email", "sms", "telegram"]


async def test_whatsapp_is_counted_where_there_is_some(database: Database) -> None:
    accounts = {"chats": Account(name="chats", kind="whatsapp")}
    token = await token_for(database, "admin")
    async with client(database, office=Office(rules=Rules(accounts=accounts))) as http:
        phone = {"name": "Anna", "addresses": [{"kind": "phone", "value": "+79161234567"}]}
        headers = {"Authorization": f"Bearer {token}"}
        assert (await http.post("/contacts", json=phone, headers=headers)).status_code == 201
        answer = await http.post("/segments/preview", json={"rule": {"not": VIP}}, headers=headers)
    assert answer.json()["reach"] == {"email": 0, "sms": 1, "telegram": 0, "whatsapp": 1}
