"""Keys of the API from the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from app.installed import ACTOR, Unclear, at, connected, cut, id_of, no, table
from app.settings import Settings
from domain.messages import utcnow
from store import events, keys
from store.tails import short


async def add(settings: Settings, name: str, scopes: Sequence[str]) -> int:
    """Make a key and print it, this once. Raises Unclear."""
    wanted = [scope.strip() for one in scopes for scope in one.split(",") if scope.strip()]
    if not name.strip():
        raise Unclear("a key needs a name: say which program has it")
    async with connected(settings) as connection:
        try:
            made, token = await keys.add(connection, name, wanted, utcnow())
        except ValueError as error:
            raise Unclear(str(error)) from error
        await events.record(
            connection,
            "key.added",
            at=utcnow(),
            actor=ACTOR,
            key=str(made.id),
            name=made.name,
            scopes=list(made.scopes),
        )
    typer.echo(f"Key {short(made.id)} for {made.name}: {', '.join(made.scopes)}. It is shown this once:", err=True)
    typer.echo(token)
    return 0


async def listed(settings: Settings) -> int:
    """Print a line for each key."""
    zone = settings.company.zone
    async with connected(settings) as connection:
        found = await keys.listed(connection)
    rows = [
        (
            short(key.id),
            cut(key.name, 30),
            f"revoked {at(key.revoked_at, zone)}" if key.revoked_at else "valid",
            f"used {at(key.used_at, zone)}" if key.used_at else "never used",
            ", ".join(key.scopes),
        )
        for key in found
    ]
    for line in (
        table(rows) if rows else ['There are no keys. Make one: leadwire keys add "My shop" --scope contacts:read']
    ):
        typer.echo(line)
    return 0


async def revoke(settings: Settings, said: str) -> int:
    """The key opens nothing from now on. Raises Unclear."""
    async with connected(settings) as connection:
        key = await id_of(connection, "key", said)
        if not await keys.revoke(connection, key, utcnow()):
            return no(f"there is no valid key {said}. See: leadwire keys list")
        await events.record(connection, "key.revoked", at=utcnow(), actor=ACTOR, key=str(key))
    typer.echo(f"Key {short(key)} opens nothing any more.")
    return 0
