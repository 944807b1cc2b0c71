"""A letter in Chromium: words that the list of letters alone shows are nowhere in it, by day and by night."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Browser

from tests.broadcasts.content.making import content, filled, text
from tests.portal.test_browser import browser, pytestmark

__all__ = ["browser", "pytestmark"]
WORDS = "Only the list of letters shows these words"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 800])
async def test_the_preheader_is_hidden(browser: Browser, scheme: Literal["light", "dark"], width: int) -> None:
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 500})
    page = await context.new_page()
    seen = []
    for preheader in (WORDS, ""):
        html = filled(content(text("Apples are ripe."), {"type": "footer"}, preheader=preheader)).html
        assert (WORDS in html) == bool(preheader)
        await page.set_content(html)
        assert WORDS not in await page.locator("body").inner_text()
        seen.append(await page.screenshot())
    await context.close()
    assert seen[0] == seen[1]
