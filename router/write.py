"""Write a plan: whose the leads are, what staff and customers are told, and every row, set by set."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.ids import new_id
from domain.messages import Address, AddressKind, ChannelName, Inbound
from people.merging import TOGETHER, Unjoinable, Wish, join
from router import stops, ticks
from router.assign import at_work, turn_of
from router.leaving import come_back, leave
from router.planned import Joined, Opened, Plan
from router.rules import Rules
from router.screen import language_of
from store import chats, contacts, deliveries, events, leads, links, messages, suppressions
from store.bulk import Row
from store.cards import EXCERPT
from store.deliveries import Lane, Purpose
from store.engine import Connection
from store.staff import Member

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What is asked only when the plan says how much of it is needed."""

    rules: Rules
    roster: Sequence[Member]
    turns: Mapping[str, int]
    """The first reserved turn of each team's rotation."""
    greeted: set[str]
    """Addresses that had an automatic answer within the last day."""
    now: datetime


async def write(connection: Connection, plan: Plan, given: Circumstances) -> None:
    """Everything, in the order in which keys depend on each other. Raises Lost."""
    rules, roster, now = given.rules, given.roster, given.now
    owners = _owners(plan.opened, roster, given.turns)
    await _people(connection, plan, now)
    await leads.add(connection, *_lead_rows(plan.opened, owners, now))
    await leads.touch(connection, _touched_before(plan))
    await messages.add(connection, plan.messages)
    members = {m.id: m for m in roster}
    told = _tell_staff(plan, rules, owners, members, now) + stops.notices(plan, members, now)
    await deliveries.add(connection, told + _greet(plan, rules, given.greeted, now))
    further = [j for j in plan.joined if j.lead not in owners]
    await chats.refresh(connection, (j.lead for j in further if j.owner is None), now)
    await suppressions.stop(connection, [(c, a, "asked to stop", now) for c, a in sorted(set(plan.stops))])
    await suppressions.resume(connection, plan.resumes)
    await deliveries.add(connection, await leave(connection, plan.left, rules.language, now))
    await come_back(connection, plan.returned)
    await deliveries.add(connection, await ticks.write_down(connection, plan.ticked, rules))
    await links.use(connection, plan.spent, now)
    await links.issue(connection, plan.links, now)
    await events.add(connection, _events(plan, owners, now))
    for one, other in plan.joins:
        await _join(connection, one, other)


async def _people(connection: Connection, plan: Plan, now: datetime) -> None:
    """Who is who, and who claims to be."""
    await contacts.split(connection, plan.moves, now)
    await contacts.release(connection, plan.released)
    await contacts.add(connection, plan.contacts, plan.identities)
    await contacts.claim(connection, plan.claims, plan.further)
    await contacts.prove(connection, plan.proved)
    await contacts.call(connection, plan.names)
    await contacts.look_again(connection, plan.look_again)


async def _join(connection: Connection, one: UUID, other: UUID) -> None:
    """The older card leads: it is the one that people know."""
    wish = Wish(one=min(one, other), other=max(one, other), rule=TOGETHER, actor=events.SYSTEM)
    try:
        await join(connection, wish)
    except Unjoinable as error:
        log.info("%s and %s were proved together and are not joined: %s", one, other, error)


Owners = Mapping[UUID, Member | None]
"""The leads opened in this plan, and to whom each is offered."""


def _owners(opened: Sequence[Opened], roster: Sequence[Member], turns: Mapping[str, int]) -> Owners:
    next_turn = dict(turns)
    teams: dict[str, list[Member]] = {}
    owners: dict[UUID, Member | None] = {}
    for lead in opened:
        if lead.pipeline not in teams:
            teams[lead.pipeline] = at_work(roster, lead.pipeline)
        turn = next_turn.get(lead.pipeline, 0)
        next_turn[lead.pipeline] = turn + 1
        owners[lead.lead] = turn_of(teams[lead.pipeline], turn)
    return owners


def _lead_rows(opened: Sequence[Opened], owners: Owners, now: datetime) -> tuple[list[Row], list[Row]]:
    rows, assigned = [], []
    for o in opened:
        owner = owners[o.lead]
        staff = owner.id if owner else None
        at = o.inbound.received_at
        rows.append((o.lead, o.contact, o.home, o.identity, o.pipeline, "open", o.inbound.channel, staff, at, at))
        if staff:
            assigned.append((o.lead, now, staff, "turn"))
    return rows, assigned


def _touched_before(plan: Plan) -> dict[UUID, tuple[datetime, UUID | None]]:
    """Without the leads that this plan opens itself."""
    fresh = {o.lead for o in plan.opened}
    return {j.lead: (plan.touched[j.lead], j.owner) for j in plan.joined if j.lead not in fresh}


def _tell_staff(plan: Plan, rules: Rules, owners: Owners, members: Mapping[UUID, Member], now: datetime) -> list[Row]:
    """A card for each new lead, in the chat of its owner or of the team; further messages under the owner's card."""
    rows: list[Row] = []
    for o in plan.opened:
        chat = _chat(owners[o.lead], rules, o.pipeline)
        if chat:
            rows.append(_to_staff(Purpose.CARD, chat, o.lead, None, now))
            if _exceeds_card(o.inbound):
                rows.append(_to_staff(Purpose.RELAY, chat, o.lead, o.message, now))
    for j in plan.joined:
        owner = owners[j.lead] if j.lead in owners else members.get(j.owner) if j.owner else None
        if _needs_relay(j, owners) and owner and (chat := _chat(owner, rules, "")):
            rows.append(_to_staff(Purpose.RELAY, chat, j.lead, j.message, now))
    return rows


def _needs_relay(joined: Joined, owners: Owners) -> bool:
    """The card of a lead that this very plan opens shows short messages itself."""
    return joined.lead not in owners or _exceeds_card(joined.inbound)


def _exceeds_card(message: Inbound) -> bool:
    return bool(message.files) or len(message.text) > EXCERPT


Place = tuple[str, str, UUID | None]
"""(channel, address, member) to tell staff at."""


def _chat(owner: Member | None, rules: Rules, pipeline: str) -> Place | None:
    if owner and owner.channel and owner.address:
        return owner.channel, owner.address, owner.id
    team = rules.team_chats.get(pipeline)
    return (team.channel, team.address, None) if team else None


def _to_staff(purpose: Purpose, place: Place, lead: UUID, message: UUID | None, now: datetime) -> Row:
    channel, address, member = place
    return deliveries.row(
        purpose, Lane.CARD, channel=channel, address=address, at=now, lead=lead, message=message, staff=member
    )


def _greet(plan: Plan, rules: Rules, greeted: set[str], now: datetime) -> list[Row]:
    """The automatic first answer, or the welcome to who only pressed Start: at most one a day per address."""
    first: list[tuple[Inbound, UUID, UUID | None, UUID | None, str]]
    first = [(o.inbound, o.message, o.lead, o.contact, "greeting") for o in plan.opened if not o.inbound.unreadable]
    first += [(inbound, message, None, None, "welcome_customer") for message, inbound in plan.welcomed]
    rows, done = [], set(greeted)
    for inbound, message, lead, contact, key in first:
        route = _answer_route(inbound, rules)
        if route is None or route[1] in done:
            continue
        done.add(route[1])
        rows.append(
            deliveries.row(
                Purpose.GREETING,
                Lane.NOTICE,
                channel=route[0],
                address=route[1],
                at=now,
                facts=f'{{"language":"{language_of(inbound, rules.language)}","key":"{key}"}}',
                lead=lead,
                message=message,
                contact=contact,
            )
        )
    return rows


def _answer_route(message: Inbound, rules: Rules) -> tuple[ChannelName, str] | None:
    intake = rules.intake(message.channel)
    if not intake.greet:
        return None
    return next((r for a in message.addresses if (r := _route_of(a, intake.answer_by))), None)


def _route_of(address: Address, answer_by: Mapping[AddressKind, ChannelName]) -> tuple[ChannelName, str] | None:
    channel = answer_by.get(address.kind)
    return (channel, address.value) if channel and ";" not in address.value else None


def _events(plan: Plan, owners: Owners, now: datetime) -> list[Row]:
    rows = [_event("lead.message", j.inbound.channel, j.lead, j.message, now) for j in plan.joined]
    for o in plan.opened:
        owner = owners[o.lead]
        data = f'{{"message":"{o.message}","owner":"{owner.id if owner else ""}"}}'
        rows.append(_event("lead.opened", o.inbound.channel, o.lead, o.message, now, data))
    for message, channel, reason, lead in plan.ignored:
        rows.append(_event("message.ignored", channel, lead, message, now, f'{{"reason":"{_quoted(reason)}"}}'))
    for identity, (contact, _) in plan.moves.items():
        data = f'{{"identity":"{identity}","contact":"{contact}"}}'
        rows.append(_event("identity.split", events.SYSTEM, None, None, now, data))
    return rows


def _event(kind: str, actor: str, lead: UUID | None, message: UUID | None, at: datetime, data: str = "{}") -> Row:
    return (new_id(), at, kind, actor, lead, message, data)


def _quoted(text: str) -> str:
    return text.replace("\\", "").replace('"', "'")
