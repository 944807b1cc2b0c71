"""Every link inside the documentation leads to a file, and to a heading of it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from app.reference import slug
from tests.docs.pages import PAGES, ROOT, headings, links, name

INDEX = ROOT / "docs" / "README.md"
MOST_BYTES = 400_000
"""Of a picture: everybody who clones gets it."""


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    return [
        link for link in links(page) if not link.startswith(("http:", "https:", "mailto:")) and not _leads(page, link)
    ]


def _leads(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or (target.suffix == ".md" and anchor in [slug(heading) for heading in headings(target)])


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    """Code is no link, and another site is not asked."""
    page = ROOT / "docs" / "how-to" / "email.md"
    assert "../reference/settings.md#channelsname-of-kind-email" in links(page)
    assert not _leads(page, "../reference/settings.md#nothing")
    assert not _leads(page, "nowhere.md")
    assert not _leads(page, "../../../elsewhere.md")
    assert _leads(page, "#gmail")
    sample = tmp_path / "page.md"
    sample.write_text(
        "# A\n```md\n# no heading\n[no](link.md)\n```\n[a](x.md) `[b](y.md)` ![c](z.png) https://d.example\n"
    )
    assert links(sample) == ["x.md", "z.png"]
    assert headings(sample) == ["A"]


def test_the_index_names_every_page() -> None:
    named = {(INDEX.parent / link.partition("#")[0]).resolve() for link in links(INDEX)}
    assert [name(page) for page in PAGES if page.is_relative_to(INDEX.parent) and page not in {INDEX, *named}] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "adr").glob("*.md")), ids=name)
def test_a_decision_has_its_three_parts(page: Path) -> None:
    text, number = page.read_text("utf-8"), page.name[:4]
    assert text.startswith(f"# {number} ")
    assert [text.count(f"\n**{part}.** ") for part in ("Context", "Decision", "Consequences")] == [1, 1, 1]


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "pictures").iterdir()), ids=name)
def test_pictures_are_small_and_used(picture: Path) -> None:
    assert picture.stat().st_size <= MOST_BYTES
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    assert picture in shown


def test_the_licence_is_whole() -> None:
    licence = (ROOT / "LICENSE").read_text("utf-8")
    assert licence.lstrip().startswith("GNU GENERAL PUBLIC LICENSE")
    assert "END OF TERMS AND CONDITIONS" in licence
    assert 'license = "GPL-3.0-or-later"' in (ROOT / "pyproject.toml").read_text("utf-8")
