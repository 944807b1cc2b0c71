"""The pages without a browser: languages, errors, headers, escaping."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.form.settings import FormSettings, Language
from channels.form.texts import TEXTS as FORM_TEXTS
from domain.errors import Refused, Unpublished
from domain.links import digest
from portal import pages
from portal.pages import STATIC
from portal.texts import TEXTS
from tests.portal.html import Page
from tests.portal.place import FORM, GOOD, Place


@pytest.fixture
def place() -> Place:
    return Place()


async def fetch(place: Place, path: str, method: str = "GET", **how: Any) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=place.app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://leads.example.com") as client:
        return await client.request(method, path, **how)


@pytest.mark.parametrize(
    ("path", "accepted", "language", "title"),
    [
        ("/f/quote", "ru-RU,ru;q=0.9", "ru", "Рассчитать кухню"),
        ("/f/quote", "de", "en", "Ask for a quote"),
        ("/f/quote?lang=ru", "en", "ru", "Рассчитать кухню"),
        ("/f/nothing", "ru", "ru", TEXTS["ru"].missing),
        ("/f/quote/embed", "ru", "ru", TEXTS["ru"].embed_title),
    ],
)
async def test_page_speaks_the_visitors_language(
    place: Place, path: str, accepted: str, language: str, title: str
) -> None:
    answer = await fetch(place, path, headers={"Accept-Language": accepted})
    page = Page(answer.text)
    assert answer.status_code == (404 if "nothing" in path else 200)
    assert page.all("html") == [{"lang": language}]
    assert title in page.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_every_field_has_its_label_and_its_kind(place: Place) -> None:
    page = Page((await fetch(place, "/f/quote")).text)
    labelled = {label.get("for", "") for label in page.all("label")}
    for name, kind in {"name": "text", "phone": "tel", "email": "email", "when": "date", "plan": "file"}.items():
        control = page.control(name)
        assert (control["type"], control["id"] in labelled) == (kind, True)
        assert control["aria-describedby"] in {tag.get("id") for _, tag in page.tags}
    assert (page.control("phone")["autocomplete"], page.control("email")["autocomplete"]) == ("tel", "email")
    assert "required" in page.control("what")
    assert page.control("website")["tabindex"] == "-1"
    assert page.all("form")[0]["enctype"] == "multipart/form-data"
    assert not [tag for _, tag in page.tags if "style" in tag or any(name.startswith("on") for name in tag)]


async def test_form_comes_back_with_the_errors_and_what_was_typed(place: Place) -> None:
    typed = {"email": "anna@", "message": "Hi <b>", "what": "door", "call": "yes", "lang": "ru", "_key": "k1"}
    answer = await fetch(place, "/f/quote?utm_source=ya", "POST", data=typed)
    page = Page(answer.text)
    texts = FORM_TEXTS["ru"]
    assert (answer.status_code, place.events) == (422, [])
    assert page.all("html") == [{"lang": "ru"}]
    assert f"{TEXTS['ru'].error_title}: Рассчитать кухню" in page.text
    assert [page.control(name).get("aria-invalid") for name in ("email", "consent", "message")] == [
        "true",
        "true",
        None,
    ]
    assert page.text.count(texts.email) == page.text.count(texts.consent) == 2  # in the summary, and at the field
    assert [link["href"] for link in page.all("a")][1:3] == ["#f-email", "#f-consent"]
    assert (page.control("email")["value"], page.areas["message"]) == ("anna@", "Hi <b>")
    assert [option["value"] for option in page.all("option") if "selected" in option] == ["door"]
    assert "checked" in page.control("call")
    assert (page.control("_key")["value"], page.control("utm_source")["value"]) == ("k1", "ya")


async def test_files_have_to_be_chosen_again(place: Place) -> None:
    for files, told in (({"plan": ("a.txt", b"x")}, True), ({"plan": ("", b"")}, False)):
        answer = await fetch(place, "/f/quote", "POST", data={"email": "x"}, files=files)
        assert (TEXTS["en"].files_again in answer.text) is told


async def test_thank_you_page_names_the_receipt(place: Place) -> None:
    page = Page((await fetch(place, "/f/quote?embed=1&lang=ru&other=1", headers={"Accept-Language": "en"})).text)
    action, hidden = page.all("form")[0]["action"], page.control("lang")["value"]
    answer = await fetch(place, action, "POST", data=GOOD | {"lang": hidden}, headers={"Accept-Language": "en"})
    (inbound,) = place.events
    assert (answer.status_code, action) == (200, "/f/quote?embed=1&lang=ru")
    assert Page(answer.text).all("a")[-1]["href"] == action
    assert inbound.external_id in Page(answer.text).text
    assert TEXTS["ru"].thanks in answer.text
    assert inbound.consents == ("Я согласен.",)


@pytest.mark.parametrize(("ticked", "hidden"), [({"consent_news": "yes"}, 0), ({}, 1)])
async def test_thank_you_page_says_where_mailings_are_confirmed(ticked: dict[str, str], hidden: int) -> None:
    place = Place(consents=[{"purpose": "news", "text": "News, please."}])
    answer = await fetch(place, "/f/quote", "POST", data=GOOD | ticked | {"lang": "ru"})
    assert (FORM_TEXTS["ru"].confirm_sms in Page(answer.text).text) == bool(ticked)
    assert answer.text.count("<p hidden><strong data-confirm>") == hidden


async def test_thank_you_page_leads_to_the_request_and_to_the_bot(place: Place) -> None:
    answer = await fetch(place, "/f/quote", "POST", data=GOOD)
    links = {a["href"]: a for a in Page(answer.text).all("a") if "target" in a}
    track, telegram = links
    assert track.startswith("https://leads.example.com/t/t")
    assert digest(track.rpartition("/")[2]) == place.events[0].link
    assert telegram == f"https://t.me/orchard_bot?start={track.rpartition('/')[2]}"
    assert {a["rel"] for a in links.values()} == {"noopener noreferrer"}


@pytest.mark.parametrize(("error", "status"), [(Unpublished("no disk"), 503), (Refused("no thanks"), 422)])
async def test_nothing_is_confirmed_when_accept_raises(place: Place, error: Exception, status: int) -> None:
    place.errors.append(error)
    answer = await fetch(place, "/f/quote", "POST", data=GOOD | {"_key": "k1"})
    page = Page(answer.text)
    assert answer.status_code == status
    assert page.areas["message"] == "Сколько стоит?"
    assert page.control("_key")["value"] == "k1"  # so that the next try is the same submission


async def test_unreadable_body_gives_an_empty_form(place: Place) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await fetch(place, "/f/quote", "POST", content=b"message=%00", headers=headers)
    assert answer.status_code == 400
    assert FORM_TEXTS["en"].unreadable in answer.text


@pytest.mark.parametrize("wants", ["text/html", "application/json"])
async def test_a_body_that_never_ends_is_given_up(place: Place, wants: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.form.channel.BODY_SECONDS", 0.01)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"phone=8"
        await asyncio.Event().wait()

    answer = await fetch(place, "/f/quote", "POST", content=trickle(), headers={"Accept": wants})
    assert (answer.status_code, answer.headers["Connection"], place.events) == (408, "close", [])
    assert FORM_TEXTS["en"].unreadable in answer.text


async def test_a_key_to_copy_is_one_that_nobody_guesses(place: Place) -> None:
    pages = [Page((await fetch(place, "/f/quote/embed")).text).text for _ in range(2)]
    first, second = (re.findall(r"Idempotency-Key: ([0-9a-f]{32})'", text) for text in pages)
    assert len(first) == len(second) == 1
    assert first != second


async def test_script_gets_json_from_the_same_address(place: Place) -> None:
    answer = await fetch(place, "/f/quote", "POST", data=GOOD, headers={"Accept": "application/json"})
    assert answer.json()["receipt"] == place.events[0].external_id
    answer = await fetch(place, "/f/quote", "POST", json={})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["phone", "what", "message", "consent"])


async def test_source_travels_through_the_page(place: Place) -> None:
    link = "/f/quote?utm_source=ya&_page=https://shop.example/a&_referrer=https://ya.ru/&phone=89161234567&other=1"
    page = Page((await fetch(place, link, headers={"Referer": "https://shop.example/b"})).text)
    assert page.control("phone")["value"] == "89161234567"
    hidden = {tag["name"]: tag["value"] for tag in page.all("input") if tag.get("type") == "hidden"}
    assert "other" not in hidden
    await fetch(place, "/f/quote", "POST", data=GOOD | hidden)
    source = place.events[0].source
    assert (source.page, source.referrer, source.utm) == ("https://shop.example/a", "https://ya.ru/", {"source": "ya"})


async def test_each_page_has_its_own_key(place: Place) -> None:
    pages = [await fetch(place, "/f/quote") for _ in range(2)]
    assert len({Page(page.text).control("_key")["value"] for page in pages}) == 2
    assert pages[0].headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("origins", "given_too", "framers"),
    [
        ((), (), "'self'"),
        (("https://shop.example",), (), "'self' https://shop.example"),
        ((), ("http://127.0.0.1:8000",), "'self' http://127.0.0.1:8000"),
        (("*",), (), "*"),
    ],
)
async def test_who_may_frame_it(origins: tuple[str, ...], given_too: tuple[str, ...], framers: str) -> None:
    answer = await fetch(Place(origins=origins, frame_ancestors=given_too), "/f/quote")
    assert answer.headers["Content-Security-Policy"].endswith(f"; frame-ancestors {framers}")


async def test_embed_script_is_small_and_for_everybody(place: Place) -> None:
    answer = await fetch(place, "/f/quote/embed.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(answer.content) < 3000


async def test_snippets_are_shown_as_text_and_work(place: Place) -> None:
    page = Page((await fetch(place, "/f/quote/embed")).text)
    assert not page.all("script")
    assert not page.all("iframe")
    assert '<script src="https://leads.example.com/f/quote/embed.js" async></script>' in page.text
    snippet = Page(re.search(r"<form method=.*?</form>", page.text, re.DOTALL)[0])  # type: ignore[index]  # it is there
    assert {"what", "message", "consent", "website"} <= {tag.get("name", "") for _, tag in snippet.tags}
    body = re.search(r"-d '(.*?)'", page.text, re.DOTALL)
    assert body
    headers = {"Content-Type": "application/json"}
    assert (await fetch(place, "/f/quote", "POST", content=body[1], headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/f/-/portal.css", "/f/-/form.js", "/f/-/vendor/golos-text-cyrillic-wght-normal.woff2"]
)
async def test_static(place: Place, path: str) -> None:
    if "vendor" in path and not (STATIC / "vendor").exists():
        pytest.skip("deploy/assets.py has not run")
    assert (await fetch(place, path)).status_code == 200


async def test_methods(place: Place) -> None:
    assert (await fetch(place, "/f/quote", "HEAD")).status_code == 200
    assert (await fetch(place, "/f/quote", "PUT")).status_code == 405
    assert (await fetch(place, "/f/quote", "OPTIONS")).status_code == 204


def test_pages_link_nothing_from_elsewhere() -> None:
    for template in (Path(STATIC).parent / "templates").glob("*.html"):
        assert "http" not in template.read_text(encoding="utf-8"), template.name


MARKUP = st.sampled_from(["<script>", "</textarea>", '"', "'", "><b>", "{{ 7*7 }}", "&amp;", "\n"])
TYPED = st.lists(MARKUP | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5), max_size=6)
NAMES = st.sampled_from([*(field["name"] for field in FORM["fields"]), "_key", "_time", "utm_source", "_page", "x"])


@given(st.dictionaries(NAMES, TYPED.map("".join)))
def test_no_markup_escapes(values: dict[str, str]) -> None:
    """Whatever is typed, the page has the same tags as for somebody who typed letters."""
    place = Place()
    tags = []
    for typed in (values, {name: "x" if text.strip() else text for name, text in values.items()}):
        page = Page(asyncio.run(fetch(place, "/f/quote", "POST", data={**typed, "consent": ""})).text)
        tags.append([tag for tag, _ in page.tags if tag not in {"li", "a"}])  # as many as there are errors
    assert tags[0] == tags[1]


def test_each_text_is_there_in_both_languages() -> None:
    for name in TEXTS["en"].__slots__:
        assert all(getattr(TEXTS[language], name) for language in TEXTS)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_boxes_of_mailings_are_never_ticked_beforehand(language: Language) -> None:
    """Not by a link to the page either; what the visitor ticked himself stays ticked when the form comes back."""
    boxes = [{"purpose": "news", "text": {"en": "News & <more>", "ru": "Новости"}}]
    form = FormSettings.model_validate({"consents": boxes})

    def box(**given: Any) -> tuple[dict[str, str], str]:
        facts = pages.form_facts(form, language, query={"consent_news": "yes"}, referrer="", **given)
        text = pages.render("form.html", language, static="/static", name="quote", action="/f/quote", **facts)
        return Page(text).control("consent_news"), text

    fresh, text = box()
    assert "checked" not in fresh and "required" not in fresh
    assert ("News &amp; &lt;more&gt;" if language == "en" else "Новости") in text
    assert f"<small>({'optional' if language == 'en' else 'необязательно'})</small></span></label>" in text
    assert "checked" in box(answers={"consent_news": "yes"})[0]
    snippets = pages.snippets(form, language, "https://a.example/f/quote")
    assert 'name="consent_news" value="yes">' in snippets["html"]
    assert '"consent_news": "yes"' in snippets["json"]
