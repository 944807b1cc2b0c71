"""The composition root: what is made of the configuration, and the jobs of each role."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cached_property, partial

from app.accept import Door
from app.doors import doors
from app.following import BotName, hand_over_of, tracking_of
from app.handler import Handler
from app.http import WebServer, application
from app.listening import listen_alone
from app.mailing import conductor_of, engagement_of, mailings_of, posts_of
from app.preference_pages import preferences
from app.roles import Job, run_all
from app.servers import Urls, files_of, servers
from app.settings import ChannelConfig, Settings
from broadcasts.answering import Answering
from bus.broker import Bus
from channels.registry import KINDS
from desk.desk import Desk
from desk.house import TeamChat
from domain.messages import AddressKind, ChannelName
from domain.ports import Channel, Host, Listener, Registered, Sender
from notifications.limits import RATES, Limits, Rates
from notifications.render import Renderer
from notifications.sender import SendLoop
from notifications.sweep import Sweep
from notifications.texts import say
from people.asking import Asking
from people.import_jobs import ImportJobs
from people.keeping import Keeping
from people.learning import Learning
from people.matcher import Matcher
from portal.pictures import Pictures
from router.route import Router
from router.rules import Chat, Intake, Rules
from store import migrations
from store.cursors import StoredCursors
from store.engine import AWAY, Database

log = logging.getLogger(__name__)

ROLES = ("web", "listen", "route", "send")
DEAD_AFTER = timedelta(seconds=10)
"""A process that has not touched its work for so long is taken for dead, and another one goes on with it."""


def channel_names(settings: Settings) -> Iterable[tuple[ChannelName, ChannelConfig]]:
    """The configured channels."""
    return ((ChannelName(name), config) for name, config in settings.channels.items())


def rules_of(settings: Settings) -> Rules:
    """The router's view of the configuration."""
    chats = {name: Chat(ChannelName(t.chat.channel), t.chat.chat) for name, t in settings.teams.items() if t.chat}
    return Rules(
        intakes={name: _intake(settings, name, config) for name, config in channel_names(settings)},
        team_chats=chats,
        language=settings.company.language,
        company=settings.company.name,
    )


def _intake(settings: Settings, name: ChannelName, config: ChannelConfig) -> Intake:
    greet = config.intake.greet if config.intake.greet is not None else config.kind != "form"
    ways = [(KINDS[settings.channels[way].kind].reaches, way) for way in reversed(answer_routes(settings, name))]
    by, late = {kind: way for kind, way in ways if kind}, str(getattr(config.settings, "late_template", ""))
    team, is_sms = config.intake.team, config.kind == "sms"
    return Intake(pipeline=team, greet=greet, answer_by=by, opt_out=is_sms, late_template=late)


def answer_routes(settings: Settings, name: ChannelName) -> list[ChannelName]:
    """The channels through which people who wrote by `name` are answered, the preferred first.

    WhatsApp only where it is asked for: it takes no text for people who have not written there.
    A channel that `leadwire check` looks at alone has no others.
    """
    config = settings.channels[name]
    if KINDS[config.kind].reaches:
        return [name]
    if config.intake.answer_by:
        return [ChannelName(other) for other in config.intake.answer_by if other in settings.channels]
    typed = (AddressKind.EMAIL, AddressKind.PHONE)
    return [other for other, c in channel_names(settings) if KINDS[c.kind].reaches in typed and c.medium != "whatsapp"]


class Installation:
    """Everything one process is made of. Nothing connects before it is used."""

    def __init__(self, settings: Settings, urls: Urls) -> None:
        self.settings = settings
        self.urls = urls
        self.database = Database(urls.database)
        self.bus = Bus(urls.redis, shards=settings.storage.shards, replicas=settings.storage.replicas, idle=DEAD_AFTER)
        self.files = files_of(settings)
        self.door = Door(self.bus, self.files, settings.storage.max_file_mb * 2**20)
        self.limits = Limits(urls.redis, rates_of(settings))
        self.kinds = {name: config.medium for name, config in channel_names(settings)}
        self.bot = BotName()

    @cached_property
    def channels(self) -> dict[ChannelName, Channel]:
        """The adapters, made when a role first needs them."""
        return build_channels(self.settings, self.database, self.bot)

    async def aclose(self) -> None:
        """Let go of every connection."""
        for channel in self.__dict__.get("channels", {}).values():
            await channel.aclose()
        await self.limits.aclose()
        await self.bus.aclose()
        await self.database.aclose()

    def jobs(self, roles: Sequence[str]) -> list[Job]:
        """What runs for these roles."""
        made = {"web": self._web, "listen": self._listen, "route": self._route, "send": self._send}
        return [job for role in roles for job in made[role]()]

    def _web(self) -> list[Job]:
        programs = doors(self.settings, self.database, self.files)
        tracking = tracking_of(self.settings, self.database, self.bot)
        pages = preferences(self.settings, self.database, self.files)
        links = [*engagement_of(self.settings, self.database).routes(), *Pictures(self.database, self.files).routes()]
        app = application(self.channels, self.door.accept, self.settings.server, programs, tracking, pages, links)
        hooks = [c for c in self.channels.values() if isinstance(c, Registered)]
        return [
            Job("web server", WebServer(app, self.settings.server).serve),
            *(Job(f"webhook of {hook.name}", partial(_registered, hook)) for hook in hooks),
            *self.bot.jobs(self.channels.values()),
        ]

    def _listen(self) -> list[Job]:
        listeners = [c for c in self.channels.values() if isinstance(c, Listener)]
        accept, database = self.door.accept, self.database
        return [Job(f"listener of {c.name}", partial(listen_alone, c, accept, database)) for c in listeners]

    def _route(self) -> list[Job]:
        handler = Handler(Router(self.database, rules_of(self.settings)), self.desk(), self.bus)
        people, chats = self.settings.people, rules_of(self.settings).team_chats
        operators = [(o.channel, o.chat) for o in self.settings.operators]
        jobs = [
            Job("router", partial(self.bus.consume, handler, retryable=AWAY)),
            Job("duplicates", Matcher(self.database, joins=people.join_certain).run),
            Job("imports", ImportJobs(self.database, self.files).run),
        ]
        if people.learn:
            jobs.append(Job("learning", Learning(self.database).run))
        if people.ask:
            jobs.append(Job("questions", Asking(self.database, chats, operators).run))
        if any((kept := self.settings.retention).days.values()):
            keeping = Keeping(self.database, kept.days, self.files.remove, dry_run=kept.dry_run)
            jobs.append(Job("retention", keeping.run))
        return jobs

    def desk(self) -> Desk:
        """The desk of this configuration."""
        company, teams = self.settings.company, rules_of(self.settings).team_chats
        return Desk(
            self.database,
            company=company.name,
            default_language=company.language,
            teams={name: TeamChat(channel=chat.channel, address=chat.address) for name, chat in teams.items()},
            reply_routes={name: answer_routes(self.settings, name) for name in self.kinds},
            kinds=self.kinds,
            currency=company.money,
            operators=[(o.channel, o.chat) for o in self.settings.operators],
        )

    def _send(self) -> list[Job]:
        senders = {name: c for name, c in self.channels.items() if isinstance(c, Sender)}
        router = Router(self.database, rules_of(self.settings))
        loop = SendLoop(
            database=self.database,
            senders=senders,
            renderer=self._renderer(),
            limits=self.limits,
            bells=self.bus.bells,
            lease=DEAD_AFTER,
            operators=[(ChannelName(o.channel), o.chat) for o in self.settings.operators],
            mailings=mailings_of(self.settings),
        )
        return [
            Job("sender", loop.run),
            Job("sweep", Sweep(self.database, self.bus.ring, tell=router.told).run),
            Job("broadcasts", conductor_of(self.settings, self.database).run),
            Job("answers to broadcasts", Answering(self.database).run),
            *self.bot.jobs(self.channels.values()),
        ]

    def _renderer(self) -> Renderer:
        company = self.settings.company
        greetings = {name: config.intake.greeting for name, config in channel_names(self.settings)}
        return Renderer(
            database=self.database,
            say=say,
            kinds=self.kinds,
            read_file=self.files.get,
            greetings={n: {k: v for k, v in dict(g).items() if v} for n, g in greetings.items()},
            hand_over=hand_over_of(self.settings, self.database, self.bot),
            posts=posts_of(self.settings),
            language=company.language,
            zone=company.zone,
        )


async def _registered(hook: Registered) -> None:
    """Tell Telegram where we are, once."""
    await hook.register()
    await asyncio.Event().wait()


def build_channels(settings: Settings, database: Database, bot: Callable[[], str] = str) -> dict[ChannelName, Channel]:
    """One adapter per configured channel. `bot`: the name of the bot in which customers may go on."""
    host = Host(
        cursors=StoredCursors(database),
        country=settings.company.country,
        public_url=settings.server.public_url,
        company=settings.company.name,
        max_file=settings.storage.max_file_mb * 2**20,
        bot=bot,
        asks={name: frozenset(_intake(settings, name, c).answer_by) for name, c in channel_names(settings)},
    )
    return {name: KINDS[c.kind].build(name, c.settings, host) for name, c in channel_names(settings)}


def rates_of(settings: Settings) -> dict[ChannelName, Rates]:
    """How fast each channel sends: its kind's rates, unless the configuration says otherwise."""
    return {name: _rates(config) for name, config in channel_names(settings) if KINDS[config.kind].reaches}


def _rates(config: ChannelConfig) -> Rates:
    usual, given = RATES[config.kind], config.rates
    return replace(
        usual,
        per_second=given.per_second or usual.per_second,
        per_address_per_second=given.per_address or usual.per_address_per_second,
    )


@asynccontextmanager
async def installation(settings: Settings) -> AsyncIterator[Installation]:
    """An installation with its servers, closed at the end."""
    async with servers(settings) as urls:
        built = Installation(settings, urls)
        try:
            yield built
        finally:
            await built.aclose()


async def run(settings: Settings, roles: Sequence[str], stop: asyncio.Event) -> None:
    """Run these roles until `stop`; servers that are away at the start are waited for."""
    async with installation(settings) as built:
        await run_all(prepared(built, roles), stop)


def prepared(built: Installation, roles: Sequence[str]) -> list[Job]:
    """The roles' jobs, each as soon as what it stands on is there.

    The web role needs the bus alone: while PostgreSQL is away the stream takes what comes.
    """
    connected, migrated = asyncio.Event(), asyncio.Event()
    first = [Job("bus", partial(_connect, built, connected))]
    if set(roles) - {"web"}:
        first.append(Job("database", partial(_migrate, built, migrated)))
    needs = {role: (connected,) if role == "web" else (connected, migrated) for role in roles}
    jobs = [(job, needs[role]) for role in roles for job in built.jobs([role])]
    return [*first, *(Job(job.name, partial(_after, events, job)) for job, events in jobs)]


async def _connect(built: Installation, done: asyncio.Event) -> None:
    """Start the bus, which waits for Redis; say what could lose messages."""
    await built.bus.start()
    done.set()
    for problem in await built.bus.durability():
        log.warning("%s", problem)
    await asyncio.Event().wait()


async def _migrate(built: Installation, done: asyncio.Event) -> None:
    """Bring the schema up; say what could lose messages. Raises Away: then it is tried again."""
    await migrations.upgrade(built.urls.database)
    done.set()
    for problem in await built.database.durability():
        log.warning("%s", problem)
    await asyncio.Event().wait()


async def _after(events: Sequence[asyncio.Event], job: Job) -> None:
    for event in events:
        await event.wait()
    await job.run()
