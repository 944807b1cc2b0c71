"""Everything that can be known of a broadcast before it goes out, in one look: figures, and what is to be mended.

    await preflight(connection, conductor, row, now, setting)

looks outside, too (links, DNS, SpamAssassin), for some seconds; who would rather not keep a transaction open meanwhile
calls `outside` first and gives its findings as `looked`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from broadcasts import earlier, lifecycle
from broadcasts import plan as plans
from broadcasts.accounts import SPEAKS
from broadcasts.checks.finding import Finding, error, note, of_content, warning
from broadcasts.checks.outside import Outside, Surroundings
from broadcasts.conducting import Conductor, next_time
from broadcasts.content.blocks import Channel, Content
from broadcasts.content.check import check
from broadcasts.content.marks import House, NotCompiled
from broadcasts.content.parse import parse
from broadcasts.content.preview import preview
from broadcasts.forecast import Forecast, forecast
from broadcasts.hours import allowed_at
from broadcasts.plan import Plan
from people import fields
from store import forecasts
from store.broadcasts import Broadcast
from store.engine import Connection
from store.permission import MARKETING

LONG = timedelta(hours=24)
"""A broadcast that takes longer is news no more when the last one gets it."""
_ORDER = ("error", "warning", "note")


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What the house has decided, as far as the pre-flight looks at it."""

    house: House
    public_url: str = ""
    topics: frozenset[str] = frozenset()
    """What people choose from, beside mailings as a whole."""
    confirm_over: int = 0
    around: Surroundings = field(default_factory=Surroundings)
    """How it looks outside."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preflight:
    """One look."""

    forecast: Forecast
    findings: tuple[Finding, ...]
    """The errors first."""
    needs_confirmation: bool
    """A second person has to confirm it, and nobody has."""
    compared: UUID | None = None
    """The broadcast that `forecast.before` is about."""

    @property
    def is_clear(self) -> bool:
        """Whether nothing stops it."""
        return not any(one.severity == "error" for one in self.findings)


async def preflight(
    connection: Connection,
    conductor: Conductor,
    row: Broadcast,
    now: datetime,
    setting: Setting,
    *,
    looked: Sequence[Finding] | None = None,
    compared_with: UUID | None = None,
) -> Preflight:
    """All of it for this draft. `looked` is what `outside` has found; None: it looks now. Writes nothing.

    It is compared with that broadcast; None: with the last one of the same name, else with the last one.
    Raises NotContent, WrongPlan, `domain.conditions.Unreadable` for a draft that cannot be read at all, and
    `lifecycle.Refused` when there is nothing to compare with.
    """
    the, content = plans.read(row.plan), content_of(row)
    begins = max(now, row.scheduled_at or now)
    last = await (lifecycle.one(connection, compared_with) if compared_with else earlier.last(connection, row))
    figures = await forecast(
        connection, conductor, row, now, parts=_parts(content, the, conductor, setting),
        files=content.attachments, compared_with=last.id if last else None,
    )  # fmt: skip
    over = bool(setting.confirm_over) and figures.people > setting.confirm_over
    found = [
        *_of_people(figures, last),
        *await standing(connection, conductor, row, setting),
        *await _same(connection, conductor, row, now, last, figures),
        *await _held(connection, conductor, row, begins, figures),
        *_of_end(the, row, figures),
        *(_of_second(row, figures, setting) if over else ()),
        *(await outside(row, conductor, setting) if looked is None else looked),
    ]
    return Preflight(
        forecast=figures,
        findings=in_order(found),
        needs_confirmation=over and not row.confirmed_by,
        compared=last.id if last else None,
    )


async def standing(connection: Connection, conductor: Conductor, row: Broadcast, setting: Setting) -> list[Finding]:
    """What is wrong whoever gets it and whenever: with its content, its channels, the house. Counts nobody."""
    the, content = plans.read(row.plan), content_of(row)
    known = list(await fields.known(connection))
    return [*_of_content(content, the, conductor, setting, known), *_of_house(the, conductor, setting)]


async def outside(row: Broadcast, conductor: Conductor, setting: Setting) -> list[Finding]:
    """What links, DNS and SpamAssassin say, in some seconds; what nobody answers is a note "not checked"."""
    the, content = plans.read(row.plan), content_of(row)
    accounts = [name for name, kind in _kinds(the, conductor).items() if kind == "email"]
    around = Outside(setting.around, house=setting.house, public_url=setting.public_url, purpose=the.purpose)
    return await around.look(content, _spoken(the, conductor), accounts)


def content_of(row: Broadcast) -> Content:
    """The content of a broadcast. Raises NotContent."""
    return parse(msgspec.json.encode(row.content), html=True)


def in_order(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Each once, the errors first. Pure."""
    return tuple(sorted(dict.fromkeys(found), key=lambda one: _ORDER.index(one.severity)))


def _kinds(the: Plan, conductor: Conductor) -> dict[str, str]:
    """The accounts of the plan that there are, with their kinds."""
    names = [step.channel for step in the.steps if step.channel in conductor.accounts]
    return {name: conductor.accounts[name].kind for name in names}


def _spoken(the: Plan, conductor: Conductor) -> list[Channel]:
    return list(dict.fromkeys(SPEAKS[kind] for kind in _kinds(the, conductor).values()))


def _parts(content: Content, the: Plan, conductor: Conductor, setting: Setting) -> dict[str, int]:
    """Of what is paid by the part: as many as the text has with everybody's defaults."""
    names = [name for name, kind in _kinds(the, conductor).items() if SPEAKS[kind] == "sms"]
    try:
        parts = preview(content, "sms", {}, house=setting.house).parts if names else 1
    except NotCompiled:
        return {}
    return dict.fromkeys(names, max(parts, 1))


def _of_content(
    content: Content, the: Plan, conductor: Conductor, setting: Setting, known: Sequence[str]
) -> Iterator[Finding]:
    kinds, house = _kinds(the, conductor), setting.house
    yield from (error("channel_gone", channel=s.channel) for s in the.steps if s.channel not in kinds)
    found = check(content, house=house, known=known, channels=_spoken(the, conductor))
    twice = {"no_address"} if "email" in kinds.values() else set()  # the house's own finding says where to mend it
    yield from (of_content(one) for one in found if one.code not in twice)


def _of_people(figures: Forecast, last: Broadcast | None) -> Iterator[Finding]:
    if not figures.people:
        yield error("nobody")
    elif last is not None:
        new = figures.people - figures.before
        yield note("new_people", name=last.name, people=figures.people, before=figures.before, new=new)


async def _same(
    connection: Connection,
    conductor: Conductor,
    row: Broadcast,
    now: datetime,
    last: Broadcast | None,
    figures: Forecast,
) -> list[Finding]:
    """The same content to the same people."""
    twin = await earlier.twin(connection, row)
    if twin is None:
        return []
    if last is None or twin.id != last.id:
        figures = await forecast(
            connection, conductor, row, now, files=content_of(row).attachments, compared_with=twin.id
        )
    return [warning("same_content", name=twin.name, before=figures.before)] if figures.before else []


async def _held(
    connection: Connection, conductor: Conductor, row: Broadcast, begins: datetime, figures: Forecast
) -> list[Finding]:
    """Quiet hours and the cap: asked person by person only where people differ."""
    the = plans.read(row.plan)
    asked = await conductor.expansion(connection, row, begins)
    by_person = (the.quiet is not None or the.local) and (asked.times.zones or the.local)
    later, latest, capped = 0, None, 0
    if by_person or the.cap:
        since = begins - timedelta(days=the.cap.days if the.cap else 0)
        most = the.cap.count if the.cap else None
        later, latest, capped = await forecasts.held(connection, asked, since, most)
    if not by_person and (until := allowed_at(begins, the.clock, the.quiet)) > begins:
        later, latest = figures.people, until
    found = []
    if later and latest is not None:
        found.append(note("wait_local" if the.local else "wait_quiet", count=later, until=_said(latest, the)))
    if capped and the.cap:
        found.append(warning("capped", count=capped, most=the.cap.count, days=the.cap.days))
    return found


def _of_end(the: Plan, row: Broadcast, figures: Forecast) -> Iterator[Finding]:
    took = figures.ends_at - figures.begins_at
    if took > LONG:
        yield warning("ends_late", until=_said(figures.ends_at, the), hours=round(took / timedelta(hours=1)))
    if the.repeat and figures.ends_at > next_time(row.scheduled_at or figures.begins_at, the, figures.begins_at):
        yield warning("ends_after_next", until=_said(figures.ends_at, the))


def _of_house(the: Plan, conductor: Conductor, setting: Setting) -> Iterator[Finding]:
    mails = "email" in _kinds(the, conductor).values()
    if not setting.public_url:
        yield error("no_public_url")
    elif mails and not setting.public_url.startswith("https://"):
        yield warning("public_url_plain")
    if mails and not setting.house.address:
        yield warning("no_postal_address")
    if the.purpose not in {*setting.topics, MARKETING}:
        yield (error if setting.topics else warning)("purpose_unknown", purpose=the.purpose)


def _of_second(row: Broadcast, figures: Forecast, setting: Setting) -> Iterator[Finding]:
    count, most = figures.people, setting.confirm_over
    if row.confirmed_by:
        yield note("confirmed", count=count, most=most, who=row.confirmed_by)
    else:
        yield warning("second_person", count=count, most=most)


def _said(at: datetime, the: Plan) -> str:
    return f"{at.astimezone(the.clock):%Y-%m-%d %H:%M} ({the.zone})"
