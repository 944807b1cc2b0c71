"""Whether a broadcast may begin: its figures and what is wrong with it, and the one way to schedule it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from broadcasts import lifecycle
from broadcasts import plan as plans
from broadcasts.content.blocks import Channel, Content
from broadcasts.content.check import Finding, check
from broadcasts.content.marks import NotCompiled
from broadcasts.content.parse import parse
from broadcasts.content.preview import preview
from broadcasts.forecast import Forecast, forecast
from broadcasts.office import SPEAKS, Office
from broadcasts.plan import Plan
from domain.messages import utcnow
from people import fields
from store.broadcasts import Broadcast
from store.engine import Connection, Database


class Unfit(Exception):
    """It cannot begin: `findings` say what has to be mended first."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f"{one.where}: {one.say('en')}" for one in findings))
        self.findings = tuple(findings)

    def words(self, language: str) -> str:
        """All of them, in this language."""
        return "; ".join(f"{one.where}: {one.say(language)}" for one in self.findings)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What would happen now."""

    forecast: Forecast
    findings: tuple[Finding, ...]
    """The errors first: with one of them it does not begin."""
    confirm: bool
    """Somebody else has to confirm it first."""


async def outlook(
    connection: Connection, office: Office, database: Database, row: Broadcast, compared_with: UUID | None = None
) -> Outlook:
    """Figures and findings of this moment; nothing is asked outside the house. Writes nothing.

    `compared_with`: a broadcast, of whose recipients so many are among those who would get this one.
    """
    the, content = plans.read(row.plan), parse(row.content, html=True)
    figures = await forecast(
        connection, office.conductor(database), row, utcnow(), parts=_parts(content, the, office),
        compared_with=compared_with,
    )  # fmt: skip
    most = office.rules.confirm_over
    return Outlook(
        forecast=figures,
        findings=tuple(await _findings(connection, office, the, content)),
        confirm=bool(most) and figures.people > most and not row.confirmed_by,
    )


async def schedule(
    connection: Connection, office: Office, database: Database, broadcast: UUID, at: datetime | None, *, actor: str
) -> Broadcast:
    """Have it begin at this time; None: now. Raises Refused, and Unfit for what its own check finds."""
    row = await lifecycle.one(connection, broadcast, lock=True)
    the, content = plans.read(row.plan), parse(row.content, html=True)
    if wrong := [one for one in await _findings(connection, office, the, content) if one.severity == "error"]:
        raise Unfit(wrong)
    count = 0
    if office.rules.confirm_over and not row.confirmed_by:
        count = (await forecast(connection, office.conductor(database), row, utcnow())).people
    return await lifecycle.schedule(connection, office.rules, broadcast, at, actor=actor, recipients=count)


async def _findings(connection: Connection, office: Office, the: Plan, content: Content) -> list[Finding]:
    known = list(await fields.known(connection))
    return check(content, house=office.house, known=known, channels=_spoken(the, office))


def _kinds(the: Plan, office: Office) -> dict[str, str]:
    """The channels of the plan that are still configured."""
    accounts = office.rules.accounts
    return {step.channel: accounts[step.channel].kind for step in the.steps if step.channel in accounts}


def _spoken(the: Plan, office: Office) -> list[Channel]:
    return list(dict.fromkeys(SPEAKS[kind] for kind in _kinds(the, office).values()))


def _parts(content: Content, the: Plan, office: Office) -> dict[str, int]:
    """Of what is paid by the part: as many as its text has with everybody's defaults."""
    names = [name for name, kind in _kinds(the, office).items() if SPEAKS[kind] == "sms"]
    try:
        parts = preview(content, "sms", {}, house=office.house).parts if names else 1
    except NotCompiled:
        return {}
    return dict.fromkeys(names, max(parts, 1))
