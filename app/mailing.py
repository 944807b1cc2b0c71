"""What the configuration means for broadcasts."""

from __future__ import annotations

from collections.abc import Sequence

from app.broadcast_settings import Windows
from app.settings import ChannelConfig, Settings
from broadcasts.accounts import REACHES, Account
from broadcasts.checks.domain import From, system_dns
from broadcasts.checks.links import Links
from broadcasts.checks.outside import Sending, Surroundings
from broadcasts.checks.spam import SpamAssassin
from broadcasts.conducting import Conductor
from broadcasts.lifecycle import Rules
from broadcasts.office import Office
from broadcasts.plan import Pace
from channels.email.render import render
from channels.email.settings import EmailSettings
from channels.registry import KINDS
from domain.messages import ChannelName, Outbound, utcnow
from notifications.letters import House, compiler
from notifications.mailing import Mailings
from notifications.posts import Posts
from portal.engagement import Engagement
from store.engagements import Mailed
from store.engine import Database


def accounts_of(settings: Settings) -> dict[str, Account]:
    """The channels that mailings can go through."""
    return {
        name: _account(name, config)
        for name, config in settings.channels.items()
        if KINDS[config.kind].reaches and config.kind in REACHES
    }


def _account(name: str, config: ChannelConfig) -> Account:
    mailing = config.mailing
    return Account(
        name=name,
        kind=config.medium,
        pace=_pace(mailing),
        providers={provider: _pace(windows) for provider, windows in mailing.providers.items()},
        warmup=mailing.warmup,
        price=mailing.price,
    )


def _pace(windows: Windows) -> Pace:
    return Pace(second=windows.per_second, minute=windows.per_minute, hour=windows.per_hour, day=windows.per_day)


def house_of(settings: Settings) -> House:
    """In whose name contents are written."""
    company, broadcasts = settings.company, settings.broadcasts
    return House(
        company=company.name or "Leadwire",
        address=broadcasts.address,
        language=company.language,
        site=broadcasts.site,
        color=broadcasts.color,
        public_url=settings.server.public_url,
    )


def rules_of(settings: Settings) -> Rules:
    """What the owner has decided of all broadcasts."""
    broadcasts = settings.broadcasts
    return Rules(
        accounts=accounts_of(settings),
        confirm_over=broadcasts.confirm_over,
        html=broadcasts.raw_html,
        topics=frozenset(settings.consent.topics),
    )


def mailings_of(settings: Settings) -> Mailings:
    """What the send loop asks for mailings."""
    accounts = {ChannelName(name): account for name, account in accounts_of(settings).items()}
    return Mailings(
        accounts,
        compiler(house_of(settings)),
        public_url=_public_url(settings),
        marketing=settings.consent.marketing,
        leave_by_mail=_leave_by_mail(settings),
    )


def _public_url(settings: Settings) -> str:
    return settings.server.public_url or f"http://{settings.server.host}:{settings.server.port}"


def posts_of(settings: Settings) -> Posts:
    """What writes tests of broadcasts, and the messages of other programs."""
    return Posts(compile=compiler(house_of(settings)), base=_public_url(settings))


def office_of(settings: Settings) -> Office:
    """What the API and the commands have to know. Make it once: SpamAssassin is asked one by one."""
    return Office(
        rules=rules_of(settings),
        house=house_of(settings),
        marketing=settings.consent.marketing,
        public_url=settings.server.public_url,
        topics=frozenset(settings.consent.topics),
        around=_around(settings),
    )


def _leave_by_mail(settings: Settings) -> dict[ChannelName, str]:
    """Accounts whose own mailbox we read, with its address."""
    found = {}
    for name, config in settings.channels.items():
        address = getattr(config.settings, "address", None)
        if address and config.mailing.unsubscribe_by_mail and getattr(config.settings, "imap", None):
            found[ChannelName(name)] = str(address)
    return found


def _around(settings: Settings) -> Surroundings:
    """How the pre-flight looks outside."""
    return Surroundings(
        accounts={
            name: _sending(name, config, config.settings)
            for name, config in settings.channels.items()
            if isinstance(config.settings, EmailSettings)
        },
        resolver=system_dns(),
        links=Links(),
        spam=SpamAssassin(),
    )


def _sending(name: str, config: ChannelConfig, own: EmailSettings) -> Sending:
    def mime(message: Outbound) -> bytes:
        return render(message, own, now=utcnow())

    domain = own.address.rpartition("@")[2]
    return Sending(sender=From(account=name, domain=domain, selector=config.mailing.dkim_selector), mime=mime)


def conductor_of(settings: Settings, database: Database) -> Conductor:
    """The job behind broadcasts."""
    return Conductor(database, accounts_of(settings), marketing=settings.consent.marketing)


def engagement_of(settings: Settings, database: Database) -> Engagement:
    """The counted links and pictures."""
    compile_ = compiler(house_of(settings))
    accounts = accounts_of(settings)

    def links(mailed: Mailed) -> Sequence[str]:
        kind = accounts[mailed.channel].kind if mailed.channel in accounts else "email"
        return compile_(mailed.content, kind).compiled.links

    return Engagement(database, links)
