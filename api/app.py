"""The API as one application, to be mounted at /api."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api import (
    addresses,
    broadcasts,
    companies,
    consents,
    contacts,
    erasure,
    exports,
    fields,
    files,
    imports,
    merges,
    messages,
    outlook,
    recipients,
    segments,
    templates,
    trials,
    uploads,
)
from api.access import Needs
from api.guard import OPEN, Guard, Within
from api.limits import Buckets, Strangers
from api.problems import TYPE, handle_all
from broadcasts.office import Office
from domain.ports import AsgiApp
from people.exporting import House
from store.engine import Database
from store.files import LargeFiles

PER_SECOND, BURST = 20.0, 100
"""Requests of one key."""
_ABOUT = """Contacts, the addresses that they are known by, how they were joined, what they agreed to, and what is sent.

Send the key as `Authorization: Bearer lw_...`. What is refused is answered as `application/problem+json` (RFC 9457) in
the language of `Accept-Language` (en, ru), with a `code` for programs and a `detail` for people. A POST with an
`Idempotency-Key` is done once, however often it is sent."""
_CARDS = (contacts, addresses, fields, companies, merges, consents, erasure, files)
_ROOMS = (*_CARDS, uploads, imports, exports, segments)
_MAILING = (broadcasts, outlook, recipients, trials, templates, messages)
_ROUTERS = tuple(room.router for room in (*_ROOMS, *_MAILING))


def api(
    database: Database,
    *,
    country: str = "RU",
    house: House | None = None,
    files: LargeFiles | None = None,
    max_file: int = 25 << 20,
    office: Office | None = None,
    per_second: float = PER_SECOND,
    burst: int = BURST,
) -> AsgiApp:
    """The application behind its door.

    `country`: where a national phone number is from; `house`: how contacts may be let out;
    `files`: where what is handed in is kept, `max_file`: bytes of one; `office`: what the configuration says
    of broadcasts.
    """
    within = Within(country=country, house=house or House(), files=files, max_file=max_file, office=office or Office())
    return Guard(inner(), database, within, Buckets(per_second, burst), Strangers())


def inner() -> FastAPI:
    """The application without the door: each endpoint finds its caller in the scope."""
    app = FastAPI(
        title="Leadwire",
        version="1",
        description=_ABOUT,
        openapi_url=OPEN,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": "/api"}],
        root_path_in_servers=False,
    )
    for router in _ROUTERS:
        app.include_router(router)
    handle_all(app)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # FastAPI's own way to say more
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with the scope and the refusals of each endpoint."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, servers=app.servers
        )
        document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        document["components"]["schemas"]["Problem"] = _PROBLEM
        for method, path, scope in endpoints():
            operation = document["paths"][path][method.lower()]
            operation["security"] = [{"key": [scope]}]
            operation["x-scope"] = scope
            operation["responses"] = {**operation["responses"], **_REFUSALS}
        app.openapi_schema = document
    return app.openapi_schema


def endpoints() -> Iterator[tuple[str, str, str]]:
    """(method, path, scope) of every endpoint."""
    for route in (route for router in _ROUTERS for route in router.routes if isinstance(route, APIRoute)):
        [needs] = [d.call for d in route.dependant.dependencies if isinstance(d.call, Needs)]
        yield from ((method, route.path_format, needs.scope) for method in route.methods or ())


_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "For programs: it stays the same in every language."},
        "detail": {"type": "string", "description": "For people: what is wrong, and what to do."},
    },
}
_REFUSAL = {"content": {TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_REFUSALS = {
    status: {"description": description, **_REFUSAL}
    for status, description in {
        "401": "No key, or one that opens nothing",
        "403": "The key lacks the scope",
        "404": "There is no such thing",
        "409": "It cannot be done as things are",
        "422": "The request cannot be read",
        "429": "Too often: see Retry-After",
        "503": "Busy or away: see Retry-After",
    }.items()
}
