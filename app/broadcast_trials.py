"""Test letters from the terminal: sent, and what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import typer

from app.broadcast_given import the_broadcast, who
from app.installed import Unclear, at, connected, cut, installed, table, uuid
from app.mailing import office_of
from app.settings import Settings
from app.wiring import Installation
from broadcasts import plan as plans
from broadcasts import trials
from broadcasts.office import Office
from broadcasts.trials import Trial
from broadcasts.words import UNDERWAY, code_said, delivery_said
from domain import addresses
from notifications.reasons import explain
from store import singles
from store.deliveries import Purpose
from store.singles import Single
from store.tails import short

WAIT = 10.0
"""Seconds that the command waits to see what becomes of them."""
EVERY = 0.2
"""Seconds between two looks."""
_BAD = ("failed", "skipped", "unknown")


async def test(settings: Settings, name: str, channel: str, to: Sequence[str]) -> int:
    """Send test letters and wait a little for how they end; 1 when one does not get there.

    Raises Unclear, Refused, NotCompiled.
    """
    office, language = office_of(settings), settings.company.language
    async with installed(settings) as built:
        async with built.database.begin() as connection:
            row = await the_broadcast(connection, name, settings)
            by = channel or plans.read(row.plan).steps[0].channel
            office.kind(by)
            found = await trials.test(
                connection, office, row, by, contacts=[id_ for one in to if (id_ := uuid(one))],
                addresses=[_address(office, by, one, settings.company.country) for one in to if not uuid(one)],
                actor=who(),
            )  # fmt: skip
        ended = await _ended(built, [one.delivery for one in found if one.delivery])
    for one in found:
        typer.echo(f"{one.address or one.contact}: {_said(one, ended, by, language)}")
    if any(one.state in UNDERWAY for one in ended.values()):
        typer.echo(f"See how it ends: leadwire broadcast tests {short(row.id)}. `leadwire up` sends them.")
    return int(any(one.barred for one in found) or any(one.state in _BAD for one in ended.values()))


async def _ended(built: Installation, wanted: Sequence[UUID]) -> dict[UUID, Single]:
    """How they are when each has ended, or when the wait is over."""
    for _ in range(round(WAIT / EVERY) + 1):
        async with built.database.begin() as connection:
            found = {id_: one for id_ in wanted if (one := await singles.get(connection, id_, Purpose.TEST))}
        if not any(one.state in UNDERWAY for one in found.values()):
            break
        await asyncio.sleep(EVERY)
    return found


def _said(one: Trial, ended: dict[UUID, Single], by: str, language: str) -> str:
    if one.delivery is None:
        return f"{delivery_said('skipped', language)}: {code_said(one.barred, language)}"
    found = ended[one.delivery]
    why = _why(found, language)
    return f"{delivery_said(found.state, language)}, {by}{f': {why}' if why else ''}"


def _why(found: Single, language: str) -> str:
    """What the provider said, with what it means where that is known."""
    if found.state not in (*_BAD, *UNDERWAY) or not found.reason:
        return ""
    known = explain(found.reason, language, colleague=True)
    return cut(found.reason, 200) if known == found.reason else f"{known} ({cut(found.reason, 120)})"


def _address(office: Office, channel: str, said: str, country: str) -> str:
    kind = office.rules.accounts[channel].reaches
    found = {
        "email": lambda: addresses.email(said),
        "phone": lambda: addresses.phone(said, country),
        "telegram": lambda: addresses.telegram(said),
    }[kind]()
    if found is None:
        raise Unclear(f'"{said}" is no address of kind {kind}, by which {channel} writes; give one, or a contact\'s id')
    return found.value


async def listed(settings: Settings, name: str, limit: int) -> int:
    """Print a line for each test of a broadcast. Raises Unclear, Refused."""
    zone, language = settings.company.zone, settings.company.language
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        found = await singles.tests(connection, row.id, limit)
    rows = [
        (at(one.created_at, zone), one.channel, cut(one.address), delivery_said(one.state, language),
         _why(one, language))
        for one in found
    ]  # fmt: skip
    for line in table(rows) if rows else ["No test of it was sent."]:
        typer.echo(line)
    return 0
