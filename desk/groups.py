"""A team's group chat that got a new id, because Telegram made a supergroup of it."""

from __future__ import annotations

import logging

from desk.act import Act
from store import staff

log = logging.getLogger(__name__)


def moves(act: Act) -> bool:
    """Telegram itself says so in the group (https://core.telegram.org/bots/api#message, migrate_to_chat_id)."""
    return act.in_group and "migrate_to_chat_id" in act.message.fields


async def note_move(act: Act) -> None:
    """The configuration has the old id: what goes to the team is lost until somebody corrects it. Say so to all.

    A group that is no team's concerns nobody.
    """
    place, chat = (act.message.channel, act.chat), act.message.fields["migrate_to_chat_id"]
    teams = [name for name, at in act.house.teams.items() if (at.channel, at.address) == place]
    for team in teams:
        log.critical("the chat of the team %s has a new id: put chat = %r into the configuration", team, chat)
        for member in await staff.roster(act.connection):
            if member.team == team:
                await act.tell(member, "team_chat_moved", team=team, chat=chat)
