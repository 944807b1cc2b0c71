"""How far a newcomer has come with the four steps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from simulator.mail.letters import SENT, Letter
from simulator.page.scene import Customer, Scene
from simulator.telegram import Message

Letters = Mapping[str, Sequence[Letter]]
"""Of every customer, by address."""


def done(scene: Scene, letters: Letters) -> int:
    """How many of "written, taken, answered by the seller, answer seen" are done, one after the other."""
    if not (_wrote(scene, letters) or any(m.buttons for m in _seen_by_sellers(scene))):
        return 0
    staff = {seller.user.id for seller in scene.sellers}
    if not any(press.user.id in staff for press in scene.world.presses.values()):
        return 1
    words = [m.date for m in _seen_by_sellers(scene) if not m.sender.is_bot and not m.text.startswith("/")]
    if not words:
        return 2
    return 4 if any(at >= min(words) for at in _heard(scene, letters)) else 3


def _wrote(scene: Scene, letters: Letters) -> bool:
    return any(
        any(not m.sender.is_bot and not m.text.startswith("/") for m in scene.world.messages(customer.chat))
        or any(sms.direction == "inbound" for sms in scene.exchange.messages(customer.phone))
        or any(letter.folder == SENT for letter in letters.get(customer.address, ()))
        for customer in scene.customers
    )


def _seen_by_sellers(scene: Scene) -> Iterable[Message]:
    for chat in (scene.team, *(seller.chat for seller in scene.sellers)):
        yield from scene.world.messages(chat)


def _heard(scene: Scene, letters: Letters) -> Iterable[datetime]:
    """When customers were told something, on any of their channels."""
    for customer in scene.customers:
        yield from _told(scene, customer, letters.get(customer.address, ()))


def _told(scene: Scene, customer: Customer, letters: Sequence[Letter]) -> Iterable[datetime]:
    yield from (m.date for m in scene.world.messages(customer.chat) if m.sender.is_bot)
    yield from (sms.created for sms in scene.exchange.messages(customer.phone) if sms.direction == "outbound-api")
    yield from (letter.received_at for letter in letters if letter.folder != SENT)
