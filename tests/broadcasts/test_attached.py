"""Each one's own file in a broadcast, and the pictures that all get: to the bytes of the mail."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import pytest

from broadcasts.attachments import LARGEST
from channels.email.render import render
from channels.email.settings import EmailSettings
from domain.errors import Rejected
from domain.messages import ChannelName, File, Outbound, Sent, utcnow
from store.files import key_of
from tests.broadcasts.test_attachments import put
from tests.broadcasts.world import TEXT, Wire, World
from tests.notifications.world import Plain

PNG = b"\x89PNG\r\n\x1a\n a logo"
OWN = EmailSettings.model_validate({"kind": "email", "address": "us@example.com", "smtp": {"host": "localhost"}})


class Store(Plain):
    """Of each file the content is its key; the logo is itself."""

    async def with_files(self, message: Outbound, stored: Iterable[Mapping[str, Any]]) -> Outbound:
        return replace(message, files=tuple(map(_file, stored)))


def _file(one: Mapping[str, Any]) -> File:
    if one["name"] == "gone.pdf":
        raise Rejected("the file is not in the file store any more")
    data = PNG if one["key"] == key_of(PNG) else str(one["key"]).encode()
    return File(name=one["name"], type=one["type"], size=len(data), data=data, content_id=one.get("content_id", ""))


class Many(Wire):
    """Takes many at once, as the channel of mail does: without a task for each."""

    def post(self, message: Outbound) -> asyncio.Future[Sent]:
        self.sent.append(message)
        taken = asyncio.get_running_loop().create_future()
        taken.set_result(Sent(external_id=f"{self.name}:{message.delivery}"))
        return taken


async def sent(world: World, broadcast: UUID) -> None:
    await world.conduct()
    async with world.sending() as loop:
        loop._dispatch._renderer = Store()
        await world.settled(broadcast)
    await world.conduct()


@pytest.mark.parametrize("wire", [Wire, Many])
async def test_each_gets_the_own_file_and_who_has_none_a_reason(world: World, wire: type[Wire]) -> None:
    world.wires["mail"] = wire(ChannelName("mail"))
    anna, boris, _, dora = await world.crowd(4)
    await put(world, anna, "invoice-7.pdf")
    await put(world, boris, "invoice-8.pdf")
    await put(world, dora, "invoice-9.pdf", size=LARGEST + 1)
    broadcast = await world.broadcast(content={**TEXT, "attachments": [{"name": "invoice-*.pdf"}]})
    await sent(world, broadcast)
    assert await world.outcomes(broadcast) == {"sent": 2, "skipped:no_file": 1, "skipped:large_file": 1}
    assert {m.to: [(f.name, f.data) for f in m.files] for m in world.wires["mail"].sent} == {
        "p0@example.com": [("invoice-7.pdf", b"invoice-7.pdf-0")],
        "p1@example.com": [("invoice-8.pdf", b"invoice-8.pdf-0")],
    }


async def test_who_may_go_without_gets_it_without(world: World) -> None:
    anna, _ = await world.crowd(2)
    await put(world, anna, "invoice.pdf")
    asked = [{"name": "invoice.pdf", "missing": "send"}]
    broadcast = await world.broadcast(content={**TEXT, "attachments": asked})
    await sent(world, broadcast)
    assert {m.to: len(m.files) for m in world.wires["mail"].sent} == {"p0@example.com": 1, "p1@example.com": 0}


async def test_a_file_that_is_gone_fails_its_message_alone(world: World) -> None:
    anna, boris = await world.crowd(2)
    await put(world, anna, "gone.pdf")
    await put(world, boris, "there.pdf")
    broadcast = await world.broadcast(content={**TEXT, "attachments": [{"name": "*.pdf"}]})
    await sent(world, broadcast)
    assert await world.outcomes(broadcast) == {"sent": 1, "failed:rejected": 1}


@pytest.mark.parametrize(("step", "scheme"), [("mail", "cid"), ("bot", "cid"), ("sms", "cid"), ("bot", "host")])
async def test_pictures_go_with_every_letter(world: World, step: str, scheme: str) -> None:
    """In a chat the same whichever way they go by mail."""
    await world.person(email="a@example.com", telegram="1", phone="+79160000001")
    shown = [{"type": "image", "src": f"{scheme}:logo.png", "alt": "Logo"}, *TEXT["blocks"]]
    content = {**TEXT, "blocks": shown, "pictures": {"logo.png": await world.picture(PNG)}}
    broadcast = await world.broadcast({"channel": step}, content=content)
    await sent(world, broadcast)
    [message] = world.wires[step].sent
    expected = [] if step == "sms" else [("logo.png", PNG, "logo.png")]
    assert [(f.name, f.data, f.content_id) for f in message.files] == expected
    assert message.photo == ""
    if step != "mail":
        return
    mail = message_from_bytes(render(message, OWN, now=utcnow()), policy=default)
    assert isinstance(mail, EmailMessage)
    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    html = mail.get_body(("html",))
    assert (picture["Content-ID"], picture.get_content()) == ("<logo.png>", PNG)
    assert html is not None and 'src="cid:logo.png"' in html.get_content()
