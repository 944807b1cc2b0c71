"""Who comes in, how often, with how much; and what he is told when he does not."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

import pytest
from openapi_spec_validator import validate
from sqlalchemy import text

from api.app import endpoints, inner
from api.limits import Buckets
from api.words import WORDS, language_of
from domain.ids import new_id
from domain.messages import utcnow
from store import keys
from store.engine import Database
from tests.api.conftest import Call, Make, client, token_for
from tests.router.conftest import Ask

NOBODY, NO_OTHER = UUID(int=1), UUID(int=2)
"""Ids that nobody has. The names of tests must be the same in every process."""

ENDPOINTS = sorted(endpoints(), key=lambda one: (one[1], one[0]))
PROBLEM = "application/problem+json"


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", str(new_id()), path)


@pytest.mark.parametrize(("method", "path", "scope"), ENDPOINTS)
async def test_every_endpoint_needs_a_key(call: Call, method: str, path: str, scope: str) -> None:
    for wrong in ("", "Bearer ", "Basic abc", "Bearer nonsense", f"Bearer lw_{'x' * 43}"):
        answer = await call(method, filled(path), {}, Authorization=wrong)
        assert (answer.status_code, answer.headers["content-type"]) == (401, PROBLEM)
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path", "scope"), ENDPOINTS)
async def test_every_endpoint_needs_its_scope(database: Database, method: str, path: str, scope: str) -> None:
    others = [one for one in keys.SCOPES if one not in {scope, "admin"}]
    lacking, having = await token_for(database, *others), await token_for(database, scope)
    async with client(database) as http:
        url = filled(path)
        refused = await http.request(method, url, json={}, headers={"Authorization": f"Bearer {lacking}"})
        admitted = await http.request(method, url, json={}, headers={"Authorization": f"Bearer {having}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope")
    assert scope in refused.json()["detail"]
    assert admitted.status_code not in {401, 403, 500}


async def test_a_key_in_the_address_opens_nothing(database: Database) -> None:
    token = await token_for(database, "admin")
    async with client(database) as http:
        for name in ("key", "token", "access_token"):
            assert (await http.get("/contacts", params={name: token})).status_code == 401


async def test_a_revoked_key_opens_nothing(database: Database, ask: Ask) -> None:
    async with database.begin() as connection:
        key, token = await keys.add(connection, "shop", ["contacts:read"], utcnow())
    headers = {"Authorization": f"Bearer {token}"}
    async with client(database) as http:
        assert (await http.get("/contacts", headers=headers)).status_code == 200
        async with database.begin() as connection:
            assert await keys.revoke(connection, key.id, utcnow())
            assert not await keys.revoke(connection, key.id, utcnow())
        answer = await http.get("/contacts", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong-key")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert await ask("SELECT used_at IS NOT NULL FROM api_keys") == [True]


async def test_of_a_key_only_the_hash_is_kept(database: Database, ask: Ask) -> None:
    token = await token_for(database, "admin")
    assert re.fullmatch(r"lw_[\w-]{43}", token)
    [row] = await ask("SELECT CAST(row_to_json(k) AS text) FROM api_keys k")
    assert token not in row
    assert token.removeprefix("lw_") not in row


@pytest.mark.parametrize("scopes", [[], ["everything"], ["admin", "everything"]])
async def test_a_key_has_scopes_that_there_are(database: Database, scopes: list[str]) -> None:
    async with database.begin() as connection:
        with pytest.raises(ValueError, match="contacts:read"):
            await keys.add(connection, "shop", scopes, utcnow())
        assert await keys.listed(connection) == []


async def test_who_asks_too_often_is_told_to_wait(database: Database) -> None:
    one, other = await token_for(database, "admin"), await token_for(database, "admin")
    async with client(database, per_second=0.001, burst=2) as http:
        answers = [await http.get("/fields", headers={"Authorization": f"Bearer {one}"}) for _ in range(3)]
        assert [a.status_code for a in answers] == [200, 200, 429]
        assert int(answers[-1].headers["retry-after"]) > 900
        assert (await http.get("/fields", headers={"Authorization": f"Bearer {other}"})).status_code == 200


def test_a_bucket_fills_again_and_never_over() -> None:
    now = [0.0]
    buckets, key = Buckets(2, 3, lambda: now[0]), new_id()
    assert [buckets.wait(key) for _ in range(4)] == [0, 0, 0, 0.5]
    now[0] = 0.5
    assert [buckets.wait(key) for _ in range(2)] == [0, 0.5]
    now[0] = 100.0
    assert [buckets.wait(key) > 0 for _ in range(4)] == [False, False, False, True]


async def test_a_body_has_a_limit_whatever_it_says_of_itself(database: Database) -> None:
    headers = {"Authorization": f"Bearer {await token_for(database, 'admin')}", "Content-Type": "application/json"}

    async def endless() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    async with client(database) as http:
        said = await http.post("/contacts", content=b"x" * 1_000_001, headers=headers)
        unsaid = await http.post("/contacts", content=endless(), headers=headers)
    assert [said.status_code, unsaid.status_code] == [413, 413]


async def test_the_document_is_open_valid_and_complete(call: Call) -> None:
    answer = await call("GET", "/openapi.json", Authorization="")
    assert answer.status_code == 200
    document = json.loads(answer.text)
    validate(document)
    named = {(m.upper(), path, o["x-scope"]) for path, item in document["paths"].items() for m, o in item.items()}
    assert named == set(ENDPOINTS)
    assert document["servers"] == [{"url": "/api"}]
    assert document["openapi"].startswith("3.1")


def test_no_other_path_answers() -> None:
    """A page of documentation from somebody else's server, for one."""
    assert {getattr(route, "path", "") for route in inner().routes} == {"/openapi.json", ""}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nowhere", None, 404, "no-such-address"),
        ("GET", "", None, 404, "no-such-address"),
        ("DELETE", "/contacts", None, 405, "method"),
        ("GET", "/contacts/anna", None, 422, "unreadable"),
        ("GET", f"/contacts/{NOBODY}", None, 404, "unknown-contact"),
        ("GET", "/contacts?limit=1000", None, 422, "unreadable"),
        ("GET", "/contacts?since=2026-01-01T00:00:00", None, 422, "unreadable"),
        ("GET", f"/contacts/{NOBODY}/timeline?before=yesterday", None, 422, "unreadable"),
        ("POST", "/contacts", {"nmae": "Anna"}, 422, "unreadable"),
        ("POST", "/contacts", {"name": "x" * 501}, 422, "unreadable"),
        ("POST", "/contacts", {"addresses": [{"kind": "email", "value": "anna"}]}, 422, "address"),
        ("POST", "/contacts", {"fields": {"shoe": "38"}}, 422, "field"),
        ("POST", "/contacts", {"fields": {"born": "tomorrow"}}, 422, "field"),
        ("PATCH", f"/contacts/{NOBODY}", {"fields": {"city": "Perm"}}, 404, "unknown-contact"),
        ("POST", f"/contacts/{NOBODY}/notes", {"text": "x"}, 404, "unknown-contact"),
        ("POST", "/companies", {"name": "«»"}, 422, "company-name"),
        ("DELETE", f"/merges/{NOBODY}", None, 404, "unknown"),
        ("POST", "/merges", {"one": str(NOBODY), "other": str(NO_OTHER)}, 404, "unknown-contact"),
        ("POST", "/merges/undo", {}, 422, "undo-what"),
        ("POST", "/merges/undo", {"rule": "certain"}, 422, "undo-what"),
        ("POST", f"/suggestions/{NOBODY}/decision", {"answer": "same"}, 404, "unknown"),
    ],
)
async def test_a_refusal_says_why_in_both_languages(
    call: Call, method: str, path: str, body: Any, status: int, code: str
) -> None:
    said = {}
    for language in ("en", "ru"):
        answer = await call(method, path, body, Accept_Language=language)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["status"]) == (status, code, status)
        assert (answer.headers["content-type"], answer.headers["content-language"]) == (PROBLEM, language)
        said[language] = problem["detail"]
    assert said["en"] != said["ru"]


@pytest.mark.parametrize("name", [r"\ud800", r"\u0000x", r"\uffff", "\u202e"])
async def test_signs_that_no_name_has_are_no_fault(database: Database, name: str) -> None:
    headers = {"Authorization": f"Bearer {await token_for(database, 'admin')}", "Content-Type": "application/json"}
    async with client(database) as http:
        answers = [
            await http.post(path, content=f'{{"{field}": "{name}"}}'.encode(), headers=headers)
            for path, field in (("/contacts", "name"), ("/contacts", "note"), ("/companies", "name"))
        ]
        answers.append(await http.get("/contacts", params={"name": "a\x00b", "tag": "\x00"}, headers=headers))
        answers.append(await http.get("/identities?address=%00a@example.org", headers=headers))
        answers.append(await http.get(f"/contacts/{new_id()}/fields/%00", headers=headers))
        answers.append(await http.get("/companies?name=%00&after=%00", headers=headers))
    assert {answer.status_code for answer in answers} <= {200, 201, 404, 422}


def test_every_sentence_is_in_both_languages() -> None:
    for key, words in WORDS.items():
        assert words.keys() == {"en", "ru"}, key
        assert re.findall(r"{(\w+)}", words["en"]) == re.findall(r"{(\w+)}", words["ru"]), key


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "en"), ("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("de, en;q=0.5, ru;q=0.4", "en"), ("fr", "en"), ("*", "en")],
)
def test_the_language_is_the_callers(accepted: str, language: str) -> None:
    assert language_of(accepted) == language


async def test_a_fault_says_nothing_of_what_is_inside(
    call: Call, database: Database, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    contact = await make("Anna")
    async with database.begin() as connection:
        await connection.execute(text("ALTER TABLE notes RENAME COLUMN text TO words"))
    answer = await call("GET", f"/contacts/{contact}")
    assert (answer.status_code, answer.json()["code"]) == (500, "fault")
    assert not re.search("notes|column|SELECT|Traceback|asyncpg", answer.text)
    assert f"GET /api/contacts/{contact} failed" in caplog.text


async def test_while_the_database_is_away_it_says_so() -> None:
    away = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    async with client(away) as http:
        answer = await http.get("/contacts", headers={"Authorization": f"Bearer lw_{'x' * 43}"})
    assert (answer.status_code, answer.json()["code"]) == (503, "away")
    assert answer.headers["retry-after"]
    await away.aclose()
