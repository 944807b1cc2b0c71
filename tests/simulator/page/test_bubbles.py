"""Messages as bubbles, and how far the newcomer has come: the worlds without any server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from simulator.mail.letters import Letter
from simulator.page import bubbles
from simulator.page.bubbles import Key
from simulator.page.progress import done
from simulator.page.scene import Customer, Scene, Seller
from simulator.stage import Stage
from simulator.telegram import Button, Chat, Contact, Location, Message, Upload
from simulator.telegram.model import Content
from simulator.twilio.messages import Media


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    stage = Stage(pace=0)
    yield stage.scene
    await stage.aclose()
    await stage.exchange.aclose()


@pytest.fixture
def emma(scene: Scene) -> Customer:
    return scene.customer("emma", "en")


@pytest.fixture
def max_(scene: Scene) -> Seller:
    return scene.seller("max", "en")


def bot_says(
    scene: Scene, chat: Chat, text: str, *, buttons: Sequence[Button] = (), reply_to: Message | None = None
) -> Message:
    """What sendMessage does."""
    row = (tuple(buttons),) if buttons else ()
    return scene.world.post(chat, scene.bot.user, Content(text=text), buttons=row, reply_to=reply_to)


def test_own_message_gets_its_second_tick_when_the_bot_has_it(scene: Scene, emma: Customer) -> None:
    scene.bot.inbox.confirm(10**9)
    scene.world.say(emma.chat, emma.user, "<b>hi</b> https://shop.example/a?b=1&c")
    [bubble] = bubbles.telegram(scene, emma.chat, emma.user)
    assert (bubble.mine, bubble.state) == (True, "sent")
    assert bubble.html.startswith("&lt;b&gt;hi&lt;/b&gt; <a href=")
    scene.bot.inbox.confirm(10**9)
    assert bubbles.telegram(scene, emma.chat, emma.user)[0].state == "read"


def test_answer_shows_what_it_answers(scene: Scene, emma: Customer) -> None:
    asked = scene.world.say(emma.chat, emma.user, "How much?\nPlease")
    answer = bot_says(scene, emma.chat, "4,900", reply_to=asked)
    scene.world.revise(answer, Content(text="5,900"), ())
    bubble = bubbles.telegram(scene, emma.chat, emma.user)[-1]
    assert bubble.quote == bubbles.Quote(author="Emma Clarke", text="How much?")
    assert (bubble.mine, bubble.state, bubble.edited, bubble.author) == (False, "", True, "")


def test_authors_are_named_in_groups_only(scene: Scene, max_: Seller) -> None:
    olga = scene.seller("olga", "ru")
    scene.world.say(scene.team, olga.user, "беру")
    scene.world.say(scene.team, max_.user, "fine")
    shown = bubbles.telegram(scene, scene.team, max_.user)
    assert [(bubble.mine, bubble.author) for bubble in shown] == [(False, "Ольга Смирнова"), (True, "")]


BUTTONS = [
    ("calls back", Button(text="Take", data="take:1"), Key(text="Take", data="take:1")),
    ("opens a page", Button(text="Site", url="https://shop.example"), Key(text="Site", url="https://shop.example")),
    ("starts our bot", Button(text="Go", url="https://t.me/birch_demo_bot?start=a-1_b"),
     Key(text="Go", url="https://t.me/birch_demo_bot?start=a-1_b", start="a-1_b")),
    ("starts another bot", Button(text="Go", url="https://t.me/other_bot?start=x"),
     Key(text="Go", url="https://t.me/other_bot?start=x")),
    ("is no web address", Button(text="Bad", url="javascript:alert(1)"), Key(text="Bad")),
]  # fmt: skip


@pytest.mark.parametrize(("label", "button", "key"), BUTTONS, ids=[case[0] for case in BUTTONS])
def test_buttons(scene: Scene, emma: Customer, label: str, button: Button, key: Key) -> None:
    bot_says(scene, emma.chat, "?", buttons=[button])
    assert bubbles.telegram(scene, emma.chat, emma.user)[0].keys == ((key,),)


def test_files_contacts_and_places(scene: Scene, emma: Customer) -> None:
    say = scene.world.say
    say(emma.chat, emma.user, "look", photo=Upload(data=b"\xff\xd8", name="a.jpg", type="image/jpeg"))
    say(emma.chat, emma.user, document=Upload(data=b"x" * 2048, name="план.pdf", type="application/pdf"))
    say(emma.chat, emma.user, contact=Contact(phone_number="+12025550143", first_name="Emma"))
    say(emma.chat, emma.user, location=Location(latitude=55.75, longitude=37.61))
    photo, document, contact, place = bubbles.telegram(scene, emma.chat, emma.user)
    assert (photo.items[0].kind, photo.html) == ("photo", "look")
    assert (document.items[0].name, document.items[0].size) == ("план.pdf", 2048)
    assert document.items[0].url.startswith("/file/")
    assert (contact.extra, place.extra) == ("Emma, +12025550143", "55.75000, 37.61000")
    quoted = [bubbles.summary(message) for message in scene.world.messages(emma.chat)]
    assert quoted == ["look", "план.pdf", "Emma, +12025550143", "55.75000, 37.61000"]


def test_notice_is_shown_to_the_one_who_pressed_while_it_is_fresh(scene: Scene, max_: Seller) -> None:
    card = bot_says(scene, scene.team, "lead", buttons=[Button(text="Take", data="take")])
    press = scene.world.press(scene.team, max_.user, card.id, "take")
    assert bubbles.toast(scene, scene.team, max_.user) is None  # not answered yet
    press.answer = "Yours"
    assert bubbles.toast(scene, scene.team, max_.user) is press
    assert bubbles.toast(scene, scene.team, scene.seller("olga", "ru").user) is None
    press.at -= timedelta(minutes=1)
    assert bubbles.toast(scene, scene.team, max_.user) is None


async def test_sms_shows_what_failed(scene: Scene, emma: Customer) -> None:
    picture = Media(type="image/png", data=b"\x89PNG")
    await scene.exchange.phone_says(emma.phone, scene.number, "see https://a.example <", [picture])
    await scene.exchange.phone_says(emma.phone, "+15005550777", "wrong number")
    good, bad = bubbles.sms(scene, emma.phone)
    assert (good.state, good.problem, good.number) == ("read", "", 0)
    assert good.html == (
        'see <a href="https://a.example" target="_blank" rel="noopener noreferrer">https://a.example</a> &lt;'
    )
    assert (good.items[0].kind, good.items[0].url) == ("photo", f"/mms/{picture.sid}")
    assert (bad.state, bad.problem) == ("failed", "30006")


def test_steps_come_one_after_the_other(scene: Scene, emma: Customer, max_: Seller) -> None:
    scene.world.say(emma.chat, emma.user, "/start")
    bot_says(scene, emma.chat, "Hello, how can we help?")
    assert done(scene, {}) == 0
    scene.world.say(emma.chat, emma.user, "How much?")
    assert done(scene, {}) == 1
    card = bot_says(scene, max_.chat, "lead", buttons=[Button(text="Take", data="take")])
    scene.world.press(max_.chat, max_.user, card.id, "take")
    assert done(scene, {}) == 2
    scene.world.say(max_.chat, max_.user, "4,900", reply_to=card.id)
    assert done(scene, {}) == 3
    bot_says(scene, emma.chat, "4,900")
    assert done(scene, {}) == 4


async def test_steps_count_other_channels(scene: Scene, emma: Customer, max_: Seller) -> None:
    await scene.exchange.phone_says(emma.phone, scene.number, "hi")
    assert done(scene, {}) == 1
    card = bot_says(scene, max_.chat, "lead", buttons=[Button(text="Take", data="take")])
    scene.world.press(max_.chat, max_.user, card.id, "take")
    scene.world.say(max_.chat, max_.user, "4,900", reply_to=card.id)
    assert done(scene, {emma.address: [letter("Sent")]}) == 3
    assert done(scene, {emma.address: [letter("INBOX")]}) == 4


def letter(folder: str) -> Letter:
    """A mail of this very moment."""
    return Letter(
        uid=1,
        folder=folder,
        seen=False,
        received_at=datetime.now(UTC),
        sender="sales@shop.example",
        sender_name="Shop",
        to="emma@client.example",
        subject="Re",
        text="4,900",
        html="",
        quote="",
        attachments=(),
        message_id="<1@shop.example>",
        references=(),
    )
