"""The same person typed differently comes out equal."""

from __future__ import annotations

import unicodedata

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from domain import addresses
from domain.addresses import (
    normalise_chat,
    normalise_domain,
    normalise_email,
    normalise_external,
    normalise_phone,
    normalise_vk,
    written_email,
)
from domain.messages import Address, AddressKind, Proof

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
        (written_email(text), written_email),
        (normalise_domain(text), normalise_domain),
        (normalise_vk(text), normalise_vk),
        (normalise_external(text), normalise_external),
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
        "wa.me/79161234567",
        "https://wa.me/79161234567",
        "https://wa.me/79161234567?text=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82%208%20800",
        "https://wa.me/+7 (916) 123-45-67",
        "https://api.whatsapp.com/send?phone=79161234567",
        "https://api.whatsapp.com/send/?phone=%2B79161234567&text&type=phone_number&app_absent=0",
        "https://web.whatsapp.com/send?text=hi&phone=79161234567",
        "whatsapp://send?phone=+79161234567",
        "whatsapp:+79161234567",
        "WhatsApp: 7 916 123-45-67",
        "viber://chat?number=%2B79161234567",
        "viber://chat?number=79161234567",
        "viber://chat/?number=+79161234567",
        "viber://add?number=79161234567",
        "https://t.me/+79161234567",
        "tel:+79161234567",
    ],
)
@pytest.mark.parametrize("country", ["RU", "US", "GB"])
def test_a_messengers_link_is_a_number_wherever_we_are(typed: str, country: str) -> None:
    assert normalise_phone(typed, country) == "+79161234567"


@pytest.mark.parametrize(
    "typed",
    [
        "https://wa.me/message/ABCDEFGHIJKLM1",
        "https://wa.me/qr/AB123456789012",
        "https://t.me/+AbCdEf123456",
        "viber://pa?chatURI=shop",
        "whatsapp://send?text=79161234567&x=phone",
        "https://wa.me/" + "7" * 5000,
    ],
)
def test_a_link_without_a_number_is_none(typed: str) -> None:
    assert normalise_phone(typed, "RU") is None


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


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("1234567", "1234567"),
        (" id1234567 ", "1234567"),
        ("https://vk.com/id1234567", "1234567"),
        ("m.vk.com/id1234567", "1234567"),
        ("https://vk.ru/ID007", "7"),
        ("vk.com/1234567", None),
        ("vk.com/durov", None),
        ("club1", None),
        ("-1", None),
        ("0", None),
        ("١٢", None),
        ("", None),
    ],
)
def test_vk_users(typed: str, normal: str | None) -> None:
    assert normalise_vk(typed) == normal


@pytest.mark.parametrize(
    ("system", "id_", "value"),
    [
        ("AmoCRM", "1234", "amocrm:1234"),
        (" bitrix24", "C_77 ", "bitrix24:C_77"),
        ("1c", "ЦБ-000017", "1c:ЦБ-000017"),
        ("retail-crm", "a:b", "retail-crm:a:b"),
        ("", "1234", None),
        ("amo crm", "1234", None),
        ("a:b", "", None),
        ("-amo", "1", None),
        ("amocrm", "", None),
        ("amocrm", "1 2", None),
        ("amocrm", "1\x00", None),
        ("amocrm", "\ud800", None),
        ("amocrm", "1" * 201, None),
    ],
)
def test_ids_of_other_systems(system: str, id_: str, value: str | None) -> None:
    found = addresses.external(system, id_)
    assert (found and found.value) == value
    assert found is None or found.kind is AddressKind.EXTERNAL


def test_an_address_says_how_far_it_is_to_be_trusted() -> None:
    assert addresses.email("A@B.CO") == Address(kind=AddressKind.EMAIL, value="a@b.co", proved=False)
    assert addresses.phone("8 916 123-45-67", "RU", proved=True) == Address(
        kind=AddressKind.PHONE, value="+79161234567", proved=True
    )
    assert addresses.telegram("7", proved=True) == Address(kind=AddressKind.TELEGRAM, value="7", proved=True)
    assert addresses.vk("id7", proof=Proof.IMPORTED) == Address(kind=AddressKind.VK, value="7", proof="import")
    assert addresses.email("?") is addresses.phone("?", "RU") is addresses.telegram("?") is addresses.vk("?") is None
