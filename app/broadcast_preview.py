"""`leadwire broadcast preview`: the message as one person would get it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from app.broadcast_given import the_broadcast
from app.installed import Unclear, card_of, connected, many, no
from app.mailing import office_of
from app.saving import taken
from app.settings import Settings
from broadcasts import plan as plans
from broadcasts import trials
from broadcasts.content.blocks import Content
from broadcasts.content.compiled import Compiled, compile
from broadcasts.content.preview import Preview
from broadcasts.preflight import content_of
from broadcasts.words import code_said
from people.signed import picture_url


async def preview(settings: Settings, name: str, contact: str, channel: str, out: Path | None) -> int:
    """Print it; the HTML of a mail goes to `out`. Raises Unclear, Refused, NotContent, NotCompiled."""
    if out and taken(out):
        return no(f'there is a file "{out}" already: name another one')
    office = office_of(settings)
    async with connected(settings) as connection:
        row = await the_broadcast(connection, name, settings)
        by = channel or plans.read(row.plan).steps[0].channel
        person = await card_of(connection, contact, settings.company.country) if contact else None
        found = await trials.preview(connection, office, row.content, by, person)
        content = content_of(row)
        made = compile(content, found.channel, house=office.house)
        files = await trials.files_of(connection, content, made, person)
    if out and found.channel != "email":
        raise Unclear(f"only a mail has HTML, and {by} is of kind {office.kind(by)}: leave --out out")
    if out:
        await asyncio.to_thread(out.write_text, found.filled.html, encoding="utf-8")
    shown = hosted(content, made, office.house.public_url)
    for line in [*lines(found, out), *shown, *attached(files, settings.company.language)]:
        typer.echo(line)
    return 0


def lines(found: Preview, out: Path | None) -> Iterator[str]:
    """What a reader sees, and what it weighs or costs. Pure."""
    filled = found.filled
    if filled.subject:
        yield f"Subject: {filled.subject}"
    if filled.photo:
        yield f"Photo: {filled.photo}"
    if filled.template:
        yield from ("", f"The approved template {filled.template.id}", "")
        yield from (f"  {{{{{place}}}}} = {value}" for place, value in filled.template.values.items())
        return
    yield from ("", filled.text, "")
    yield from (f"[{text}] {url}" for text, url in filled.buttons)
    yield f"{found.channel}: {found.size:,} bytes" + (", and Gmail would cut it off at 102 kB" if found.clipped else "")
    if found.parts:
        yield f"{many(found.parts, 'part')}, {found.cost:,.2f} in all"
    if out:
        yield f'The HTML is in "{out}".'
    elif found.channel == "email":
        yield "This is its text part. The HTML: --out letter.html"


def hosted(content: Content, made: Compiled, public_url: str) -> Iterator[str]:
    """The pictures that a reader of the mail fetches from us, with their addresses. Pure."""
    for name in made.hosted if public_url else ():
        if (one := content.pictures.get(name)) and one.token:
            yield f"Picture: {name}, {picture_url(public_url, one.token)}"


def attached(files: Sequence[Mapping[str, Any]] | str, language: str) -> Iterator[str]:
    """The person's own files, or why nothing is sent without them. Pure."""
    if isinstance(files, str):
        yield f"Nothing is sent to this contact: {code_said(files, language)}"
    else:
        yield from (f"Attached: {file['name']}, {file['size']:,} bytes" for file in files)
