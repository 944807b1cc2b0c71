"""Tokens: what fits into a deep link, is told from everything else, and is never guessed."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.links import bare, deep_link, digest, is_digest, is_token, new_token, tracking
from store.staff import LINK_PREFIX


def test_a_token_fits_into_a_deep_link_and_is_no_staff_link() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(is_token(token) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", token) for token in tokens)
    assert not any(token.startswith(LINK_PREFIX) for token in tokens)
    assert all(is_digest(digest(token)) for token in tokens)


@pytest.mark.parametrize("text", ["", "spring", "staff-abc", "t" * 32, "t" * 34, "u" + "x" * 32, "t" + "é" * 32])
def test_campaigns_are_no_tokens(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, "A" * 64, "a" * 65, "a" * 63 + "\n"])
def test_what_is_no_digest(text: str) -> None:
    assert not is_digest(text)


def test_any_text_has_a_digest() -> None:
    assert is_digest(digest("\ud800\x00")), "what stands in a URL may be anything"


@given(st.text(string.ascii_letters + string.digits + "_-", max_size=60), st.text(".,;:!?)]}>\"'»”…", max_size=4))
def test_a_token_is_told_from_the_sentence_around_it(token: str, behind: str) -> None:
    assert bare(token + behind) == token


def test_links() -> None:
    assert tracking("https://x.example", "t1") == "https://x.example/t/t1"
    assert (deep_link("a_bot", "t1"), deep_link("", "t1")) == ("https://t.me/a_bot?start=t1", "")
