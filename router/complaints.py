"""Which mailing somebody complains of, where the report does not name it by its Message-ID."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from domain.messages import COMPLAINT, Report, ReportKind
from people import signed
from people.signed import Kind
from store import addressees, secrets
from store.addressees import Addressee
from store.engine import Connection

_TOKEN = re.compile(r"[A-Za-z0-9_-]{44}")
LATELY = timedelta(days=90)
"""Nobody complains of what is older."""


async def named(connection: Connection, reports: Sequence[Report]) -> list[Report]:
    """The reports, with our name of the mail where they have the token that only this mail bore. Others stay."""
    if not any(_bears_token(r) for r in reports):
        return list(reports)
    key = await secrets.key(connection, secrets.LINKS)
    return [await _named(connection, r, key) if _bears_token(r) else r for r in reports]


def _bears_token(report: Report) -> bool:
    return report.reason == COMPLAINT and bool(_TOKEN.fullmatch(report.external_id))


async def _named(connection: Connection, report: Report, key: bytes) -> Report:
    link = signed.read(key, report.external_id, Kind.UNSUBSCRIBE)
    name = await addressees.name_of(connection, link.id) if link else None
    return replace(report, channel=name[0], external_id=name[1]) if name else report


def is_of_address(report: Report) -> bool:
    """Whether it is a complaint that names an address alone: anybody can write such a one about anybody."""
    return (
        report.kind is ReportKind.STOPPED
        and report.reason == COMPLAINT
        and not report.external_id
        and report.address is not None
    )


async def mailing(connection: Connection, report: Report) -> Addressee | None:
    """The last mailing that this account sent to the address; None: none lately, and the report is of no account."""
    assert report.address is not None
    return await addressees.last_mailing(connection, report.channel, report.address.value, report.at - LATELY)
