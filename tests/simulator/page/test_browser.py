"""The page in a real Chromium: a newcomer plays both sides, with a tiny bot as the shop."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, FilePayload, Page, async_playwright, expect

from simulator.serving import serving
from simulator.stage import Stage
from simulator.telegram import Button, Entity, Upload
from simulator.telegram.model import Content, ReplyKey
from tests.simulator.page.echo import echoing
from tests.simulator.twilio.callee import Callee

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM and not os.environ.get("CI"), reason="Chromium is not installed"),
]

Open = Callable[..., Awaitable[Page]]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage(pace=0) as stage, echoing(stage):
        yield stage


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def open_page(stage: Stage, browser: Browser) -> AsyncIterator[Open]:
    """Opens the page, live; whatever the browser complains of fails the test."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    async with AsyncExitStack() as contexts:

        async def open_one(path: str = "/", **options: Any) -> Page:
            settings = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US", **options}
            context = await browser.new_context(**settings)
            contexts.push_async_callback(context.close)
            page = await context.new_page()
            page.set_default_timeout(5000)
            page.on("console", note)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(stage.url + path)
            await page.wait_for_selector(":root[data-live=on]", state="attached")
            return page

        yield open_one
    assert not complaints


async def test_newcomer_plays_both_sides(open_page: Open) -> None:
    page = await open_page()
    steps = page.locator("#steps .done")
    await page.get_by_role("button", name="How much is an oak kitchen?").click()
    await expect(page.locator("#talk .mine")).to_contain_text("How much is an oak kitchen?")
    await expect(page.locator("#talk .mine .tick")).to_contain_text("Delivered")
    card = page.locator("#wire .bubble", has_text="New lead #1")
    await card.get_by_role("button", name="Take").click()
    await expect(page.locator("#sales .toasts")).to_have_text("This lead is yours")
    await expect(card).to_contain_text("✅ Max Weber")
    await expect(card).to_contain_text("edited")
    await card.locator(".text b").click()  # a tap on the bubble answers it
    await expect(page.locator("#answer .answering")).to_contain_text("New lead #1")
    await page.locator("#answer textarea").fill("From €4,900")
    await page.keyboard.press("Enter")
    await expect(page.locator("#wire .mine blockquote")).to_contain_text("New lead #1")
    await expect(page.locator("#talk .theirs")).to_contain_text("From €4,900")
    await expect(page.locator("#answer .answering")).to_have_count(0)
    await expect(page.locator("#answer textarea")).to_be_focused()
    await expect(steps).to_have_count(4)
    await expect(page.locator("#steps .next")).to_contain_text("Now try SMS, mail and the web form.")
    size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert await page.evaluate(size) == [1440, 900]


async def test_other_seller_and_the_team_chat_are_told(open_page: Open) -> None:
    page = await open_page()
    await page.get_by_role("button", name="Call me back").click()
    await expect(page.locator("#sales .dock [data-news]")).to_have_text("Team chat")
    await page.get_by_role("link", name="Team chat").click()
    await expect(page.locator("#wire .author")).to_have_text("Birch Furniture")
    await page.get_by_role("link", name="Ольга").click()
    await expect(page.locator("#sales")).to_have_attribute("aria-label", "Phone of Ольга Смирнова")
    await page.locator("#answer textarea").fill("Беру")
    await page.keyboard.press("Enter")
    await expect(page.locator("#wire .mine")).to_contain_text("Беру")
    await page.get_by_role("link", name="Max").click()
    await expect(page.locator("#wire .theirs .author").last).to_have_text("Ольга Смирнова")
    await page.get_by_role("link", name="SMS").click()
    await expect(page.locator("#phone.sms")).to_be_visible()
    assert page.url.endswith("/?lang=en&app=sms&seller=max&room=team")  # every choice was kept
    await page.go_back()
    await expect(page.locator("#phone.telegram")).to_be_visible()
    await page.get_by_role("button", name="Delivery on Saturday?").click()
    await expect(page.locator("#talk .mine").last).to_contain_text("Saturday")  # and still live


CARD = ("🆕 Lead #7", "Emma Clarke", "An oak kitchen", "3.2 m long", "Telegram, 10:31", "✅ Max Weber, 10:32")
TOPS = """(element, lines) => lines.map(line => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    const at = node.data.indexOf(line);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + line.length);
    return range.getBoundingClientRect().top;
  }
})"""
"""Where each of the lines begins, in pixels from above."""


def card(*lines: str) -> Content:
    """As Leadwire sends it: the customer's words (the third and the fourth line) are a quotation."""
    text = "\n".join(lines)
    start, end = text.index(lines[2]), text.index(lines[3]) + len(lines[3])
    return Content(text=text, entities=(Entity(kind="blockquote", start=start, end=end),))


async def test_lines_of_a_card_do_not_run_together(stage: Stage, open_page: Open) -> None:
    seller = stage.sellers[0]
    stage.world.post(seller.chat, stage.bot.user, card(*CARD))
    page = await open_page()
    text = page.locator("#wire .text")
    assert await text.evaluate("element => element.querySelector('blockquote').innerText.split('\\n')") == [*CARD[2:4]]
    tops = await text.evaluate(TOPS, [*CARD])
    steps = [below - above for above, below in pairwise(tops)]
    assert all(12 < step < 34 for step in steps), steps  # a line each, and no empty one between them


async def test_talk_stays_at_its_end_when_a_card_grows(stage: Stage, open_page: Open) -> None:
    seller, bot = stage.sellers[0], stage.bot.user
    posted = [stage.world.post(seller.chat, bot, card(*CARD)) for _ in range(8)]
    page = await open_page()
    feed = page.locator("#wire-scroll")
    hidden = await feed.evaluate("feed => feed.scrollHeight - feed.clientHeight")
    assert hidden > 0
    await feed.evaluate("feed => { feed.scrollTop = -5 }")  # about there is there: a finger is not exact
    for message in posted[-3:]:
        stage.world.revise(message, card(*CARD, *(f"line {n}" for n in range(12)), "the end"), ())
    await expect(page.locator("#wire .text").last).to_contain_text("the end")
    assert await feed.evaluate("feed => feed.scrollTop") == 0  # the list stands on its end: 0 is there
    await feed.evaluate("feed => { feed.scrollTop = -400 }")
    stage.world.post(seller.chat, bot, Content(text="news"))
    await expect(page.locator("#wire .text").last).to_have_text("news")
    assert await feed.evaluate("feed => feed.scrollTop") < -300  # who reads further up is left alone


async def test_chosen_file_is_named_and_can_be_left_out(open_page: Open) -> None:
    page = await open_page()
    document = FilePayload(name="plan <1>.pdf", mimeType="application/pdf", buffer=b"%PDF")
    for form in ("#compose", "#desk .write"):
        chosen = page.locator(f"{form} .chosen")
        await expect(chosen).to_be_hidden()
        await page.locator(f"{form} input[type=file]").set_input_files([document])
        await expect(chosen.locator("span").first).to_have_text("plan <1>.pdf")
        await chosen.get_by_role("button", name="Do not send this file").click()
        await expect(chosen).to_be_hidden()
        assert await page.locator(f"{form} input[type=file]").evaluate("input => input.files.length") == 0


async def test_what_is_typed_survives_news(stage: Stage, open_page: Open) -> None:
    page = await open_page()
    emma = stage.customers[0]
    draft = page.locator("#compose textarea")
    await draft.fill("I am still typ")
    stage.world.say(emma.chat, emma.user, "from another phone")
    await expect(page.locator("#talk .mine .text")).to_have_text("from another phone")
    await expect(draft).to_have_value("I am still typ")


async def test_mail_there_and_back(stage: Stage, open_page: Open) -> None:
    page = await open_page()
    emma, shop = stage.customers[0], stage.mail.address
    await page.get_by_label("Subject").fill("Oak <table>")
    await page.locator("#desk").get_by_role("button", name="Send").click()
    await expect(page.locator("#desk .notice")).to_have_text("Sent to the shop.")
    [question] = await stage.office.messages(shop)
    await stage.office.write(
        shop, emma.address, "Re: Oak <table>", "From €900, see https://shop.example", answers=question
    )
    unread = page.locator("#letters .unread")
    await expect(unread).to_contain_text("Birch Furniture")
    await unread.click()
    await expect(page.locator("article h3")).to_have_text("Re: Oak <table>")
    await expect(page.locator("article .text a")).to_have_attribute("rel", "noopener noreferrer")
    await expect(page.locator("#letters .unread")).to_have_count(0)
    await page.get_by_label("Your answer").fill("I take it")
    await page.get_by_role("button", name="Reply").click()
    await expect(page.locator("#desk .notice")).to_be_visible()
    answer = (await stage.office.messages(shop, "INBOX"))[-1]
    assert (answer.subject, answer.text) == ("Re: Oak <table>", "I take it")
    assert answer.references[0] == question.message_id
    await page.reload()
    await expect(page.locator("article h3")).to_have_text("Re: Oak <table>")  # the address remembers


async def test_sms_and_a_webhook_that_fails(stage: Stage, open_page: Open) -> None:
    page, callee = await open_page(), Callee()
    await page.get_by_role("link", name="SMS").click()
    async with serving(callee.app()) as origin:
        stage.set_sms_webhook(f"{origin}/sms")
        await page.get_by_role("button", name="Is my order ready?").click()
        await expect(page.locator("#talk .mine")).to_contain_text("Is my order ready?")
        callee.status = 503
        await page.locator("#compose textarea").fill("Hello?")
        await page.locator("#compose .send").click()
        await expect(page.locator("#talk .problem")).to_have_text("Not delivered: 11200 HTTP 503")
    assert [form["Body"] for _, form, _ in callee.calls] == ["Is my order ready?", "Hello?"]


async def test_photo_and_a_stopped_bot(open_page: Open) -> None:
    page = await open_page()
    photo = FilePayload(name="a.png", mimeType="image/png", buffer=PIXEL)
    await page.locator("#compose input[type=file]").set_input_files([photo])
    await page.locator("#compose .send").click()
    await expect(page.get_by_role("img", name="Photo")).to_be_visible()
    await page.get_by_role("button", name="Stop bot").click()
    await expect(page.locator("#compose")).to_have_count(0)
    await page.get_by_role("button", name="Start the bot again").click()
    await expect(page.locator("#compose")).to_be_visible()


async def test_what_people_write_is_never_markup(stage: Stage, open_page: Open) -> None:
    """Also where a name, a file name, a quotation or a notice is shown; a script that ran would be complained of."""
    evil = "<img src=x onerror=alert(1)>"
    emma, seller = stage.customers[0], stage.sellers[0]
    asked = stage.world.say(emma.chat, emma.user, evil)
    stage.world.say(emma.chat, emma.user, document=Upload(data=b"x", name=f"{evil}.txt"), reply_to=asked.id)
    button = Button(text=evil, data="x")
    content = Content(text=evil, entities=(Entity(kind="bold", start=0, end=4),))
    card = stage.world.post(seller.chat, stage.bot.user, content, buttons=((button,),))
    press = stage.world.press(seller.chat, seller.user, card.id, "x")
    press.answer, press.alert = evil, True
    await stage.office.write(emma.address, stage.mail.address, evil, evil)
    page = await open_page("/?mail=Sent-101")
    for place in ("#talk", "#wire", "#wire .key", "#sales .toasts", "#letters", "#desk article"):
        await expect(page.locator(place).first).to_contain_text(evil)
    await expect(page.locator("[onerror]")).to_have_count(0)


async def test_keyboard_and_deep_link_of_the_bot(stage: Stage, open_page: Open) -> None:
    page = await open_page()
    emma = stage.customers[0]
    link = Button(text="Continue here", url="https://t.me/birch_demo_bot?start=order-7")
    stage.world.post(emma.chat, stage.bot.user, Content(text="Welcome"), buttons=((link,),))
    await page.get_by_role("button", name="Continue here").click()
    await expect(page.locator("#talk .mine .text")).to_have_text("/start")  # Telegram's apps hide the token, too
    assert stage.world.messages(emma.chat)[-1].text == "/start order-7"
    emma.chat.keyboard = ((ReplyKey(text="Catalogue"), ReplyKey(text="My phone", request_contact=True)),)
    await page.reload()
    await page.get_by_role("button", name="My phone").click()
    await expect(page.locator("#talk .extra")).to_have_text("Emma, +12025550143")
    await page.get_by_role("button", name="Catalogue").click()
    await expect(page.locator("#talk .mine").last).to_contain_text("Catalogue")


async def test_two_people_watch_one_demo(open_page: Open) -> None:
    customer, seller = await open_page(), await open_page(locale="ru-RU", viewport={"width": 390, "height": 844})
    await seller.locator(".deck").get_by_text("Продавец").click()
    await customer.get_by_role("button", name="Call me back").click()
    await expect(seller.locator("#wire .bubble")).to_contain_text("Emma Clarke")
    await seller.locator("#wire .key").first.click()
    await expect(seller.locator("#sales .toasts")).to_contain_text("This lead is yours")
    await expect(customer.locator("#steps .done")).to_have_count(2)


async def test_russian_and_dark(open_page: Open) -> None:
    page = await open_page(locale="ru-RU", color_scheme="dark")
    await expect(page.locator("html")).to_have_attribute("lang", "ru")
    await page.get_by_role("button", name="Сколько стоит кухня из дуба?").click()
    await expect(page.locator("#wire .bubble")).to_contain_text("Пётр Иванов")
    assert await background(page) == "rgb(13, 17, 22)"
    await page.get_by_role("button", name="Светлая или тёмная").click()
    assert await background(page) == "rgb(238, 241, 245)"
    await page.reload()
    assert await background(page) == "rgb(238, 241, 245)"
    await page.get_by_role("link", name="EN English").click()
    await expect(page.locator("#talk .mine")).to_contain_text("Сколько стоит")  # the same customer, in English
    await expect(page.get_by_role("heading", name="The seller")).to_be_visible()


async def background(page: Page) -> str:
    return str(await page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))


@pytest.mark.parametrize("width", [390, 1024, 1440])
async def test_nothing_sticks_out(open_page: Open, width: int) -> None:
    height = 844 if width == 390 else 900
    page = await open_page(viewport={"width": width, "height": height})
    size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    for device, shown in (("Mail", "#desk"), ("Seller", "#sales"), ("Customer", "#phone")):
        if width < 1024:
            await page.locator(".deck").get_by_text(device, exact=True).click()
        await expect(page.locator(shown)).to_be_visible()
        assert await page.evaluate(size) == [width, height]


async def test_keyboard_alone(open_page: Open) -> None:
    page = await open_page()
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    tab = page.get_by_role("link", name="SMS")
    await tab.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#phone.sms")).to_be_visible()
    await expect(tab).to_be_focused()


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)
