"""What the configuration says of broadcasts, for whoever writes them: the API and the commands."""

from __future__ import annotations

from dataclasses import dataclass, field

from broadcasts.conducting import Conductor
from broadcasts.content.blocks import Channel
from broadcasts.content.marks import House
from broadcasts.lifecycle import Refused, Rules
from store.engine import Database
from store.permission import OPT_IN

SPEAKS: dict[str, Channel] = {"email": "email", "telegram": "telegram", "sms": "sms", "whatsapp": "sms"}
"""Kind of channel -> what it says of a content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """One installation's."""

    rules: Rules = field(default_factory=lambda: Rules(accounts={}))
    house: House = field(default_factory=lambda: House(company="Leadwire", language="en"))
    """In whose name contents are written."""
    marketing: str = OPT_IN
    """store.permission: OPT_IN or SOFT."""

    def conductor(self, database: Database) -> Conductor:
        """Who knows how an audience becomes recipients."""
        return Conductor(database, self.rules.accounts, marketing=self.marketing)

    def kind(self, channel: str) -> str:
        """Of a configured channel. Raises Refused for one through which nothing can be sent."""
        if channel not in self.rules.accounts:
            known = ", ".join(self.rules.accounts) or "none: add a channel to leadwire.toml"
            raise Refused("channel", f'nothing is sent through "{channel}"; known are {known}')
        return self.rules.accounts[channel].kind

    def speaks(self, channel: str) -> Channel:
        """What this channel says of a content. Raises Refused."""
        return SPEAKS[self.kind(channel)]
