"""Whatever is sent, the answer is no fault: each endpoint takes what its document allows and says no to the rest."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import endpoints, inner
from domain.ids import new_id
from domain.messages import utcnow
from people.editing import Author, Draft, create
from store.engine import Database
from tests.api.conftest import client, token_for

DOCUMENT = inner().openapi()
ENDPOINTS = sorted(endpoints())
_TEXT = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ("name", "city", "Perm", "a@example.org", "+79161234567", "vk:1", "%", "\x00", "'", "hand", "born")
    ),
)
_ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(allow_nan=False), _TEXT),
    lambda inside: st.one_of(st.lists(inside, max_size=3), st.dictionaries(_TEXT, inside, max_size=3)),
    max_leaves=6,
)
_MOMENTS = ("2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", utcnow().isoformat())


def of_schema(schema: dict[str, Any], ids: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Values that the document allows, as far as types go."""
    if "$ref" in schema:
        return of_schema(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]], ids)
    if "anyOf" in schema:
        return st.one_of(*(of_schema(one, ids) for one in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("format") == "uuid":
        return ids
    if schema.get("format") == "date-time":
        return st.sampled_from(_MOMENTS)
    of_type: dict[str, st.SearchStrategy[Any]] = {
        "string": _TEXT,
        "integer": st.integers(schema.get("minimum", -5), schema.get("maximum", 2**70)),
        "number": st.floats(allow_nan=False, allow_infinity=False),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    if schema.get("type") == "array":
        return st.lists(of_schema(schema["items"], ids), max_size=3)
    if schema.get("type") == "object":
        return _object(schema, ids)
    return of_type.get(schema.get("type", ""), _ANY)


def _object(schema: dict[str, Any], ids: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        inside = schema.get("additionalProperties")
        return st.dictionaries(_TEXT, of_schema(inside if isinstance(inside, dict) else {}, ids), max_size=3)
    required = {name: of_schema(schema["properties"][name], ids) for name in schema.get("required", ())}
    optional = {n: of_schema(one, ids) for n, one in schema["properties"].items() if n not in required}
    return st.fixed_dictionaries(required, optional=optional)


@st.composite
def requests(draw: st.DrawFn, known: list[UUID]) -> tuple[str, str, dict[str, Any], dict[str, Any]]:
    """(method, path, query, body as the client takes it) of a request that may well be done."""
    ids = st.sampled_from([str(one) for one in [*known, new_id()]])
    method, path, _ = draw(st.sampled_from(ENDPOINTS))
    operation = DOCUMENT["paths"][path][method.lower()]
    query = {
        p["name"]: draw(of_schema(p["schema"], ids))
        for p in operation.get("parameters", ())
        if p["in"] == "query" and draw(st.booleans())
    }
    filled = re.sub(r"\{(\w+)\}", lambda found: "city" if found[1] in {"field", "name"} else draw(ids), path)
    body: dict[str, Any] = {}
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        value = draw(st.one_of(of_schema(content["schema"], ids), _ANY))
        body = _form(value, draw(_FILES)) if kind == "multipart/form-data" else {"content": json.dumps(value)}
    return method, filled, {name: value for name, value in query.items() if value is not None}, body


_FILES = st.sampled_from(["", "Name;Email\nAnna;a@example.org\n", "BEGIN:VCARD\nFN:Anna\nEND:VCARD\n", "\0"]).map(
    str.encode
)


def _form(value: Any, file: bytes) -> dict[str, Any]:
    fields = value.items() if isinstance(value, dict) else ()
    data = {str(name): str(one) for name, one in fields if str(name).isprintable() and name != "file"}
    return {"data": data, "files": {"file": ("people.csv", file)}}


def test_nothing_that_is_sent_is_a_fault(database_url: str) -> None:
    with asyncio.Runner() as runner:
        database = Database(database_url)
        known, token = runner.run(_prepared(database))
        http = client(database)
        key, plain = {"Authorization": f"Bearer {token}"}, {"Content-Type": "application/json"}

        @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
        @given(requests(known))
        def hold(request: tuple[str, str, dict[str, Any], dict[str, Any]]) -> None:
            method, path, query, body = request
            headers = key if "files" in body else key | plain
            answer = runner.run(http.request(method, path, params=query, headers=headers, **body))
            assert answer.status_code < 500, (answer.status_code, answer.text)

        try:
            hold()
        finally:
            runner.run(http.aclose())
            runner.run(database.aclose())


async def _prepared(database: Database) -> tuple[list[UUID], str]:
    by = Author(source="staff:1", country="RU")
    async with database.begin() as connection:
        cards = [await create(connection, Draft(name=name, fields={"city": "Perm"}), by) for name in ("Anna", "Petr")]
    return cards, await token_for(database, "admin")
