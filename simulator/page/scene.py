"""Who plays: the people and the worlds that the page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from simulator.mail.office import PostOffice
from simulator.telegram import Bot, Chat, User, World
from simulator.twilio.exchange import Exchange


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Customer:
    """Somebody who writes to the shop, with a phone and a mailbox."""

    key: str
    """Names the person in the page's address."""
    user: User
    chat: Chat
    """With the shop's bot."""
    phone: str
    address: str
    language: str

    @property
    def name(self) -> str:
        return self.user.name


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Seller:
    """Somebody who sells, with a phone."""

    key: str
    user: User
    chat: Chat
    """With the shop's bot."""
    language: str

    @property
    def name(self) -> str:
        return self.user.name


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scene:
    """Everything that the page shows and does something with."""

    world: World
    bot: Bot
    exchange: Exchange
    office: PostOffice
    company: str
    customers: tuple[Customer, ...]
    sellers: tuple[Seller, ...]
    team: Chat
    number: str
    """The shop's phone number."""
    address: str
    """The shop's mail address."""
    form_url: str = ""
    """The shop's own web form; shown in a frame when there is one."""

    def customer(self, key: str, language: str) -> Customer:
        """The one with that key, or the first who speaks the language, or the first."""
        return next((p for p in self.customers if p.key == key), _first(self.customers, language))

    def seller(self, key: str, language: str) -> Seller:
        """The one with that key, or the first who speaks the language, or the first."""
        return next((p for p in self.sellers if p.key == key), _first(self.sellers, language))


Person = TypeVar("Person", Customer, Seller)


def _first(people: tuple[Person, ...], language: str) -> Person:
    return next((person for person in people if person.language == language), people[0])
