"""The pages in Chromium: what a customer does, with and without scripts, at home and in another site's page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from channels.form.texts import TEXTS as FORM_TEXTS
from domain.errors import Unpublished
from portal.texts import TEXTS
from tests.channels.sms.serving import served
from tests.counterparts.counterparts import require
from tests.portal.place import Place

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    require("Chromium", CHROMIUM)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
async def url(place: Place) -> AsyncIterator[str]:
    async with served(place.app) as origin:
        yield f"{origin}/f/quote"


async def opened(browser: Browser, url: str, **how: object) -> Page:
    """A page that fails the test when the policy blocks something or a script breaks."""
    context = await browser.new_context(locale="ru-RU", **how)  # type: ignore[arg-type]  # options of many types
    page = await context.new_page()
    page.set_default_timeout(5000)
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.on("console", lambda message: pytest.fail(message.text) if "Policy" in message.text else None)
    await page.goto(url)
    return page


async def fill(page: Page, message: str = "Сколько стоит?") -> None:
    await page.get_by_label("Телефон").fill("8 916 123-45-67")
    await page.get_by_label("О чём").select_option("Кухня")
    await page.get_by_label("Сообщение").fill(message)
    await page.get_by_label("Я согласен.").check()


@pytest.mark.parametrize("scripts", [True, False])
async def test_from_an_error_to_the_receipt(browser: Browser, place: Place, url: str, scripts: bool) -> None:
    page = await opened(browser, url, java_script_enabled=scripts)
    await fill(page)
    await page.get_by_label("Эл. почта").fill("anna@home")
    await page.locator("button").click()
    await expect(page.get_by_label("Эл. почта")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("alert").get_by_role("link", name="Эл. почта")).to_be_visible()
    await expect(page.locator("#e-email")).to_have_text(FORM_TEXTS["ru"].email)
    await page.get_by_label("Эл. почта").fill("anna@home.example")
    await page.get_by_label("Чертёж").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"plan"})
    await page.locator("button").click()
    await expect(page.get_by_role("heading", name=TEXTS["ru"].thanks)).to_be_visible()
    (inbound,) = place.events
    await expect(page.get_by_role("status")).to_have_text(inbound.external_id)
    for name, where in ((TEXTS["ru"].follow, r"example\.com/t/"), (TEXTS["ru"].telegram, r"t\.me/orchard_bot\?start=")):
        link = page.get_by_role("link", name=name)
        await expect(link).to_be_visible()
        await expect(link).to_have_attribute("href", re.compile(where + "t[A-Za-z0-9_-]{32}$"))
    assert [file.data for file in inbound.files] == [b"plan"]
    assert [address.value for address in inbound.addresses] == ["+79161234567", "anna@home.example"]


@pytest.mark.parametrize("scripts", [True, False])
async def test_who_ticked_a_box_for_mailings_reads_where_to_confirm(browser: Browser, scripts: bool) -> None:
    text = {"en": "News, please.", "ru": "Хочу новости."}
    place = Place(consents=[{"purpose": "news", "text": text}])
    async with served(place.app) as origin:
        for ticks in (True, False):
            page = await opened(browser, f"{origin}/f/quote", java_script_enabled=scripts)
            await fill(page)
            if ticks:
                await page.get_by_label("Хочу новости.").check()
            await page.locator("button").click()
            await expect(page.get_by_role("heading", name=TEXTS["ru"].thanks)).to_be_visible()
            await expect(page.get_by_text(FORM_TEXTS["ru"].confirm_sms)).to_be_visible(visible=ticks)
            await expect(page.locator("[data-confirm]")).to_be_visible(visible=ticks)
            await page.close()


async def test_errors_are_announced_and_leave_when_mended(browser: Browser, url: str) -> None:
    page = await opened(browser, url)
    await page.locator("button").click()
    summary = page.get_by_role("alert")
    await expect(summary).to_be_focused()
    await expect(summary.get_by_role("link")).to_have_text(["Телефон", "О чём", "Сообщение", "Согласие"])
    await summary.get_by_role("link", name="Сообщение").click()
    await expect(page.get_by_label("Сообщение")).to_be_focused()
    await fill(page)
    await page.get_by_label("Телефон").fill("12")
    await page.locator("button").click()
    await expect(summary.get_by_role("link")).to_have_text(["Телефон"])
    await expect(page.locator("[aria-invalid]")).to_have_count(1)


async def test_message_waits_in_the_browser_until_the_receipt(browser: Browser, place: Place, url: str) -> None:
    page = await opened(browser, url)
    await fill(page)
    await page.context.set_offline(True)
    await page.locator("button").click()
    await expect(page.get_by_role("status")).to_have_text(TEXTS["ru"].kept)
    await page.close()
    await page.context.set_offline(False)
    page = await page.context.new_page()
    await page.goto(url)  # the next day
    await expect(page.get_by_role("heading", name=TEXTS["ru"].thanks)).to_be_visible()
    assert [inbound.text for inbound in place.events] == ["Сколько стоит?"]
    assert await page.evaluate("localStorage.length") == 0


async def test_connection_comes_back_while_the_page_is_open(browser: Browser, place: Place, url: str) -> None:
    page = await opened(browser, url)
    await fill(page)
    await page.context.set_offline(True)
    await page.locator("button").click()
    await expect(page.get_by_role("status")).to_have_text(TEXTS["ru"].kept)
    await page.context.set_offline(False)
    await expect(page.get_by_role("heading", name=TEXTS["ru"].thanks)).to_be_visible()
    assert len(place.events) == 1


async def test_an_answer_that_got_lost_does_not_double(browser: Browser, place: Place, url: str) -> None:
    page = await opened(browser, url)
    await fill(page)
    lost = []

    async def lose(route: object) -> None:
        lost.append(await route.fetch())  # type: ignore[attr-defined]  # playwright's Route
        await route.abort()  # type: ignore[attr-defined]

    await page.route(url, lose, times=1)
    await page.locator("button").click()
    await expect(page.get_by_role("heading", name=TEXTS["ru"].thanks)).to_be_visible()
    assert len(lost) == 1
    assert len(place.events) == 2
    assert len({inbound.external_id for inbound in place.events}) == 1


async def test_server_that_cannot_keep_it_is_asked_again(browser: Browser, place: Place, url: str) -> None:
    place.errors.append(Unpublished("no disk"))
    page = await opened(browser, url)
    await fill(page)
    await page.route(url, lambda route: route.continue_())
    await page.locator("button").click()
    await expect(page.get_by_role("status")).to_have_text(TEXTS["ru"].kept)
    await page.evaluate("dispatchEvent(new Event('online'))")  # rather than wait for 5 s
    await expect(page.get_by_role("heading", name=TEXTS["ru"].thanks)).to_be_visible()
    assert len(place.events) == 1


async def test_second_submission_after_a_change_is_another_one(browser: Browser, place: Place, url: str) -> None:
    page = await opened(browser, url)
    await page.get_by_label("Сообщение").fill("a")
    first = await page.locator("[name=_key]").input_value()
    await page.locator("button").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await page.locator("[name=_key]").input_value() == first
    await fill(page, "b")
    await page.locator("button").click()
    await expect(page.get_by_role("heading", name=TEXTS["ru"].thanks)).to_be_visible()
    assert len(place.events) == 1


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("path", ["", "/embed"])
async def test_nothing_is_wider_than_the_screen(browser: Browser, url: str, path: str, width: int) -> None:
    page = await opened(browser, url + path, viewport={"width": width, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") == width


SITE = '<!doctype html><html lang="ru"><title>Shop</title><h1>Shop</h1>{}<script src="{}/embed.js" async></script>'
OWN = """<form data-leadwire="quote"><label>Почта <input name="email"></label><input name="what" value="door">
<input name="message" value="Своя форма"><input name="consent" value="yes"><button>Послать</button></form>"""


@pytest.mark.parametrize("own", [False, True])
async def test_form_in_another_site(browser: Browser, own: bool) -> None:
    place = Place(origins=("*",))
    async with served(place.app) as origin:

        async def page_of_the_shop(request: Request) -> HTMLResponse:
            return HTMLResponse(SITE.format(OWN if own else "", f"{origin}/f/quote"))

        async with served(Starlette(routes=[Route("/page", page_of_the_shop)])) as shop:
            page = await opened(browser, f"{shop}/page?utm_source=ya")
            if own:
                await send_own(page)
            else:
                await send_framed(page)
            (inbound,) = place.events
            assert inbound.source.page == f"{shop}/page?utm_source=ya"
            assert inbound.source.utm == {"source": "ya"}
            await page.goto("about:blank")


async def send_framed(page: Page) -> None:
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_role("heading")).to_have_text("Рассчитать кухню")
    await expect(page.locator("iframe")).not_to_have_attribute("height", "560")
    assert await page.frames[1].evaluate("document.documentElement.scrollHeight <= innerHeight")
    await fill(page.frames[1])  # type: ignore[arg-type]  # a frame finds its fields as a page does
    await frame.locator("button").click()
    await expect(frame.get_by_role("heading", name=TEXTS["ru"].thanks)).to_be_visible()


async def send_own(page: Page) -> None:
    await page.locator("button").click()
    await expect(page.get_by_role("alert")).to_have_text(FORM_TEXTS["ru"].contact)
    await page.get_by_label("Почта").fill("anna@example.com")
    await page.locator("button").click()
    await expect(page.get_by_role("status")).to_contain_text("LW-")


async def test_a_site_that_is_not_allowed_cannot_frame_it(browser: Browser, url: str) -> None:
    async def page_of_the_shop(request: Request) -> HTMLResponse:
        return HTMLResponse(f'<!doctype html><iframe src="{url}"></iframe>')

    async with served(Starlette(routes=[Route("/", page_of_the_shop)])) as shop:
        page = await (await browser.new_context()).new_page()
        await page.goto(shop)
        await expect(page.frame_locator("iframe").get_by_role("button", name="Send")).to_have_count(0)
        await page.goto("about:blank")
