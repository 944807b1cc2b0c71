"""The one-time link by which a member of staff makes a Telegram chat his desk."""

from __future__ import annotations

from dataclasses import replace

from desk import commands
from desk.act import Act
from domain.messages import Inbound
from store import staff


def payload_of(message: Inbound) -> str:
    """What follows "/start" in a staff link; empty when it is none."""
    payload = message.source.campaign
    return payload if payload.startswith(staff.LINK_PREFIX) else ""


async def redeem(act: Act) -> None:
    """Link the chat to the member whose link it is, welcome him, and offer what waits."""
    payload = payload_of(act.message)
    member = await staff.redeem_link(act.connection, payload, act.message.channel, act.sender, act.now)
    if member:
        await _welcome(replace(act, member=member), member.name)
    elif act.member:
        await act.notice("link_again", name=act.member.name)
    else:
        await act.notice("link_used")


async def _welcome(act: Act, name: str) -> None:
    await act.record("staff.linked")
    await act.notice("welcome", name=name, company=act.house.company)
    await commands.offer(act)
