"""The one way to have a broadcast begin: what would stop it is looked at first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from broadcasts import lifecycle
from broadcasts.checks.finding import Finding, error
from broadcasts.forecast import forecast
from broadcasts.office import Office
from broadcasts.preflight import content_of, in_order, standing
from domain.messages import utcnow
from store.broadcasts import Broadcast
from store.engine import Connection, Database


class Unfit(Exception):
    """It cannot begin: `findings` say what has to be mended first."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(self.words("en"))

    def words(self, language: str) -> str:
        """All of them, in this language."""
        return "; ".join(one.placed(language).removesuffix(".") for one in self.findings)


async def schedule(
    connection: Connection, office: Office, database: Database, broadcast: UUID, at: datetime | None, *, actor: str
) -> Broadcast:
    """Have it begin at this time; None: now. Raises Refused, and Unfit for what the pre-flight calls an error.

    Nobody is asked outside. Who gets it is counted for one that begins now, for to nobody it is a mistake; the people
    of a later one are those of the moment when it begins.
    """
    row = await lifecycle.one(connection, broadcast, lock=True)
    lifecycle.require_waiting(row)
    conductor = office.conductor(database)
    found = await standing(connection, conductor, row, office.setting)
    now = utcnow()
    at_once, is_judged = at is None or at <= now, not office.rules.confirm_over or bool(row.confirmed_by)
    count = 0
    if at_once or not is_judged:
        files = content_of(row).attachments
        count = (await forecast(connection, conductor, row, now, files=files)).people
    if at_once and not count:
        found.append(error("nobody"))
    if wrong := [one for one in in_order(found) if one.severity == "error"]:
        raise Unfit(wrong)
    return await lifecycle.schedule(connection, office.rules, broadcast, at, actor=actor, recipients=count)
