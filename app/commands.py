"""What the commands do, beside running roles. Each prints for a person and returns its exit code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import typer

from app.settings import Settings
from app.steps import line
from app.wiring import Installation, installation, rules_of
from bus.connect import AWAY as REDIS_AWAY
from bus.dead import Dead, DeadLetters
from domain.errors import SendError
from domain.messages import utcnow
from domain.ports import Named
from store import chats, deliveries, events, leads, migrations, staff
from store import trace as traces
from store.bulk import Row
from store.deliveries import Lane, Purpose
from store.engine import Connection
from store.leads import Lead
from store.staff import Member

LINK_VALID = timedelta(days=7)
LONGEST_NAME = 80
RETIRED_AFTER = timedelta(seconds=5)


async def migrate(settings: Settings) -> int:
    """Upgrade the schema."""
    async with installation(settings) as built:
        before, wanted = await migrations.current(built.urls.database)
        await migrations.upgrade(built.urls.database)
    typer.echo(
        f"The database is at {wanted}." if before == wanted else f"Upgraded from {before or 'nothing'} to {wanted}."
    )
    return 0


async def trace(settings: Settings, wanted: str) -> int:
    """Print every step of a lead or message; 1 when there is none."""
    async with _connected(settings) as (built, connection):
        lead, message = await traces.find(connection, wanted, list(built.kinds))
        steps = await traces.steps(connection, lead, message)
        head = await traces.head(connection, lead)
        names = {str(key): name for key, name in await traces.staff_names(connection)}
    if not steps:
        typer.secho(
            f"Nothing is known of {wanted}. Try a lead's number, a receipt or a message's id.", fg="red", err=True
        )
        return 1
    zone, began = settings.company.zone, steps[0].at
    if head:
        owner = head.owner or "nobody yet"
        typer.echo(f"Lead #{head.number}  {head.who or 'somebody without a name'}  {head.state}  owner: {owner}")
    typer.echo(f"{began.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}")
    for step in steps:
        typer.echo(line(step, began, names))
    return 0


async def dead_list(settings: Settings, limit: int) -> int:
    """Print a line each."""
    async with _letters(settings) as letters:
        found = await letters.list(limit)
    for letter in found:
        typer.echo(f"{letter.id}  {letter.at:%Y-%m-%d %H:%M}  {letter.summary}  {letter.error.splitlines()[0][:80]}")
    typer.echo("No dead letters." if not found else f"{len(found)} shown.")
    return 0


async def dead_show(settings: Settings, letter: str) -> int:
    """Print one whole."""
    async with _letters(settings) as letters:
        found = await _known(letters, letter)
    if found is None:
        return 1
    typer.echo(f"{found.id} from {found.stream}, {found.attempts} attempts, set aside {found.at:%Y-%m-%d %H:%M:%S %Z}")
    typer.echo(found.error)
    typer.echo(found.payload.decode("utf-8", "replace"))
    return 0


async def dead_replay(settings: Settings, letter: str) -> int:
    """Put back one or all."""
    async with _letters(settings) as letters:
        if letter != "all" and await _known(letters, letter) is None:
            return 1
        count = await letters.replay(letter)
    typer.echo(f"{count} back on the way.")
    return 0


async def dead_drop(settings: Settings, letter: str, *, ask: bool) -> int:
    """Remove one; ask first, once it is known that there is something to remove."""
    async with _letters(settings) as letters:
        if await _known(letters, letter) is None:
            return 1
        if ask and typer.prompt(f"This cannot be undone. Type the id to drop {letter}") != letter:
            return _no("Nothing was dropped: that was not the id.")
        await letters.drop(letter)
    typer.echo(f"{letter} is gone.")
    return 0


async def _known(letters: DeadLetters, letter: str) -> Dead | None:
    try:
        return await letters.show(letter)
    except KeyError:
        typer.secho(f"There is no dead letter {letter}. See: leadwire dead list", fg="red", err=True)
        return None


async def staff_add(settings: Settings, name: str, team: str, language: str) -> int:
    """Add a person and print the link."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        return _no(f'A name of 1 to {LONGEST_NAME} characters is needed: leadwire staff add "Anna"')
    language = language or settings.company.language
    if team not in settings.teams:
        return _no(f"There is no team {team}; the configuration has {', '.join(settings.teams)}.")
    if language not in ("en", "ru"):
        return _no(f"{language} is not a language of ours: en or ru.")
    if not any(c.kind == "telegram" for c in settings.channels.values()):
        return _no('There is no channel of kind "telegram" for the person to work in: add [channels.bot].')
    async with _connected(settings) as (built, connection):
        if any(m.name == name for m in await staff.roster(connection)):
            return _no(f"{name} works here already. For a new link: leadwire staff link {name!r}")
        member = await staff.add(connection, name, team, language, utcnow())
        await events.record(connection, "staff.added", at=utcnow(), staff=str(member.id))
        return await _print_link(built, connection, member)


async def staff_link(settings: Settings, name: str) -> int:
    """Print a fresh link."""
    async with _connected(settings) as (built, connection):
        member = await _member(connection, name)
        return await _print_link(built, connection, member) if member else 1


async def staff_leave(settings: Settings, name: str) -> int:
    """Cut the person off; the open leads wait for the team."""
    async with _connected(settings) as (_, connection):
        member = await _member(connection, name)
        if member is None:
            return 1
        now, open_leads = utcnow(), await leads.of_owner(connection, member.id, limit=100_000)
        for lead in open_leads:
            await leads.hand_over(connection, lead.id, None, "left", now)
            await events.record(connection, "lead.returned", at=now, lead=lead.id, staff=str(member.id))
        told = _farewell(settings, member, now) + _cards_for_team(settings, open_leads, now)
        await deliveries.add(connection, told + await _retired(connection, member, open_leads, now))
        await staff.leave(connection, member.id, now)
        await chats.refresh(connection, [lead.id for lead in open_leads], now)
        await events.record(connection, "staff.left", at=now, staff=str(member.id))
    typer.echo(f"{member.name} is cut off. {len(open_leads)} open leads wait for the team.")
    return 0


def _farewell(settings: Settings, member: Member, now: datetime) -> list[Row]:
    if not (member.channel and member.address):
        return []
    facts = {"key": "farewell", "language": member.language, "name": member.name, "company": settings.company.name}
    return [
        deliveries.row(
            Purpose.NOTICE,
            Lane.NOTICE,
            channel=member.channel,
            address=member.address,
            at=now,
            facts=msgspec.json.encode(facts).decode(),
            staff=member.id,
        )
    ]


async def _retired(connection: Connection, member: Member, returned: Sequence[Lead], now: datetime) -> list[Row]:
    """The cards in his chat lose their buttons, after whatever else is still on its way there."""
    if not (member.channel and member.address):
        return []
    rows = []
    for lead in returned:
        shown = await chats.card_in(connection, lead.id, member.channel, member.address)
        if shown and shown[1]:
            rows.append(
                deliveries.row(
                    Purpose.RETIRE,
                    Lane.NOTICE,
                    channel=member.channel,
                    address=member.address,
                    at=now,
                    due_at=now + RETIRED_AFTER,
                    facts=msgspec.json.encode({"card": shown[1]}).decode(),
                    lead=lead.id,
                    staff=member.id,
                )
            )
    return rows


def _cards_for_team(settings: Settings, returned: Sequence[Lead], now: datetime) -> list[Row]:
    """The team sees in its chat what somebody left behind; without a chat it is offered to whoever comes to work."""
    chats = rules_of(settings).team_chats
    return [
        deliveries.row(Purpose.CARD, Lane.CARD, channel=chat.channel, address=chat.address, at=now, lead=lead.id)
        for lead in returned
        if (chat := chats.get(lead.pipeline))
    ]


async def staff_list(settings: Settings) -> int:
    """Print a line each."""
    async with _connected(settings) as (_, connection):
        members = await staff.roster(connection)
    for m in members:
        state = "at work" if m.at_work else "off"
        linked = state if m.address else "not linked yet"
        typer.echo(f"{_short(m.id)}  {m.name:<24} {m.team:<12} {m.language}  {linked}")
    if not members:
        typer.echo('Nobody works here yet. Begin with: leadwire staff add "Anna"')
    return 0


async def _print_link(built: Installation, connection: Connection, member: Member) -> int:
    payload = await staff.issue_link(connection, member.id, utcnow(), LINK_VALID)
    bot = next((c for c in built.channels.values() if isinstance(c, Named)), None)
    if bot is None:
        return _no('There is no channel of kind "telegram" for the person to work in.')
    try:
        username = await bot.username()
    except SendError as error:
        typer.echo(f"Telegram does not tell the bot's name now ({error.reason}). Once it does, open:")
        username = "YOUR_BOT"
    typer.echo(f"{member.name} opens this link once, within {LINK_VALID.days} days, and presses Start:")
    typer.echo(f"  https://t.me/{username}?start={payload}")
    return 0


async def _member(connection: Connection, name: str) -> Member | None:
    roster = await staff.roster(connection)
    found = [m for m in roster if name in (m.name, str(m.id), _short(m.id))]
    if len(found) == 1:
        return found[0]
    names = ", ".join(m.name for m in roster) or "nobody"
    _no(f"{'Several people are' if found else 'Nobody is'} called {name}. Here work: {names}.")
    return None


def _short(member: UUID) -> str:
    """The end of the id: its beginning is the time, and the same for people who were added together."""
    return member.hex[-8:]


def _no(text: str) -> int:
    typer.secho(text, fg="red", err=True)
    return 1


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[tuple[Installation, Connection]]:
    """An installation with an up-to-date schema, in one transaction."""
    async with installation(settings) as built:
        await migrations.upgrade(built.urls.database)
        async with built.database.begin() as connection:
            yield built, connection


@asynccontextmanager
async def _letters(settings: Settings) -> AsyncIterator[DeadLetters]:
    async with installation(settings) as built:
        letters = DeadLetters(built.urls.redis)
        try:
            yield letters
        except REDIS_AWAY as error:
            raise ConnectionError(f"Redis is away: {error}. Is it running, and is REDIS_URL right?") from error
        finally:
            await letters.aclose()
