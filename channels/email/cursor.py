"""Where we stand in a folder, as one string that `Host.cursors` keeps. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_FORM = re.compile(r"(\d{1,10}):(\d{1,10}):(\d{4}-\d\d-\d\d)(:unseen)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """Everything up to `uid` is settled, as long as the folder keeps its UIDVALIDITY (RFC 3501, section 2.3.1.1)."""

    validity: int
    uid: int
    day: date
    """UTC day on which this was true: after a new UIDVALIDITY mails from before it need not be read again."""
    unseen: bool = False
    """The first start is not over: the unread mails at or below `uid` are still to be taken."""

    def __str__(self) -> str:
        return f"{self.validity}:{self.uid}:{self.day.isoformat()}{':unseen' if self.unseen else ''}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """Read what `str()` wrote; None when it is something else."""
        match = _FORM.fullmatch(text)
        if not match:
            return None
        try:
            day = date.fromisoformat(match[3])
        except ValueError:
            return None
        return cls(validity=int(match[1]), uid=int(match[2]), day=day, unseen=bool(match[4]))
