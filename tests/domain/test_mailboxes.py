"""Which spellings are one mailbox, which domains are one, and which mailboxes are an office's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.addresses import is_role, normalise_domain, normalise_email, written_email
from tests.domain.test_addresses import anything

PROVIDERS = ("gmail.com", "googlemail.com", "yandex.ru", "ya.ru", "outlook.com", "fastmail.com", "proton.me")


@given(anything | st.text("ab.+-_"), st.sampled_from(PROVIDERS))
def test_a_mailbox_is_named_once_and_can_be_written_to(local: str, domain: str) -> None:
    found = normalise_email(f"{local}@{domain}")
    if found is not None:
        assert normalise_email(found) == found == written_email(found)
    assert (found is None) is (written_email(f"{local}@{domain}") is None)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("Anna.Petrova@gmail.com", "annapetrova@gmail.com"),
        ("anna.petrova+shop.1@GoogleMail.com", "annapetrova@gmail.com"),
        ("+tag@gmail.com", "+tag@gmail.com"),
        ("a-b@gmail.com", "a-b@gmail.com"),
        ("anna.petrova@ya.ru", "anna-petrova@yandex.ru"),
        ("anna-petrova+x@yandex.com", "anna-petrova@yandex.ru"),
        ("anna@yandex.by", "anna@yandex.ru"),
        ("anna@yandex.kz", "anna@yandex.ru"),
        ("anna@yandex.ua", "anna@yandex.ru"),
        ("anna@YANDEX.RU.", "anna@yandex.ru"),
        ("anna_p@yandex.ru", "anna_p@yandex.ru"),
        ("anna+x@outlook.com", "anna@outlook.com"),
        ("anna.p+x@hotmail.com", "anna.p@hotmail.com"),
        ("anna.+x@outlook.com", "anna.+x@outlook.com"),
        ("anna+x@fastmail.com", "anna@fastmail.com"),
        ("anna+x@proton.me", "anna@proton.me"),
        ("anna+x@protonmail.com", "anna@protonmail.com"),
        # the same name is another person, or nobody promises that it is not
        ("anna+x@mail.ru", "anna+x@mail.ru"),
        ("anna.p@mail.ru", "anna.p@mail.ru"),
        ("anna@inbox.ru", "anna@inbox.ru"),
        ("anna@list.ru", "anna@list.ru"),
        ("anna@bk.ru", "anna@bk.ru"),
        ("anna+x@icloud.com", "anna+x@icloud.com"),
        ("anna@yandex-team.ru", "anna@yandex-team.ru"),
        ("a.b+c@mail.gmail.com", "a.b+c@mail.gmail.com"),
    ],
)
def test_one_mailbox_has_one_name(typed: str, normal: str) -> None:
    assert normalise_email(typed) == normal


def test_what_we_write_ourselves_stays_as_it_is_written() -> None:
    assert written_email(" Sales.One+Site@GMail.com ") == "sales.one+site@gmail.com"


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("Почта.РФ", "xn--80a1acny.xn--p1ai"),
        ("XN--80A1ACNY.xn--P1AI.", "xn--80a1acny.xn--p1ai"),
        ("почта。рф", "xn--80a1acny.xn--p1ai"),  # the full stop of Chinese and Japanese keyboards
        ("straße.example", "xn--strae-oqa.example"),  # not strasse.example, which is another's
        ("STRAẞE.example", "xn--strae-oqa.example"),
        ("strasse.example", "strasse.example"),
        ("ΣΊΣΥΦΟΣ.example", "xn--kxa6akbbkh.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),  # as Macs write it, in two characters
        ("mail.gmx.de", "mail.gmx.de"),
        ("рф", None),
        ("почта..рф", None),
        ("a_b.example", "a_b.example"),
        ("\ud800.рф", None),
        ("", None),
    ],
)
def test_domains(typed: str, normal: str | None) -> None:
    assert normalise_domain(typed) == normal


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((f"{local}@firm.example", True) for local in (
            "info", "office", "sales", "zakaz", "support", "admin", "buh", "reception", "hello", "no-reply", "noreply",
            "help.desk", "info2", "zakaz-msk", "sales.spb", "msk_sales", "opt24", "info+site", "INFO", "e-mail",
            "office-1", "otdel-kadrov", "buhgalteriya", "priemnaya", "zakaz.zakaz", "инфо", "заказ-24", "our.team",
        )),
        *((f"{local}@firm.example", False) for local in (
            "anna", "info.petrov", "hello.kitty", "a.sales.b", "admiral", "officer", "msk", "2024", "msk-2024",
            "infoanna", "zakazov", "bukin", "sergey.opt", "x+info", "director", "o.k", "h.r", "bill",
        )),
        ("info@gmail.com", True),
        ("info", False),
        ("@firm.example", False),
        ("", False),
    ],
)  # fmt: skip
def test_an_offices_mailbox_is_known_by_its_name(value: str, expected: bool) -> None:
    assert is_role(value) is expected
