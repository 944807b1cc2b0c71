"""The same person typed differently comes out equal."""

from __future__ import annotations

import unicodedata

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from domain import addresses
from domain.addresses import normalise_chat, normalise_email, normalise_phone
from domain.messages import Address, AddressKind

CARE = "".join(chr(c) for c in range(32, 127)) + "\u00ad\u200b\u3000\ufeffßẞİıЁёюÅﬁ٣\ud800\x00\n"
anything = st.one_of(st.text(), st.text(CARE), st.text("+0123456789 ()-.;=доб.extx", max_size=30))
countries = st.sampled_from([*sorted(phonenumbers.SUPPORTED_REGIONS), "ru", "XX", ""])
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20)


@given(anything, countries)
def test_whatever_comes_nothing_is_raised_and_once_is_enough(text: str, country: str) -> None:
    for normalised, again in (
        (normalise_email(text), normalise_email),
        (normalise_phone(text, country), lambda value: normalise_phone(value, country)),
        (normalise_chat(text), normalise_chat),
    ):
        if normalised is not None:
            assert again(normalised) == normalised
            normalised.encode()  # no lone surrogate: no store could keep it


@given(anything, anything)
def test_an_email_is_stable_whatever_stands_around_the_at(local: str, host: str) -> None:
    found = normalise_email(f"{local}@{host}.example")
    if found is not None:
        assert normalise_email(found) == found
        assert found.rpartition("@")[2].isascii()
        assert not any(unicodedata.category(char) == "Cc" for char in found)


@given(words, words, st.sampled_from(["", " ", "\t", "\u00a0", "\n"]))
def test_case_and_spaces_around_an_email_do_not_matter(local: str, host: str, space: str) -> None:
    typed = f"{space}{local.upper()}@{host.title()}.Example{space}"
    assert normalise_email(typed) == f"{local}@{host}.example"


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("Anna.Petrova+kitchen@Example.COM", "anna.petrova+kitchen@example.com"),
        ("anna@example.com.", "anna@example.com"),
        ("анна@почта.рф", "анна@xn--80a1acny.xn--p1ai"),
        ("АННА@ПОЧТА.РФ", "анна@xn--80a1acny.xn--p1ai"),
        ("info@xn--80a1acny.xn--p1ai", "info@xn--80a1acny.xn--p1ai"),
        ("info@bücher.example", "info@xn--bcher-kva.example"),
        ("ａｎｎａ＠example.com", "anna@example.com"),  # full width, as phones in Asia type it
        ("o'neil@example.com", "o'neil@example.com"),
        ("a@b", None),
        ("a@[127.0.0.1]", None),
        ("Anna <anna@example.com>", None),
        ("anna@example.com, petr@example.com", None),
        ("a..b@example.com", None),
        (".a@example.com", None),
        ("a.@example.com", None),
        ("a@-example.com", None),
        ("a@example..com", None),
        (f"{'a' * 65}@example.com", None),
        (f"a@{'b' * 64}.com", None),
        (f"a@{'b.' * 130}com", None),
        ("=?utf-8?q?a=0d=0ab?=@example.com", None),  # an encoded word, which would be decoded in a header
        ("a＝？b@example.com", None),
        ("a=b?c@example.com", "a=b?c@example.com"),
        ("a\x00b@example.com", None),
        ("a\ud800b@example.com", None),
        ("example.com", None),
        ("@example.com", None),
        ("", None),
    ],
)
def test_emails(typed: str, normal: str | None) -> None:
    assert normalise_email(typed) == normal


@pytest.mark.parametrize(
    "typed",
    [
        "8 916 123-45-67",
        "8(916)1234567",
        "8-916-123-45-67",
        "89161234567",
        "+7 (916) 123-45-67",
        "+7 916 123 45 67",
        "+79161234567",
        "7 916 123 45 67",
        "(916) 123-45-67",
        "916 1234567",
        "007 916 123 45 67",
        "00 7 916 123-45-67",
        "810 7 916 123-45-67",
        "8 10 7 916 123 45 67",
        "8107 9161234567",
        " +7\u00a0916\u00a0123\u201145\u201167 ",  # as pages print it: no-break spaces and hyphens
        "＋７９１６１２３４５６７",
        "тел. 8 916 123-45-67",
        "tel:+7-916-123-45-67",
    ],
)
def test_one_russian_number_however_it_is_written(typed: str) -> None:
    assert normalise_phone(typed, "RU") == "+79161234567"
    assert normalise_phone(typed, "ru") == "+79161234567"


@pytest.mark.parametrize(
    "typed",
    [
        "8 (495) 123-45-67 доб. 12",
        "8 (495) 123-45-67, доб 12",
        "+7 495 1234567 ext. 12",
        "+7 495 1234567 x12",
        "+7 495 1234567 #12",
        "+74951234567;ext=12",
        "+7 495 1234567 доб. ١٢",
    ],
)
def test_extensions_are_kept(typed: str) -> None:
    assert normalise_phone(typed, "RU") == "+74951234567;ext=12"


@pytest.mark.parametrize(
    ("typed", "country", "normal"),
    [
        ("810 235 1234", "US", "+18102351234"),  # Michigan, not the Russian way to call abroad
        ("810 12 34 56", "ES", "+34810123456"),
        ("810 1 202 555 0143", "RU", "+12025550143"),
        ("8 800 555-35-35", "RU", "+78005553535"),
        ("011 7 916 123 45 67", "US", "+79161234567"),
        ("06 698 12345", "IT", "+390669812345"),  # Italy keeps its zero
        ("112", "RU", None),
        ("12", "RU", None),
        ("8 916", "RU", None),
        ("anna@example.com", "RU", None),
        ("+999 123 456 789", "RU", None),
        ("8 916 123-45-67", "XX", None),
        ("8 916 123-45-67", "", None),
        ("+7 916 123 45 67", "XX", "+79161234567"),
        ("9" * 300, "RU", None),
        ("", "RU", None),
    ],
)
def test_phones_elsewhere(typed: str, country: str, normal: str | None) -> None:
    assert normalise_phone(typed, country) == normal


FORMS = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)


def _examples() -> list[tuple[str, phonenumbers.PhoneNumber]]:
    kinds = phonenumbers.PhoneNumberType.values()
    found = [(r, phonenumbers.example_number_for_type(r, k)) for r in phonenumbers.SUPPORTED_REGIONS for k in kinds]
    return [(region, number) for region, number in found if number is not None]


def test_every_countrys_numbers_are_understood_as_they_are_written_there_and_elsewhere() -> None:
    examples, wrong = _examples(), []
    for region, number in examples:
        normal = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        at_home = {phonenumbers.format_number(number, form) for form in FORMS}
        from_russia = phonenumbers.format_out_of_country_calling_number(number, "RU")
        typed = [(text, region) for text in at_home] + [(from_russia, "RU"), (f"00{normal[1:]}", "RU")]
        wrong += [(text, where) for text, where in typed if normalise_phone(text, where) != normal]
    assert len(examples) > 1300
    assert wrong == []


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("123456789", "123456789"),
        (" -1001234567890\n", "-1001234567890"),
        ("007", "7"),
        ("-0", "0"),
        ("+7", None),
        ("12a", None),
        ("١٢", None),
        ("1" * 21, None),
        ("@anna", None),
        ("", None),
    ],
)
def test_chats(typed: str, normal: str | None) -> None:
    assert normalise_chat(typed) == normal


def test_an_address_says_how_far_it_is_to_be_trusted() -> None:
    assert addresses.email("A@B.CO") == Address(kind=AddressKind.EMAIL, value="a@b.co", proved=False)
    assert addresses.phone("8 916 123-45-67", "RU", proved=True) == Address(
        kind=AddressKind.PHONE, value="+79161234567", proved=True
    )
    assert addresses.telegram("7", proved=True) == Address(kind=AddressKind.TELEGRAM, value="7", proved=True)
    assert addresses.email("?") is addresses.phone("?", "RU") is addresses.telegram("?") is None
