"""All that Leadwire talks to, on this machine alone: Telegram, Twilio, a mail server, and the page that shows them.

async with Stage(port=8025, form_url="http://127.0.0.1:8000/form") as stage:
    stage.url                       # the page
    stage.telegram_api_url          # ... and everything else that the app must be told
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.routing import Mount

from simulator.mail.office import PostOffice
from simulator.page.app import Page
from simulator.page.guard import Guard
from simulator.page.scene import Customer, Scene, Seller
from simulator.serving import serving
from simulator.telegram import World, telegram_app
from simulator.twilio.api import api as twilio_api
from simulator.twilio.exchange import Exchange

COMPANY = "Birch Furniture"
NUMBER = "+15005550006"
"""The shop's, from Twilio's fictional exchange."""
CUSTOMERS = (
    # Numbers that nobody has: 555-01xx is kept for fiction, Russia's 900 000-00 is not given out.
    ("emma", "Emma", "Clarke", "en", "+12025550143", "emma@client.example"),
    ("petr", "Пётр", "Иванов", "ru", "+79000000012", "petr@client.example"),
)
SELLERS = (("max", "Max", "Weber", "en"), ("olga", "Ольга", "Смирнова", "ru"))


@dataclass(frozen=True, kw_only=True, slots=True)
class MailAccount:
    """The shop's mailbox, as a mail program would be told."""

    host: str
    imap_port: int
    smtp_port: int
    address: str
    """Also the login for both."""
    password: str = field(repr=False)


class Stage:
    """All simulated worlds with their people, served on one loopback port (mail on two more).

    `port` 0 takes a free one. `form_url` is the shop's real web form, framed by the page. `pace` is the seconds
    between two steps of an SMS. Secrets are made anew for each stage.
    """

    def __init__(self, port: int = 0, *, form_url: str = "", pace: float = 0.3) -> None:
        self._port = port
        self.world = World()
        self.token = f"8100200300:{secrets.token_urlsafe(26)}"
        self.bot = self.world.add_bot(self.token, "birch_demo_bot", name=COMPANY)
        self.account_sid = f"AC{secrets.token_hex(16)}"
        self.auth_token = secrets.token_hex(16)
        self.number = NUMBER
        self.exchange = Exchange(account_sid=self.account_sid, auth_token=self.auth_token, pace=pace)
        self.exchange.add_number(NUMBER)
        self.office = PostOffice()
        self._mail_password = secrets.token_urlsafe(18)
        self.customers = tuple(self._customer(*row) for row in CUSTOMERS)
        self.sellers = tuple(self._seller(*row) for row in SELLERS)
        self.team = self.world.add_group(f"{COMPANY}: sales", [s.user for s in self.sellers], [self.bot])
        self.scene = self._scene(form_url)
        self.url = ""
        """Of the page, without a slash at the end; empty until started."""
        self._open = AsyncExitStack()

    @property
    def telegram_api_url(self) -> str:
        """The base that aiogram's TelegramAPIServer.from_base takes."""
        return f"{self.url}/telegram"

    @property
    def twilio_api_url(self) -> str:
        """What stands in place of https://api.twilio.com."""
        return f"{self.url}/twilio"

    @property
    def mail(self) -> MailAccount:
        """The shop's mailbox."""
        office = self.office
        return MailAccount(
            host=office.host,
            imap_port=office.imap_port,
            smtp_port=office.smtp_port,
            address=self.scene.address,
            password=self._mail_password,
        )

    @property
    def staff(self) -> dict[int, str]:
        """The sellers' Telegram ids -> their names."""
        return {seller.user.id: seller.name for seller in self.sellers}

    @property
    def team_chat(self) -> int:
        """The id of the sellers' group, in which the bot is a member."""
        return self.team.id

    def set_sms_webhook(self, url: str) -> None:
        """Where the shop's number reports incoming messages, as one sets it in Twilio's console."""
        self.exchange.add_number(self.number, url)

    def seller_opens(self, link_payload: str, seller: int = 0) -> None:
        """The seller (by index) follows a deep link: "/start PAYLOAD" is said in their chat with the bot."""
        person = self.sellers[seller]
        self.world.say(person.chat, person.user, f"/start {link_payload}".rstrip())

    async def start(self) -> None:
        """Open the mailboxes and the ports. Raises OSError when the port is taken."""
        await self.office.add_mailbox(self.scene.address, self._mail_password, COMPANY)
        for customer in self.customers:
            await self.office.add_mailbox(customer.address, secrets.token_urlsafe(18), customer.name)
        page = Page(self.scene)
        guard = Guard(self._routes(page), frame=self.scene.form_url, open_paths=("/telegram/", "/twilio/"))
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(self.office)
            opened.push_async_callback(self.exchange.aclose)
            self.url = await opened.enter_async_context(serving(guard, port=self._port))
            self.exchange.api_url = self.twilio_api_url
            page.start()
            opened.push_async_callback(page.aclose)  # closed before the server, which waits for open streams
            self._open = opened.pop_all()

    async def aclose(self) -> None:
        """Close everything. Twice is fine."""
        await self._open.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _routes(self, page: Page) -> Starlette:
        telegram = telegram_app(self.world)

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            async with telegram.router.lifespan_context(telegram):
                yield

        routes = [Mount("/telegram", telegram), Mount("/twilio", twilio_api(self.exchange)), Mount("/", page.app)]
        return Starlette(routes=routes, lifespan=lifespan)

    def _scene(self, form_url: str) -> Scene:
        return Scene(
            world=self.world,
            bot=self.bot,
            exchange=self.exchange,
            office=self.office,
            company=COMPANY,
            customers=self.customers,
            sellers=self.sellers,
            team=self.team,
            number=NUMBER,
            address="sales@shop.example",
            form_url=form_url,
        )

    def _customer(self, key: str, first: str, last: str, language: str, phone: str, address: str) -> Customer:
        user = self.world.add_user(first, last, username=f"{key}_demo", language_code=language)
        chat = self.world.open_chat(user, self.bot)
        self.exchange.add_phone(phone, user.name)
        return Customer(key=key, user=user, chat=chat, phone=phone, address=address, language=language)

    def _seller(self, key: str, first: str, last: str, language: str) -> Seller:
        user = self.world.add_user(first, last, username=f"{key}_birch", language_code=language)
        return Seller(key=key, user=user, chat=self.world.open_chat(user, self.bot), language=language)
