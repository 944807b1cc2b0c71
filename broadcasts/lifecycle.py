"""What may be done to a broadcast, and when: the one way for the API, the commands and the job.

draft -> scheduled -> running <-> paused -> finished; and from each of these but the last: cancelled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any
from uuid import UUID

import msgspec

from broadcasts import plan as plans
from broadcasts.accounts import Account
from broadcasts.audience import logic_of
from broadcasts.content.blocks import to_json
from broadcasts.content.parse import parse
from broadcasts.pictures import proven
from broadcasts.plan import Plan
from domain.messages import utcnow
from store import broadcasts, events, mailing
from store.broadcasts import Broadcast, State
from store.engine import Connection
from store.permission import MARKETING

UNSETTLED = (State.SCHEDULED, State.RUNNING, State.PAUSED)
LONGEST_NAME = 200
INSTEAD: Mapping[State, str] = {
    State.DRAFT: "begin it (start), put it on the calendar (schedule) or change it (change)",
    State.SCHEDULED: "take it off the calendar (unschedule), which makes it a draft again, or give it up (cancel)",
    State.RUNNING: "stop it for now (pause) or for ever (cancel); to send something else, make a copy (copy)",
    State.PAUSED: "go on with it (resume) or give it up (cancel); to send something else, make a copy (copy)",
    State.CANCELLED: "it stays so; to send it after all, make a copy (copy) and begin that one",
    State.FINISHED: "try those again who failed (retry), or make a copy (copy) and begin that one",
}
"""What can be done in each state, with the commands; the API's paths are called so, too."""
EARLIEST = timedelta(minutes=5)
"""How late somebody may be with the time that he gives."""
LATEST = timedelta(days=366)
"""How far ahead a broadcast may be scheduled."""


class Refused(ValueError):
    """This cannot be done with this broadcast. `code` names why; the text says what to do.

    `facts` are what the same sentence names in other languages (`broadcasts.words.refused_said`).
    """

    def __init__(self, code: str, words: str, **facts: object) -> None:
        super().__init__(words)
        self.code, self.facts = code, facts


def _not_now(found: Broadcast, code: str, to: str) -> Refused:
    """In its state it cannot become this; with what can be done instead."""
    state = "a draft" if found.state == State.DRAFT else found.state
    return Refused(code, f"it is {state} and cannot be {to}: {INSTEAD[State(found.state)]}", state=found.state, to=to)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What the owner has decided of all broadcasts."""

    accounts: Mapping[str, Account]
    confirm_over: int = 0
    """More recipients than this need a second person; 0: none does."""
    html: bool = False
    """Raw HTML may be used."""
    topics: frozenset[str] = frozenset()
    """What people choose from, beside mailings as a whole; none: a purpose is whatever the plan calls it."""


async def create(
    connection: Connection, rules: Rules, *, name: str, plan: Any, content: Any, actor: str, parent: UUID | None = None
) -> Broadcast:
    """A new draft. Raises Refused, WrongPlan, NotContent, Unreadable with what is wrong."""
    made = await broadcasts.add(
        connection, name=_named(name), plan=await _planned(connection, rules, plan),
        content=await _content(connection, rules, content), actor=actor, at=utcnow(), parent=parent,
    )  # fmt: skip
    await _record(connection, "created", made, actor)
    return await one(connection, made)


async def change(
    connection: Connection,
    rules: Rules,
    broadcast: UUID,
    *,
    revision: int,
    actor: str,
    name: str | None = None,
    plan: Any = None,
    content: Any = None,
) -> Broadcast:
    """Change a draft that is still at `revision`; what is None stays."""
    old = await one(connection, broadcast, lock=True)
    if old.state != State.DRAFT:
        raise _not_now(old, "not-draft", "changed")
    changed = await broadcasts.change(
        connection,
        broadcast,
        name=_named(name) if name is not None else old.name,
        plan=_text(old.plan) if plan is None else await _planned(connection, rules, plan),
        content=_text(old.content) if content is None else await _content(connection, rules, content),
        revision=revision,
    )
    if not changed:
        raise Refused(
            "changed", f"somebody else has changed it meanwhile: it is at revision {old.revision}, look again"
        )
    await _record(connection, "changed", broadcast, actor)
    return await one(connection, broadcast)


async def schedule(
    connection: Connection, rules: Rules, broadcast: UUID, at: datetime | None, *, actor: str, recipients: int = 0
) -> Broadcast:
    """Have it begin at this time; None: now. `recipients` are as many as the pre-flight has counted."""
    found = await one(connection, broadcast, lock=True)
    now = utcnow()
    if at is not None and at < now - EARLIEST:
        raise Refused(
            "too-early",
            f"{at:%Y-%m-%d %H:%M %Z} is over: leave the time out to begin now",
            at=f"{at:%Y-%m-%d %H:%M %Z}",
        )
    if at is not None and at > now + LATEST:
        raise Refused("too-late", f"{at:%Y-%m-%d} is more than a year away: choose a nearer day", at=f"{at:%Y-%m-%d}")
    if rules.confirm_over and recipients > rules.confirm_over and not found.confirmed_by:
        raise Refused(
            "unconfirmed",
            f"{recipients} recipients are more than {rules.confirm_over}: somebody else than {found.created_by} has to "
            "confirm it first (leadwire broadcast confirm)",
            count=recipients, most=rules.confirm_over, who=found.created_by,
        )  # fmt: skip
    await _move(connection, found, (State.DRAFT, State.SCHEDULED), State.SCHEDULED, actor, scheduled_at=at or now)
    return await one(connection, broadcast)


def require_waiting(found: Broadcast) -> None:
    """Raise Refused for one that has begun already, or is over. Pure."""
    if found.state not in (State.DRAFT, State.SCHEDULED):
        raise _not_now(found, "state", _BECOMES[State.SCHEDULED])


async def unschedule(connection: Connection, broadcast: UUID, *, actor: str) -> Broadcast:
    """Make it a draft again."""
    found = await one(connection, broadcast, lock=True)
    await _move(connection, found, (State.SCHEDULED,), State.DRAFT, actor)
    return await one(connection, broadcast)


async def confirm(connection: Connection, broadcast: UUID, *, revision: int, actor: str) -> Broadcast:
    """A second person stands for it."""
    found = await one(connection, broadcast, lock=True)
    if found.created_by == actor:
        raise Refused("own", "who wrote it cannot confirm it: ask somebody else")
    if not await broadcasts.confirm(connection, broadcast, revision, actor):
        raise Refused("changed", f"it is {found.state} at revision {found.revision}: look at that one")
    await _record(connection, "confirmed", broadcast, actor)
    return await one(connection, broadcast)


async def pause(
    connection: Connection, broadcast: UUID, *, actor: str, reason: str = "by hand", resumes_at: datetime | None = None
) -> Broadcast:
    """Send nothing more of it until it is resumed; what is on its way arrives."""
    if resumes_at is not None and resumes_at < utcnow() - EARLIEST:
        when = f"{resumes_at:%Y-%m-%d %H:%M %Z}"
        raise Refused(
            "resumes-early", f"{when} is over: leave the time out, and go on by hand (resume) when you like", at=when
        )
    found = await one(connection, broadcast, lock=True)
    await _move(connection, found, (State.RUNNING,), State.PAUSED, actor, reason=reason, resumes_at=resumes_at)
    return await one(connection, broadcast)


async def resume(connection: Connection, broadcast: UUID, *, actor: str) -> Broadcast:
    """Go on."""
    found = await one(connection, broadcast, lock=True)
    await _move(connection, found, (State.PAUSED,), State.RUNNING, actor)
    return await one(connection, broadcast)


async def cancel(connection: Connection, broadcast: UUID, *, actor: str) -> int:
    """Send nothing more of it, for ever; how many recipients are left out by it."""
    found = await one(connection, broadcast, lock=True)
    await _move(connection, found, (State.DRAFT, *UNSETTLED), State.CANCELLED, actor)
    return await mailing.skip_all(connection, broadcast, "cancelled")


async def retry(connection: Connection, broadcast: UUID, codes: Collection[str], *, actor: str) -> int:
    """Send once more to those who failed with one of these codes ("" is none), or are `unknown`; how many they are.

    Codes: soft, rejected, fault, uncertain. Addresses that do not exist stay out.
    """
    found = await one(connection, broadcast, lock=True)
    if found.state not in (State.FINISHED, State.RUNNING, State.PAUSED):
        raise _not_now(found, "not-sent", "tried again")
    states = ["failed", *(["unknown"] if "uncertain" in codes else [])]
    count = await mailing.again(connection, broadcast, states, dict.fromkeys(codes, True), utcnow())
    if count and found.state == State.FINISHED:
        await _move(connection, found, (State.FINISHED,), State.RUNNING, actor)
    await _record(connection, "retried", broadcast, actor, count=count)
    return count


async def copy(connection: Connection, broadcast: UUID, *, actor: str, name: str = "") -> Broadcast:
    """A new draft with the same plan and content."""
    old = await one(connection, broadcast)
    made = await broadcasts.add(
        connection, name=_named(name or old.name), plan=_text(old.plan), content=_text(old.content), actor=actor,
        at=utcnow(),
    )  # fmt: skip
    await _record(connection, "created", made, actor, copy_of=str(broadcast))
    return await one(connection, made)


async def one(connection: Connection, broadcast: UUID, *, lock: bool = False) -> Broadcast:
    """The broadcast. Raises Refused when there is none."""
    found = await broadcasts.get(connection, broadcast, lock=lock)
    if found is None:
        raise Refused("unknown", f"there is no broadcast {broadcast}")
    return found


_BECOMES: Mapping[State, str] = {
    State.DRAFT: "taken off the calendar", State.SCHEDULED: "begun", State.RUNNING: "resumed",
    State.PAUSED: "paused", State.CANCELLED: "cancelled",
}  # fmt: skip


async def _move(
    connection: Connection, found: Broadcast, states: tuple[State, ...], to: State, actor: str, **values: Any
) -> None:
    if not await broadcasts.move(connection, found.id, states, to, at=utcnow(), **values):
        raise _not_now(found, "state", _BECOMES[to])
    told = {key: str(value) for key, value in values.items() if value is not None}
    await _record(connection, to.value, found.id, actor, **told)


async def _record(connection: Connection, what: str, broadcast: UUID, actor: str, **data: Any) -> None:
    await events.record(connection, f"broadcast.{what}", at=utcnow(), actor=actor, broadcast=str(broadcast), **data)


def _named(name: str) -> str:
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST_NAME:
        raise Refused("name", f"a broadcast needs a name of 1 to {LONGEST_NAME} characters")
    return plain


async def _planned(connection: Connection, rules: Rules, raw: Any) -> str:
    found: Plan = plans.read(raw)
    for step in found.steps:
        if step.channel not in rules.accounts:
            known = ", ".join(rules.accounts) or "none: add a channel to leadwire.toml"
            raise Refused(
                "channel", f'steps: nothing is sent through "{step.channel}"; known are {known}',
                channel=step.channel, known=known,
            )  # fmt: skip
    _require_topic(rules, found.purpose)
    await logic_of(connection, found, utcnow())
    return plans.to_json(found)


def _require_topic(rules: Rules, purpose: str) -> None:
    """A misspelt topic would go to whoever agreed to mailings as a whole, also to those who have left the right one."""
    known = [MARKETING, *sorted(rules.topics)]
    if not rules.topics or purpose in known:
        return
    near = next(iter(get_close_matches(purpose, known, 1)), "")
    meant = f'did you mean "{near}"? ' if near else ""
    raise Refused(
        "purpose", f'purpose: there is no topic "{purpose}"; {meant}known are {", ".join(known)}',
        purpose=purpose, near=near, known=", ".join(known),
    )  # fmt: skip


async def _content(connection: Connection, rules: Rules, raw: Any) -> str:
    return to_json(await proven(connection, parse(raw, html=rules.html)))


def _text(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode()
