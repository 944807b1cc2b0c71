"""SpamAssassin: its words as it writes them, and a stand-in for its process."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from broadcasts.checks.spam import MOST_BYTES, Score, SpamAssassin, read

MARKED = """Return-Path: <a@b.c>
X-Spam-Checker-Version: SpamAssassin 4.0.1 (2024-03-26) on host
X-Spam-Level: *
X-Spam-Status: No, score=1.2 required=5.0 tests=HTML_MESSAGE,MIME_HTML_ONLY,
\tURIBL_BLOCKED autolearn=no autolearn_force=no version=4.0.1
Subject: Hello

X-Spam-Status: Yes, score=99.0 required=5.0 tests=FORGED
"""
BRIEF = """1.3/5.0
Spam detection software says:

 pts rule name              description
---- ---------------------- --------------------------------------------------
 0.1 HTML_MESSAGE           BODY: HTML included in message
 1.2 MISSING_DATE           Missing Date: header
"""


@pytest.mark.parametrize(
    ("output", "score", "rules"),
    [
        (MARKED, "1.2", ("HTML_MESSAGE", "MIME_HTML_ONLY", "URIBL_BLOCKED")),
        (MARKED.replace("\n", "\r\n"), "1.2", ("HTML_MESSAGE", "MIME_HTML_ONLY", "URIBL_BLOCKED")),
        (BRIEF, "1.3", ("HTML_MESSAGE", "MISSING_DATE")),
        ("X-Spam-Status: No, score=-0.1 required=5.0 tests=none autolearn=ham\n\n", "-0.1", ()),
    ],
)
def test_its_words_are_read(output: str, score: str, rules: tuple[str, ...]) -> None:
    assert read(output) == Score(score=Decimal(score), required=Decimal("5.0"), rules=rules)


@pytest.mark.parametrize("output", ["", "0/0\n", "Subject: 5.0/5.0\n\nhello", "X-Spam-Status: Yes, score=x required=y"])
def test_no_words_are_no_score(output: str) -> None:
    assert read(output) is None


def program(folder: Path, body: str) -> list[str]:
    path = folder / "spamassassin"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return [str(path), "--local"]


async def test_it_is_asked_for_the_mail(tmp_path: Path) -> None:
    """The mail is what it reads: the stand-in gives it back, under a score."""
    command = program(tmp_path, 'test "$1" = --local || exit 1; printf "1.5/5.0\\n"; cat')
    found = await SpamAssassin(command).score(b" 1.5 FROM_THE_MAIL x\n" * 20_000)
    assert found == Score(score=Decimal("1.5"), required=Decimal("5.0"), rules=("FROM_THE_MAIL",))


@pytest.mark.parametrize("body", ["exit 1", "echo", "sleep 60", "kill -9 $$"])
async def test_what_fails_is_no_score(tmp_path: Path, body: str) -> None:
    seconds = 0.1 if "sleep" in body else 10.0
    assert (
        await SpamAssassin(program(tmp_path, f"exec {body}" if "sleep" in body else body), seconds=seconds).score(
            b"x" * 200_000
        )
        is None
    )


async def test_it_is_not_asked_without_a_command_or_for_too_much(tmp_path: Path) -> None:
    assert await SpamAssassin(()).score(b"x") is None
    assert await SpamAssassin(["/nowhere/spamassassin"]).score(b"x") is None
    assert await SpamAssassin(program(tmp_path, "echo 1.0/5.0")).score(b"x" * (MOST_BYTES + 1)) is None
