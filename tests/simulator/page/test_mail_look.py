"""A mail's HTML in a real Chromium: as it was sent, behind two walls; and notices that cover nothing."""

from __future__ import annotations

from email.message import EmailMessage

import aiohttp
import pytest
from playwright.async_api import Browser, Request, expect

from simulator.stage import Stage
from tests.simulator.page.test_browser import Open, browser, open_page, pytestmark, stage

__all__ = ["browser", "open_page", "pytestmark", "stage"]
HTML = """<html><body><h1>Apples</h1><p>Ripe</p>
<img src="https://spy.example/open.gif" alt="An apple"><a href="https://shop.example/">To the shop</a>
<form action="https://spy.example/"><input name="q"></form></body></html>"""


async def mailed(stage: Stage, html: str = HTML) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Orchard <news@orchard.example>", stage.customers[0].address, "News"
    mail.set_content("Apples, as plain text")
    if html:
        mail.add_alternative(html, subtype="html")
    await stage.office.deliver(mail.as_bytes(), stage.customers[0].address)


async def test_a_mail_is_shown_as_sent_and_as_text(stage: Stage, open_page: Open) -> None:
    await mailed(stage)
    page = await open_page()
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    await page.get_by_role("button", name="News").click()
    frame = page.frame_locator("iframe.html")
    await expect(frame.get_by_role("heading", name="Apples")).to_be_visible()
    await expect(frame.get_by_role("link", name="To the shop")).to_have_attribute("href", "https://shop.example/")
    assert await page.title() == "Leadwire demo"
    assert [url for url in asked if "spy" in url] == []
    await page.get_by_role("link", name="Text", exact=True).click()
    await expect(page.locator("#desk article .text")).to_have_text("Apples, as plain text")
    await expect(page.locator("iframe.html")).to_have_count(0)
    await page.get_by_role("link", name="As sent").click()
    await expect(frame.get_by_text("Ripe")).to_be_visible()


async def test_its_scripts_do_not_run(stage: Stage, browser: Browser) -> None:
    await mailed(stage, "<p>Ripe</p><script>parent.document.title = 'ran'; document.body.innerHTML = 'ran'</script>")
    page = await browser.new_page()
    await page.goto(f"{stage.url}/?mail=INBOX-101")
    await expect(page.frame_locator("iframe.html").get_by_text("Ripe")).to_be_visible()
    await page.goto(f"{stage.url}/letter/{stage.customers[0].key}/INBOX-101/html")  # without our frame, too
    await expect(page.get_by_text("Ripe")).to_be_visible()


@pytest.mark.parametrize("html", [HTML, ""])
async def test_the_html_is_sealed(stage: Stage, html: str) -> None:
    await mailed(stage, html)
    address = f"{stage.url}/letter/{stage.customers[0].key}/INBOX-101/html"
    async with aiohttp.ClientSession() as http, http.get(address) as answer:
        assert answer.status == (200 if html else 404)
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert not html or {"img-src data:", "form-action 'none'", "frame-ancestors 'self'"} <= set(policy.split("; "))
    assert not html or ("sandbox allow-popups" in policy and "script" not in policy and "same-origin" not in policy)


async def test_a_notice_covers_no_card(open_page: Open) -> None:
    page = await open_page(viewport={"width": 390, "height": 500})
    await page.get_by_role("button", name="Call me back").click()
    await page.locator(".deck").get_by_text("Seller", exact=True).click()
    await page.locator("#wire .key").first.click()
    notice = page.locator("#sales .toasts p")
    await expect(notice).to_be_visible()
    toast, talk = await notice.bounding_box(), await page.locator("#wire-scroll").bounding_box()
    assert toast and talk and toast["y"] + toast["height"] <= talk["y"] + 1
