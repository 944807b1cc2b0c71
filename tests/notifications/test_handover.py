"""The links under the automatic first answer."""

from __future__ import annotations

import re

import pytest

from domain.links import digest, is_token
from domain.messages import ChannelName, Outbound
from notifications.handover import HandOver
from notifications.render import Renderer
from notifications.texts import say
from store.deliveries import Purpose
from tests.notifications.world import BOT, MAIL, World

SMS = ChannelName("sms")
KINDS = {BOT: "telegram", MAIL: "email", SMS: "sms"}
WEB = "https://leads.example.com"


async def _no_file(key: str) -> bytes:
    raise LookupError(key)


async def greeted(world: World, channel: ChannelName, *, web: str = WEB, bot: str = "orchard_bot") -> list[Outbound]:
    """The same greeting, rendered twice."""
    over = HandOver(database=world.database, public_url=web, bot=lambda: bot)
    renderer = Renderer(database=world.database, kinds=KINDS, say=say, read_file=_no_file, hand_over=over)
    lead = await world.lead()
    message = await world.message(lead)
    (one,) = await world.queue(Purpose.GREETING, lead=lead, message=message, channel=channel, facts={"language": "ru"})
    delivery = (await world.claimed(one))._replace(facts={"language": "ru"})
    return [await renderer.render(delivery) for _ in range(2)]


@pytest.mark.parametrize(("channel", "kind"), [(MAIL, "email"), (SMS, "phone")])
async def test_both_links_have_one_token_of_which_the_digest_alone_is_kept(
    world: World, channel: ChannelName, kind: str
) -> None:
    texts = [greeting.text for greeting in await greeted(world, channel)]
    tokens = [re.findall(rf"{WEB}/t/(\S+)|https://t\.me/orchard_bot\?start=(\S+)", text) for text in texts]
    pages, chats = zip(*((one[0][0], one[1][1]) for one in tokens), strict=True)
    assert pages == chats
    assert all(is_token(token) for token in pages)
    assert all(text.startswith(say("greeting", "ru")) for text in texts)
    rows = await world.all("SELECT encode(hash, 'hex') AS hash, kind, address_kind FROM links ORDER BY 1")
    assert [tuple(row) for row in rows] == [(hash_, "address", kind) for hash_ in sorted(map(digest, pages))]


@pytest.mark.parametrize(
    ("channel", "web", "bot", "links"),
    [
        (MAIL, WEB, "", 1),
        (MAIL, "", "orchard_bot", 1),
        (MAIL, "", "", 0),
        (BOT, WEB, "orchard_bot", 0),
    ],
)
async def test_only_what_there_is(world: World, channel: ChannelName, web: str, bot: str, links: int) -> None:
    greeting, _ = await greeted(world, channel, web=web, bot=bot)
    assert greeting.text.count("https://") == links
    assert len(await world.all("SELECT 1 FROM links")) == 2 * links
