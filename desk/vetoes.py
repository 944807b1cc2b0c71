"""The button under the news that somebody wants to carry contacts out: Veto. It is the operators', whoever is staff."""

from __future__ import annotations

import re
from uuid import UUID

from desk.act import Act
from people import exporting
from people.exporting import Unexportable

_DATA = re.compile(r"veto:([0-9a-f]{32})")


def presses(act: Act) -> bool:
    """Whether it is this button."""
    return bool(_DATA.fullmatch(act.message.button or ""))


async def press(act: Act) -> None:
    """Forbid the export, if the press comes from a chat of the operators; a toast answers in each case."""
    match = _DATA.fullmatch(act.message.button or "")
    assert match, "the desk asks `presses` first"
    if (act.message.channel, act.chat) not in act.house.operators:
        await act.toast("veto_not_yours")
        return
    actor = act.actor if act.member else f"{act.message.channel}:{act.sender}"
    try:
        await exporting.veto(act.connection, UUID(hex=match[1]), actor)
    except Unexportable:
        await act.toast("veto_late")
    else:
        await act.toast("veto_done")
