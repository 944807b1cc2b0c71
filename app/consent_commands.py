"""Consent, erasure and retention from the terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from app.broadcast_given import who
from app.installed import ACTOR, Unclear, at, card_of, connected, cut, installed, many, no, table
from app.preference_pages import consent_house
from app.settings import Settings
from domain.messages import utcnow
from people import erasure, opting, proof, retention, search
from people.consent import NoReceipt, Word, may_write, say
from people.consent import grant as grant_word
from people.opting import Subject, Way
from people.person import Person, person
from store import consents, events, tombstones
from store.consents import Request
from store.engine import Connection
from store.permission import MARKETING, Aim
from store.tombstones import Tombstone

KINDS = ("email", "phone", "telegram")
LONGEST_SOURCE = 200


async def show(settings: Settings, said: str) -> int:
    """Print what holds for each address and purpose, and why. Raises Unclear."""
    house = consent_house(settings)
    async with connected(settings) as connection:
        found = await _person(connection, settings, said)
        rows = await _standing(connection, settings, found, (MARKETING, *house.topics))
        asked = await consents.requests(connection, found.cards)
    for line in table(rows) if rows else ["No address that mailings could go to."]:
        typer.echo(line)
    for line in _waiting(asked, settings.company.zone):
        typer.echo(line)
    return 0


async def _standing(
    connection: Connection, settings: Settings, found: Person, purposes: Iterable[str]
) -> list[tuple[str, str, str]]:
    """Of each address and purpose, whether mailings may go there, and why not."""
    marketing, rows = consent_house(settings).marketing, []
    for address in (a for a in found.addresses if a.kind in KINDS and not a.was):
        for by in _ways(settings, address.kind, address.value):
            aim = Aim(found.id, by, address.value)
            shown = cut(address.value) + (" (WhatsApp)" if by == "whatsapp" else "")
            for purpose in dict.fromkeys(purposes):
                barred = (await may_write(connection, [aim], purpose, marketing=marketing))[aim]
                why = say(barred, settings.company.language) if barred else "yes"
                rows.append((shown, purpose, why))
    return rows


def _waiting(asked: Iterable[Request], zone: ZoneInfo) -> list[str]:
    """What somebody ticked and has not confirmed by the link that he was sent. Pure but for the clock."""
    since = utcnow() - opting.ASKED_FOR
    open_ = [one for one in asked if one.confirmed_at is None and not one.lapsed and one.asked_at > since]
    rows = [(cut(one.value), one.purpose, f"asked {at(one.asked_at, zone)} ({one.source})") for one in open_]
    until = f"{opting.ASKED_FOR.days} days"
    return (
        ["", f"Waits to be confirmed by the link that was sent there; it works for {until}:", *table(rows)]
        if rows
        else []
    )


def _ways(settings: Settings, kind: str, value: str) -> list[str]:
    """The kinds of channels by which a mailing may go there. WhatsApp asks for a consent of its own. Pure."""
    is_used = any(channel.medium == "whatsapp" for channel in settings.channels.values())
    return [Subject(kind=kind, value=value).channel, *(["whatsapp"] if kind == "phone" and is_used else [])]


async def _person(connection: Connection, settings: Settings, said: str) -> Person:
    found = await person(connection, await card_of(connection, said, settings.company.country))
    if found is None:
        raise Unclear(f"there is no contact {said}")
    return found


async def proof_of(settings: Settings, said: str, file: Path | None) -> int:
    """Write the page of proof, or print it. Raises Unclear."""
    company = settings.company
    async with connected(settings) as connection:
        card = await card_of(connection, said, company.country)
        page = await proof.page(
            connection, card, company=company.name, language=company.language, zone=company.zone, now=utcnow()
        )
    if page is None:
        raise Unclear(f"there is no contact {said}")
    if file is None:
        typer.echo(page)
    else:
        _write(file, page)
        typer.echo(f"Written: {file}. Open it in a browser and print it.")
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """A consent by word or on paper, as somebody writes it down."""

    purpose: str
    channel: str
    """Of opting.CHANNELS; "" is all."""
    text: str
    """Word for word what was agreed to."""
    source: str
    """Where the proof is: "paper, folder 7"."""
    version: str = ""


async def grant(settings: Settings, said: str, given: Given) -> int:
    """Write a receipt, and show what holds now: a yes brings nobody back who has left himself. Raises Unclear."""
    _require_topic(settings, given.purpose)
    if given.channel not in ("", *opting.CHANNELS):
        raise Unclear(f'there is no channel "{given.channel}": known are {", ".join(opting.CHANNELS)}; left out, all')
    for name, text in (("--text", given.text), ("--source", given.source)):
        if not text.strip():
            raise Unclear(f"{name} is empty: a consent without its words, and without where they stand, proves nothing")
    async with connected(settings) as connection:
        found = await _person(connection, settings, said)
        word = Word(
            card=found.id, purpose=given.purpose, channel=given.channel, text=given.text, version=given.version,
            address=_typed(settings, found, said),
        )  # fmt: skip
        source = f"{ACTOR}:{cut(given.source, LONGEST_SOURCE)}"
        try:
            await grant_word(connection, [word], source=source, actor=who())
        except NoReceipt as error:
            raise Unclear(str(error)) from error
        data = json.dumps({"purpose": given.purpose, "channel": given.channel, "way": ACTOR})
        await events.of_contacts(connection, "consent.granted", [(found.id, data)], ACTOR)
        rows = await _standing(connection, settings, found, [given.purpose])
    typer.echo(f"Written down: {given.purpose}, {given.channel or 'all channels'}. What holds now:")
    for line in table(rows) if rows else ["No address that mailings could go to."]:
        typer.echo(line)
    return 0


def _typed(settings: Settings, found: Person, said: str) -> str:
    """The address by which the person was named, if he was; "" for an id or a lead."""
    known = {(address.kind, address.value) for address in found.addresses}
    named = [(one.kind.value, one.value) for one in search.addresses_in(said, settings.company.country)]
    return next((value for kind, value in named if (kind, value) in known), "")


def _require_topic(settings: Settings, purpose: str) -> None:
    known = (MARKETING, *settings.consent.topics)
    if purpose not in known:
        raise Unclear(f'there is no topic "{purpose}": known are {", ".join(known)}')


async def withdraw(settings: Settings, said: str, purpose: str) -> int:
    """All addresses of this person want no more of this purpose; what waits is dropped. Raises Unclear."""
    _require_topic(settings, purpose)
    async with connected(settings) as connection:
        found = await _person(connection, settings, said)
        dropped = 0
        for address in (a for a in found.addresses if a.kind in KINDS and not a.was):
            subject = Subject(kind=address.kind, value=address.value, card=found.id)
            try:
                dropped += await opting.opt_out(connection, subject, purpose, Way.STAFF, actor=ACTOR)
            except NoReceipt as error:
                raise Unclear(str(error)) from error
    typer.echo(f"Withdrawn: {purpose}. {many(dropped, 'waiting message')} dropped.")
    return 0


async def erase(settings: Settings, said: str, typed: str) -> int:
    """Forget a person. `typed`: the confirmation, asked for when it is empty. Raises Unclear."""
    async with installed(settings) as built:
        async with built.database.begin() as connection:
            found = await _person(connection, settings, said)
            word = found.name or next((a.value for a in found.addresses), str(found.id))
            typer.echo(
                f"{word}: {many(len(found.cards), 'card')}, {many(len(found.leads), 'lead')}. It cannot be undone."
            )
            if (typed or typer.prompt(f"Type {word} to erase this person")).strip() != word:
                return no(f"nothing was erased: what was typed is not {word}")
            done = await erasure.erase(connection, found.id, actor=ACTOR)
        for key in done.files:
            await built.files.remove(key)
    typer.echo(f"Erased: {many(len(done.cards), 'card')}, {many(len(done.files), 'file')}; " + _rows(done.rows))
    typer.echo("A keyed hash of each address stays, so that nobody writes to it again.")
    return 0


def _rows(rows: object) -> str:
    counts = dict(rows) if isinstance(rows, dict) else {}
    return ", ".join(f"{count} in {name}" for name, count in sorted(counts.items())) or "nothing else"


async def tombstones_save(settings: Settings, file: Path) -> int:
    """Write the hashes of all who were erased, to be kept beside the backups."""
    async with connected(settings) as connection:
        found = await tombstones.every(connection)
    lines = [json.dumps([t.hash.hex(), t.scope, t.reason, t.at.isoformat()]) for t in found]
    _write(file, "".join(f"{line}\n" for line in lines))
    typer.echo(f"{many(len(found), 'tombstone')} in {file}. They name nobody, and tell nothing without the database.")
    return 0


def _write(file: Path, content: str) -> None:
    file.write_text(content, encoding="utf-8")


def _tombstones(file: Path) -> list[Tombstone]:
    try:
        read = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [Tombstone(bytes.fromhex(h), scope, why, datetime.fromisoformat(when)) for h, scope, why, when in read]
    except (OSError, ValueError, TypeError) as error:
        raise Unclear(f'"{file}" is not what `leadwire consent tombstones` writes') from error


async def tombstones_load(settings: Settings, file: Path) -> int:
    """After a restore: set them up again, and erase anew whom the backup has brought back. Raises Unclear."""
    rows = _tombstones(file)
    async with installed(settings) as built:
        async with built.database.begin() as connection:
            await tombstones.add(connection, rows)
            again = await erasure.again(connection, actor=ACTOR)
        for key in (key for done in again for key in done.files):
            await built.files.remove(key)
    typer.echo(f"{many(len(rows), 'tombstone')} stand. Erased again: {many(sum(len(d.cards) for d in again), 'card')}.")
    return 0


async def retain(settings: Settings, *, dry_run: bool, ask: bool) -> int:
    """Remove what is older than `[retention]` says; with `dry_run`, only count."""
    now = utcnow()
    wanted = retention.periods(settings.retention.days, now)
    if not wanted:
        typer.echo("Everything is kept: [retention] sets no period.")
        return 0
    async with installed(settings) as built:
        counts = await retention.counts(built.database, wanted)
        zone = settings.company.zone
        for line in table([(p.kind, f"before {at(p.before, zone)}", f"{counts[p.kind]:,}") for p in wanted]):
            typer.echo(line)
        total = sum(counts.values())
        if dry_run or not total:
            return 0
        if ask and not typer.confirm(f"Remove {many(total, 'row')} for ever?"):
            typer.echo("Nothing was removed.")
            return 1
        removed = retention.run(built.database, wanted, actor=ACTOR, now=now, discard=built.files.remove)
        portions = Counter([kind async for kind in removed])
    typer.echo(f"Removed, in {many(portions.total(), 'portion')}.")
    return 0
