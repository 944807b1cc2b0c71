"""A picture that we host: from the file that a marketer puts to what readers see, by mail and in Telegram."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import httpx2

from app.mailing import rules_of
from broadcasts import lifecycle, templates
from domain.ids import new_id
from domain.messages import utcnow
from people import consent
from people.consent import Word
from store import contacts
from tests.e2e.wire import Wire, eventually, until
from tests.simulator.telegram.pictures import png

PNG = png(40, 30)
CONTENT: dict[str, Any] = {
    "subject": "Apples",
    "blocks": [
        {"type": "image", "src": "host:logo.png", "alt": "Our logo"},
        {"type": "text", "text": "Come and pick apples."},
        {"type": "footer"},
    ],
}


async def _people(wire: Wire) -> None:
    """Two read mail, one Telegram."""
    emma, petr = wire.stage.customers[:2]
    addresses = [("email", emma.address), ("email", petr.address), ("telegram", str(petr.user.id))]
    now, cards = utcnow(), [new_id() for _ in addresses]
    rows = [(new_id(), *address, "", c, c, True, None, now) for c, address in zip(cards, addresses, strict=True)]
    async with wire.built.database.begin() as connection:
        await contacts.add(connection, [(card, now) for card in cards], rows)
        await consent.grant(connection, [Word(card=c, purpose="marketing", text="Yes") for c in cards], source="test")


async def _send(wire: Wire) -> None:
    steps = [{"channel": name, "until": "sent"} for name in ("inbox", "bot")]
    plan: dict[str, Any] = {"audience": {"all": []}, "steps": steps, "quiet": None}
    shown = await templates.kept({"logo.png": PNG}, wire.built.files.put)
    async with wire.built.database.begin() as connection:
        kept = await templates.put(connection, "apples", CONTENT, html=False, actor="cli", pictures=shown)
        made = await lifecycle.create(
            connection, rules_of(wire.built.settings), name="A", plan=plan, content=kept.content, actor="staff:1"
        )
        await lifecycle.schedule(connection, rules_of(wire.built.settings), made.id, None, actor="staff:1")
    await eventually(lambda: _finished(wire, made.id), "the end of the mailing")


async def _finished(wire: Wire, broadcast: UUID) -> bool:
    return await wire.ask("SELECT state FROM broadcasts WHERE id = :id", id=broadcast) == ["finished"]


async def _bytes(wire: Wire, address: str) -> EmailMessage:
    """The one mail in this mailbox, as it has arrived."""

    async def arrived() -> list[bytes]:
        return await wire.stage.office._imap.read(address, "INBOX", lambda _, raw: raw)

    [raw] = await eventually(arrived, "the mail")
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def _address(mail: EmailMessage) -> str:
    assert {part.get_content_maintype() for part in mail.walk()} <= {"multipart", "text"}, "it goes along, too"
    html = mail.get_body(("html",))
    assert isinstance(html, EmailMessage)
    [found] = re.findall(r'src="(http[^"]*/i/[\w-]+)"', html.get_content())
    return str(found)


async def test_readers_see_it(wire: Wire) -> None:
    await wire.hire()
    await _people(wire)
    await _send(wire)
    emma, petr = wire.stage.customers[:2]
    [address] = {_address(await _bytes(wire, one.address)) for one in (emma, petr)}  # the same for all
    assert address.startswith(f"{wire.url}/i/")
    async with httpx2.AsyncClient() as reader:
        seen = await reader.get(address)
        assert (seen.status_code, seen.headers["content-type"], seen.content) == (200, "image/png", PNG)
        head = await reader.head(address)
        assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(PNG)), b"")
        known = await reader.get(address, headers={"If-None-Match": seen.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        assert (await reader.get(address[:-1])).status_code == 404
    message = await until(lambda: wire.said(petr.chat, "pick apples"), "the mailing in Telegram")
    media = message.content.media
    assert media and (media.kind, media.file.data) == ("photo", PNG)
