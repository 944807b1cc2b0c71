"""Segments from the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

from app.installed import ACTOR, Unclear, at, broken_at, card_of, connected, cut, id_of, many, table, uuid
from app.progress import Bar
from app.settings import Settings
from domain.conditions import Logic
from domain.conditions.vocabulary import OPERATORS
from domain.messages import utcnow
from people import segments
from people.person import persons
from store import events
from store import segments as stored
from store.engine import Connection
from store.tails import short

PORTION = 1000
"""Members that are added at once."""


async def listed(settings: Settings, archived: bool) -> int:
    """Print a line for each segment."""
    async with connected(settings) as connection:
        found = await stored.listed(connection, archived=archived)
        said = [await segments.said(connection, one, settings.company.language) for one in found]
    rows = [
        (short(one.id), cut(one.name, 40), "archived" if one.archived_at else one.kind, rule or one.description)
        for one, rule in zip(found, said, strict=True)
    ]
    for line in table(rows) if rows else ["There are no segments. Make one: leadwire segment new --help"]:
        typer.echo(line)
    return 0


async def show(settings: Settings, name: str) -> int:
    """Print one whole: its rule in words and as JSON, its versions, what uses it. Raises Unclear, Refused."""
    async with connected(settings) as connection:
        one = await segment_of(connection, name)
        typer.echo(f"{one.name}  {one.kind}, version {one.version}, {one.id}")
        if one.description:
            typer.echo(one.description)
        if one.rule is not None:
            typer.echo(await segments.said(connection, one, settings.company.language))
            typer.echo(json.dumps(one.rule, ensure_ascii=False, indent=2))
        for used in await segments.used_by(connection, one.id):
            typer.echo(f"used by {used.kind} {used.name}{f' ({used.state})' if used.state else ''}")
        for version in await stored.versions(connection, one.id):
            typer.echo(f"version {version.version}: {at(version.at, settings.company.zone)} by {version.actor}")
    return 0


async def new(settings: Settings, name: str, rule: str, description: str, replace: bool) -> int:
    """Make one, or with `replace` give the one of this name another rule. Raises Unclear, Refused, Unreadable."""
    wanted = None if not rule else _json(rule)
    async with connected(settings) as connection:
        before = await stored.named(connection, name) if replace else None
        if before:
            made = await segments.change(
                connection, before.id, rule=wanted, description=description or None, actor=ACTOR
            )
        else:
            made = await segments.create(connection, name, wanted, description=description, actor=ACTOR)
        await _record(connection, "segment.changed" if before else "segment.created", made.id)
        said = await segments.said(connection, made, settings.company.language)
        count = await stored.count(connection, await _asked(connection, settings, made.id))
    typer.echo(f"Segment {made.name} ({short(made.id)}): {said or 'a list'}. {many(count, 'person', 'persons')} now.")
    if made.kind == segments.LIST:
        typer.echo(f'Fill it: leadwire segment add "{made.name}" ADDRESS ..., or --file ids.txt')
    return 0


def _json(rule: str) -> object:
    """The rule itself, or the file that has it: "@vip.json". Raises Unclear."""
    try:
        said = Path(rule[1:]).read_text(encoding="utf-8") if rule.startswith("@") else rule
        return json.loads(said)
    except OSError as error:
        raise Unclear(f'"{rule[1:]}" cannot be read: {error.strerror}') from error
    except (ValueError, RecursionError) as error:
        example = '{"field": "tag", "op": "has_any", "value": ["vip"]}'
        raise Unclear(
            f"the rule is no JSON{broken_at(error)}. Write it like {example}, or name a file: @rule.json"
        ) from error


async def count(settings: Settings, name: str, rule: str) -> int:
    """Print how many belong to it now, how they can be written to, and five of them. Raises what `new` raises."""
    if bool(name) == bool(rule):
        raise Unclear("give a segment, or --rule and no segment")
    async with connected(settings) as connection:
        if rule:
            condition = await segments.read(connection, _json(rule))
            asked = await segments.logic(connection, condition, utcnow(), settings.company.zone)
        else:
            asked = await _asked(connection, settings, (await segment_of(connection, name)).id)
        whatsapp = [name for name, config in settings.channels.items() if config.medium == "whatsapp"]
        found = await segments.preview(connection, asked, whatsapp)
        known = await persons(connection, found.samples)
    typer.echo(many(found.count, "person", "persons"))
    for line in table([(channel, f"{number:,}") for channel, number in found.reach.items()]):
        typer.echo(f"  by {line}")
    _print([known[id_] for id_ in found.samples])
    return 0


def _print(people: Sequence[Any]) -> None:
    rows = [(short(one.id), cut(one.name, 40), ", ".join(a.value for a in one.addresses[:2])) for one in people]
    for line in table(rows) if rows else []:
        typer.echo(f"  {line}")


async def members(settings: Settings, name: str, limit: int) -> int:
    """Print those who belong to it, by id. Raises Unclear, Refused, Unreadable."""
    async with connected(settings) as connection:
        asked = await _asked(connection, settings, (await segment_of(connection, name)).id)
        ids = await stored.ids(connection, asked, limit=limit)
        known = await persons(connection, ids)
    _print([known[id_] for id_ in ids])
    return 0


async def add(settings: Settings, name: str, said: Sequence[str], file: Path | None) -> int:
    """Put people into a list. Raises Unclear, Refused."""
    wanted = [*said, *_lines(file)]
    async with connected(settings) as connection:
        one = await segment_of(connection, name)
        bar, added = Bar("Adding", "people"), 0
        for at in range(0, len(wanted), PORTION):
            portion = [await _card(connection, who, settings.company.country) for who in wanted[at : at + PORTION]]
            added += await segments.add(connection, one.id, portion, source=ACTOR)
            bar.told(at + len(portion), (at + len(portion)) / len(wanted))
        bar.end()
        await _record(connection, "segment.members", one.id, added=added)
    typer.echo(f"{many(added, 'person', 'persons')} added to {one.name}; {len(wanted) - added} were in it, or unknown.")
    return 0


async def remove(settings: Settings, name: str, said: Sequence[str]) -> int:
    """Take people out of a list. Raises Unclear, Refused."""
    async with connected(settings) as connection:
        one = await segment_of(connection, name)
        cards = [await _card(connection, who, settings.company.country) for who in said]
        removed = await segments.remove(connection, one.id, cards)
        await _record(connection, "segment.members", one.id, removed=removed)
    typer.echo(f"{many(removed, 'card')} taken out of {one.name}.")
    return 0


async def archive(settings: Settings, name: str) -> int:
    """Put it away. Raises Unclear, Refused."""
    async with connected(settings) as connection:
        one = await segment_of(connection, name)
        await segments.archive(connection, one.id)
        await _record(connection, "segment.archived", one.id)
    typer.echo(f"Segment {one.name} is archived.")
    return 0


async def subjects(settings: Settings) -> int:
    """Print what a rule may ask, and how."""
    language = settings.company.language
    async with connected(settings) as connection:
        known = await segments.vocabulary(connection)
    rows = [
        (one.name, one.label(language), " ".join(param.name for param in one.params), " ".join(OPERATORS[one.type]))
        for one in known.values()
    ]
    for line in table([("FIELD", "WHAT IT IS", "ALSO", "OP"), *rows]):
        typer.echo(line)
    return 0


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise Unclear(
            f"{file} cannot be read: {error}. Give a text file with an id or an address in each line"
        ) from error


async def _card(connection: Connection, said: str, country: str) -> UUID:
    return uuid(said) or await card_of(connection, said, country)


async def segment_of(connection: Connection, said: str) -> segments.Segment:
    """By its name, its id, or the end of it. Raises Unclear, Refused."""
    if found := await stored.named(connection, said):
        return found
    old = [one for one in await stored.listed(connection, archived=True) if one.archived_at and one.name == said]
    if old:
        raise Unclear(
            f"the segment {said} is archived: make a new one (leadwire segment new), or look at the old one by its id, "
            f"{short(old[-1].id)}"
        )
    return await segments.get(connection, await id_of(connection, "segment", said))


async def _asked(connection: Connection, settings: Settings, segment: UUID) -> Logic:
    return await segments.logic_of(connection, segment, utcnow(), settings.company.zone)


async def _record(connection: Connection, kind: str, segment: UUID, **facts: Any) -> None:
    await events.record(connection, kind, at=utcnow(), actor=ACTOR, segment=str(segment), **facts)
