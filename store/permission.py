"""Who may be written to, for what and by which way: the one definition, as SQL, for expansions, the sender and pages.

The statement gives a relation `aimed` and joins `judged`, which has the same rows and two columns more:

    text(f'''WITH aimed AS (SELECT ... AS contact_id, ... AS channel, ... AS kind, ... AS value FROM ...), {JUDGED}
             INSERT INTO deliveries (...) SELECT ..., j.code, ... FROM judged j''')
    await connection.execute(statement, {**binds("marketing"), ...})

`aimed`: `contact_id` uuid, the card that leads the person; null: nobody known. `channel` text, the account, for its
suppressions. `kind` text, the kind of channel: email, sms, telegram. `value` text, the address in normal form.
`judged` adds `code` (a `Code`, null: may be written to) and `until`, when a pause ends. Join on all of (contact_id,
channel, kind, value), or carry further columns of your own through `aimed`: `judged` keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store import bulk

MARKETING = "marketing"
"""The purpose of mailings. A topic of its own is a part of it: who wants no mailings wants none of any topic, but for
one that he asks for himself afterwards."""
SERVICE = "service"
"""What somebody has ordered brings about: needs no consent."""
EVERYWHERE = "*"
"""The channel of a receipt by which the person himself has left on every channel. Unlike "" (what somebody wrote down
of all channels) no later receipt of another kind outweighs it, be it from an import or from a colleague: only one of
its own kind, by which he takes it back. That one grants nothing; what was said before holds again."""
PERSON = "person"
"""The kind of an opt-out that is about a person, by the id of a card, at whatever address: his pause."""
OWN = ("link", "page")
"""The sources of receipts that only the holder of an address can make: a signed link of his, and his preferences."""
OPT_IN, SOFT = "opt-in", "soft"
"""Whether marketing needs a yes, or a customer who has bought may be written to until he says no."""


class Code(StrEnum):
    """Why somebody may not be written to, the strongest first."""

    ERASED = "erased"
    SUPPRESSED = "suppressed"  # this account does not reach this address: blocked, bounced, said STOP
    WITHDRAWN = "withdrawn"
    PAUSED = "paused"
    NO_CONSENT = "no_consent"


class Aim(NamedTuple):
    """Somebody whom something is to be sent to."""

    contact: UUID | None
    """Any card of the person; None: nobody known."""
    kind: str
    """Of the channel: email, sms, telegram."""
    address: str
    """In normal form."""
    channel: str = ""
    """The account, for its suppressions; none when left out."""


class Barred(NamedTuple):
    """He may not be written to."""

    code: Code
    until: datetime | None = None
    """Of a pause."""


def binds(purpose: str, marketing: str = OPT_IN, *, pauses: bool = True) -> dict[str, Any]:
    """What JUDGED is executed with. `purpose`: MARKETING, a topic, or SERVICE; `marketing`: OPT_IN or SOFT. Pure.

    `pauses` false: what would hold without them.
    """
    if purpose == SERVICE:
        return {"purposes": [], "covers": [""], "wants": "none", "pauses": pauses}
    purposes = sorted({MARKETING, purpose})
    return {"purposes": purposes, "covers": ["", *purposes], "wants": marketing, "pauses": pauses}


def address_kind(kind: str) -> str:
    """By what a kind of channel addresses people (`domain.messages.AddressKind`): an SMS by the phone. Pure."""
    return {"sms": "phone", "whatsapp": "phone"}.get(kind, kind)


_ADDRESSED = "CASE a.kind WHEN 'sms' THEN 'phone' WHEN 'whatsapp' THEN 'phone' ELSE a.kind END"
JUDGED = f"""
  aimed_cards AS MATERIALIZED (
    SELECT DISTINCT contact_id AS person, contact_id AS card FROM aimed WHERE contact_id IS NOT NULL
    UNION ALL
    SELECT DISTINCT c.leader_id, c.id FROM aimed a JOIN contacts c ON c.leader_id = a.contact_id),
  words AS (
    SELECT c.person, c.card, k.* FROM aimed_cards c CROSS JOIN LATERAL (
      SELECT DISTINCT ON (purpose, channel) channel, at,
        CASE WHEN channel = '*' THEN nullif(granted, true) ELSE granted END AS granted,
        purpose = 'marketing' AND NOT granted AS leaves_all,
        purpose <> 'marketing' AND granted AND source IN {OWN} AS is_own
      FROM consents WHERE contact_id = c.card AND purpose = ANY(CAST(:purposes AS text[]))
      ORDER BY purpose, channel, at DESC, id DESC) AS k),
  said AS (
    SELECT contact_id, kind, bool_and(granted AND (left_at IS NULL OR coalesce(back_at > left_at, false))) AS granted
    FROM (
      SELECT a.contact_id, a.kind, w.card, bool_and(w.granted) FILTER (WHERE NOT w.leaves_all) AS granted,
        max(w.at) FILTER (WHERE w.leaves_all) AS left_at,
        max(w.at) FILTER (WHERE w.is_own AND w.channel = a.kind) AS back_at
      FROM (SELECT DISTINCT contact_id, kind FROM aimed) a
      JOIN words w ON w.person = a.contact_id AND w.channel IN ('', '*', a.kind) GROUP BY 1, 2, 3) AS of_card
    GROUP BY 1, 2),
  refused AS (
    SELECT o.kind, o.value, bool_or(o.reason = 'erased') AS erased, bool_or(o.until IS NULL) AS for_good,
      max(o.until) AS until
    FROM (SELECT DISTINCT {_ADDRESSED} AS kind, a.value FROM aimed a) a
    JOIN opt_outs o ON o.kind = a.kind AND o.value = a.value
    WHERE o.purpose = ANY(CAST(:covers AS text[]))
      AND (o.until IS NULL OR (o.until > now() AND CAST(:pauses AS boolean)))
    GROUP BY 1, 2),
  resting AS (
    SELECT c.person, max(o.until) AS until FROM aimed_cards c
    JOIN opt_outs o ON o.kind = 'person' AND o.value = CAST(c.card AS text)
    WHERE o.purpose = ANY(CAST(:covers AS text[])) AND o.until > now() AND CAST(:pauses AS boolean) GROUP BY 1),
  judged AS (
    SELECT a.*,
      CASE
        WHEN r.erased THEN 'erased'
        WHEN x.address IS NOT NULL THEN 'suppressed'
        WHEN r.for_good THEN 'withdrawn'
        WHEN p.until IS NOT NULL OR r.until IS NOT NULL THEN 'paused'
        WHEN CAST(:wants AS text) = 'none' OR s.granted THEN NULL
        WHEN NOT s.granted THEN 'withdrawn'
        WHEN CAST(:wants AS text) = 'soft'
          AND EXISTS (SELECT FROM leads l WHERE l.contact_id = a.contact_id AND l.state = 'won') THEN NULL
        ELSE 'no_consent'
      END AS code,
      CASE WHEN r.for_good IS NOT TRUE AND x.address IS NULL THEN greatest(p.until, r.until) END AS until
    FROM aimed a
    LEFT JOIN refused r ON r.kind = {_ADDRESSED} AND r.value = a.value
    LEFT JOIN suppressions x ON x.channel = a.channel AND x.address = a.value
    LEFT JOIN said s ON s.contact_id = a.contact_id AND s.kind = a.kind
    LEFT JOIN resting p ON p.person = a.contact_id)"""
"""CTEs from `aimed` to `judged`; see above. Of a person made of several cards the strictest holds: every card's latest
word on this channel and on all channels, for the topic and for marketing as a whole, must be a yes; and a card whose
person has left everywhere (EVERYWHERE) or rests (PERSON) bars every address of them all. Who has left all mailings and
says yes to a topic later, himself (OWN), gets that topic there, and no other: it is the newer word of the same card.

Receipts are looked up card by card: joined as a whole, each portion of an expansion read the table from end to end."""


async def judge(
    connection: AsyncConnection, aims: Iterable[Aim], purpose: str, marketing: str = OPT_IN, *, pauses: bool = True
) -> dict[Aim, Barred | None]:
    """Each aim, and why it may not be written to; None: it may. One statement, however many they are."""
    asked = list(dict.fromkeys(aims))
    if not asked:
        return {}
    rows = await connection.execute(_JUDGE, {**bulk.arrays(asked), **binds(purpose, marketing, pauses=pauses)})
    barred = {n: Barred(Code(code), until) for n, code, until in rows}
    return {aim: barred.get(n) for n, aim in enumerate(asked, 1)}


_JUDGE = text(
    f"""WITH aimed AS (
          SELECT u.n, coalesce(c.leader_id, u.contact_id) AS contact_id, u.channel, u.kind, u.value
          FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS text[]), CAST(:c2 AS text[]), CAST(:c3 AS text[]))
            WITH ORDINALITY AS u(contact_id, kind, value, channel, n)
          LEFT JOIN contacts c ON c.id = u.contact_id), {JUDGED}
        SELECT n, code, until FROM judged WHERE code IS NOT NULL"""
)


class Waiting(NamedTuple):
    """A recipient of a mailing, as it stands in the queue."""

    id: UUID
    contact: UUID | None
    channel: str
    address: str
    purpose: str
    """The topic of its broadcast."""


async def recipients(connection: AsyncConnection, deliveries: Iterable[UUID]) -> list[Waiting]:
    """Who these deliveries go to, and for what."""
    return [Waiting(*row) for row in await connection.execute(_RECIPIENTS, {"ids": list(deliveries)})]


TOPIC = "coalesce(b.plan->>'purpose', 'marketing')"
"""Of a row `b` of broadcasts, or of none: the purpose that its people must have agreed to."""
_RECIPIENTS = text(
    f"""SELECT d.id, d.contact_id, d.channel, d.address, {TOPIC} FROM deliveries d
        LEFT JOIN broadcasts b ON b.id = d.broadcast_id WHERE d.id = ANY(CAST(:ids AS uuid[]))"""
)


async def drop_of_person(
    connection: AsyncConnection, contact: UUID, purpose: str, reason: str, code: Code = Code.WITHDRAWN
) -> int:
    """The same at every address and on every channel of the person whose card this is; how many."""
    values = {
        "contact": contact, "reason": reason, "code": code.value, "purpose": "" if purpose == MARKETING else purpose,
    }  # fmt: skip
    return (await connection.execute(_DROP_OF_PERSON, values)).rowcount


async def drop_unreachable(connection: AsyncConnection, pairs: Iterable[tuple[str, str]], reason: str) -> int:
    """What mailings still have waiting for these (channel, address), which take nothing more, is skipped; how many.

    A cascade looks at once for the next channel of these people.
    """
    if not (dead := sorted(set(pairs))):
        return 0
    return (await connection.execute(_DROP_UNREACHABLE, {**bulk.arrays(dead), "reason": reason})).rowcount


async def drop_pending(
    connection: AsyncConnection,
    contact: UUID | None,
    address: str,
    purpose: str,
    reason: str,
    code: Code = Code.WITHDRAWN,
) -> int:
    """Nothing that waits for this address in this purpose goes out any more ("" and MARKETING: no mailing); how many.

    Of `contact` every card's deliveries are meant, by whichever account they would go.
    """
    values = {
        "contact": contact, "address": address, "reason": reason, "code": code.value,
        "purpose": "" if purpose == MARKETING else purpose,
    }  # fmt: skip
    return (await connection.execute(_DROP, values)).rowcount


_LIVE = f"""live AS (SELECT b.id FROM broadcasts b
          WHERE b.state NOT IN ('finished', 'cancelled')
          AND (CAST(:purpose AS text) = '' OR {TOPIC} = CAST(:purpose AS text)))"""
_SKIP = "UPDATE deliveries d SET state = 'skipped', reason = :reason, code = :code, next_at = NULL"
_DROP = text(
    f"""WITH {_LIVE},
        theirs AS (
          SELECT d.id FROM live JOIN deliveries d ON d.broadcast_id = live.id
          WHERE d.address = CAST(:address AS text) AND d.state = 'pending'
          UNION
          SELECT d.id FROM deliveries d JOIN live ON live.id = d.broadcast_id
          WHERE d.contact_id = CAST(:contact AS uuid) AND d.address = CAST(:address AS text) AND d.state = 'pending')
        {_SKIP} FROM theirs WHERE d.id = theirs.id AND d.state = 'pending'"""
)
_DROP_OF_PERSON = text(
    f"""WITH {_LIVE},
        whole AS (SELECT coalesce(leader_id, id) AS leader FROM contacts WHERE id = CAST(:contact AS uuid)),
        cards AS (SELECT CAST(:contact AS uuid) AS id UNION SELECT leader FROM whole
          UNION SELECT c.id FROM whole w JOIN contacts c ON c.leader_id = w.leader)
        {_SKIP} FROM cards, live
        WHERE d.contact_id = cards.id AND d.broadcast_id = live.id AND d.state = 'pending'"""
)
_DROP_UNREACHABLE = text(
    """UPDATE deliveries d SET state = 'skipped', reason = :reason, code = 'suppressed', next_at = now()
       FROM broadcasts b, unnest(CAST(:c0 AS text[]), CAST(:c1 AS text[])) AS dead(channel, address)
       WHERE b.state NOT IN ('finished', 'cancelled') AND d.broadcast_id = b.id AND d.address = dead.address
         AND d.channel = dead.channel AND d.state = 'pending'"""
)
