"""What the configuration says of broadcasts, for whoever writes them: the API and the commands."""

from __future__ import annotations

from dataclasses import dataclass, field

from broadcasts.accounts import SPEAKS
from broadcasts.checks.outside import Surroundings
from broadcasts.conducting import Conductor
from broadcasts.content.blocks import Channel
from broadcasts.content.marks import House
from broadcasts.lifecycle import Refused, Rules
from broadcasts.preflight import Setting
from store.engine import Database
from store.permission import OPT_IN


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """One installation's."""

    rules: Rules = field(default_factory=lambda: Rules(accounts={}))
    house: House = field(default_factory=lambda: House(company="Leadwire", language="en"))
    """In whose name contents are written."""
    marketing: str = OPT_IN
    """store.permission: OPT_IN or SOFT."""
    public_url: str = ""
    topics: frozenset[str] = frozenset()
    """What people choose from, beside mailings as a whole."""
    around: Surroundings = field(default_factory=Surroundings)
    """How the pre-flight looks outside."""

    @property
    def setting(self) -> Setting:
        """What the pre-flight looks at."""
        return Setting(
            house=self.house,
            public_url=self.public_url,
            topics=self.topics,
            confirm_over=self.rules.confirm_over,
            around=self.around,
        )

    def conductor(self, database: Database) -> Conductor:
        """Who knows how an audience becomes recipients."""
        return Conductor(database, self.rules.accounts, marketing=self.marketing)

    def kind(self, channel: str) -> str:
        """Of a configured channel. Raises Refused for one through which nothing can be sent."""
        if channel not in self.rules.accounts:
            known = ", ".join(self.rules.accounts) or "none: add a channel to leadwire.toml"
            raise Refused(
                "channel", f'nothing is sent through "{channel}"; known are {known}', channel=channel, known=known
            )
        return self.rules.accounts[channel].kind

    def speaks(self, channel: str) -> Channel:
        """What this channel says of a content. Raises Refused."""
        return SPEAKS[self.kind(channel)]
