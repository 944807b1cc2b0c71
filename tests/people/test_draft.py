"""What a row becomes, or why it becomes nobody."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.addresses import normalise_phone
from domain.messages import Address, AddressKind
from people.draft import Draft, Rejection, draft, drafts
from people.files import values
from people.files.opening import open_table
from people.files.table import Row
from people.mapping import guess

CAPTURED = Path(__file__).parents[1] / "captured" / "contacts"


def made(target: str, cell: str, country: str = "RU") -> Draft:
    found = draft(Row(2, ("Ann", cell)), ("n", "x"), {"n": "name", "x": target}, country)
    assert isinstance(found, Draft)
    return found


def addresses(found: Draft) -> list[str]:
    assert not any(address.proved for address in found.addresses)
    return [address.value for address in found.addresses]


@pytest.mark.parametrize(
    ("cell", "found", "warned"),
    [
        ("A@X.org", ["a@x.org"], []),
        ("a@x.org, b@x.org; A@x.org", ["a@x.org", "b@x.org"], []),
        ("a@x.org ::: b@x.org\nc@x.org", ["a@x.org", "b@x.org", "c@x.org"], []),
        ("a@x.org b@x.org", ["a@x.org", "b@x.org"], []),
        ("Ann <a@x.org>, b@x.org (work)", ["a@x.org", "b@x.org"], []),
        ("a@x.org, нет", ["a@x.org"], ["email"]),
        ("a@", [], ["email"]),
        (" ", [], []),
    ],
)
def test_emails(cell: str, found: list[str], warned: list[str]) -> None:
    one = made("email", cell)
    assert (addresses(one), [each.key for each in one.warnings]) == (found, warned)


@pytest.mark.parametrize(
    ("cell", "country", "found", "warned"),
    [
        ("+7 916 123-45-67; 8 495 123 45 67", "RU", ["+79161234567", "+74951234567"], []),
        ("8 (916) 123-45-67 / 89161234568", "RU", ["+79161234567", "+79161234568"], []),
        ("+7 495 123-45-67, доб. 12", "RU", ["+74951234567;ext=12"], []),
        ("79161234567.0", "RU", ["+79161234567"], []),
        ("89161234567 (Маша)", "RU", ["+79161234567"], []),
        ("(212) 555-0142", "US", ["+12125550142"], []),
        ("89161234567, +7(916)1234567", "RU", ["+79161234567"], []),
        ("7,91612E+10", "RU", [], ["rounded"]),
        ("7.9161234567E10", "RU", [], ["rounded"]),
        ("нет", "RU", [], ["phone"]),
    ],
)
def test_phones(cell: str, country: str, found: list[str], warned: list[str]) -> None:
    one = made("phone", cell, country)
    assert (addresses(one), [each.key for each in one.warnings]) == (found, warned)


@settings(max_examples=400)
@given(
    st.from_regex(values._RUSSIAN_MOBILE, fullmatch=True)
    | st.from_regex(r"[+78]{0,2}[0-9 ()\-]{9,16}", fullmatch=True),
    st.sampled_from(["RU", "KZ", "US", "DE", "GB"]),
)
def test_the_fast_way_equals_the_slow_one(text: str, country: str) -> None:
    """A phone is a key: two normal forms of one number would be two people."""
    slow = normalise_phone(text, country)
    if slow is not None or values._RUSSIAN_MOBILE.fullmatch(text):
        assert values.phone(text, country) == slow


@pytest.mark.parametrize(
    ("cell", "country", "born"),
    [
        ("31.12.1980", "RU", "1980-12-31"), ("1980-12-31", "RU", "1980-12-31"), ("12/31/1980", "RU", "1980-12-31"),
        ("31/12/1980", "US", "1980-12-31"), ("03/04/1980", "US", "1980-03-04"), ("03/04/1980", "GB", "1980-04-03"),
        ("03.04.1980", "US", "1980-04-03"), ("19801231", "RU", "1980-12-31"),
        ("1980-12-31T00:00:00Z", "RU", "1980-12-31"),
        ("31.12.1980 0:00:00", "RU", "1980-12-31"), ("1.2.80", "RU", "1980-02-01"), ("1.2.05", "RU", "2005-02-01"),
        ("31 декабря 1980 г.", "RU", "1980-12-31"), ("3 мая 1980", "RU", "1980-05-03"),
        ("Dec 31, 1980", "US", "1980-12-31"),
        ("29.02.1981", "RU", None), ("32.12.1980", "RU", None), ("--1231", "RU", None), ("давно", "RU", None),
        ("31.12.1080", "RU", None), ("12.31.1980", "US", None),
    ],
)  # fmt: skip
def test_born(cell: str, country: str, born: str | None) -> None:
    one = made("born", cell, country)
    assert one.fields.get("born") == born
    assert [each.key for each in one.warnings] == ([] if born else ["born"])


@pytest.mark.parametrize(
    ("target", "cell", "attribute", "value"),
    [
        ("telegram", "12345", "addresses", (Address(kind=AddressKind.TELEGRAM, value="12345"),)),
        ("telegram", "https://t.me/Ann_Sample", "fields", {"telegram": "ann_sample"}),
        ("vk", "https://vk.com/Ann.S", "external", (("vk", "ann.s"),)),
        ("vk", "123", "external", (("vk", "id123"),)),
        ("external:amocrm", " 5 ", "external", (("amocrm", "5"),)),
        ("tags", "опт, vip;vip", "tags", ("опт", "vip")),
        ("tags", "* myContacts ::: a, b", "tags", ("a, b",)),
        ("company", " ООО \u00a0 «Пример» ", "company", "ООО «Пример»"),
        ("note", " one\ntwo ", "notes", ("one\ntwo",)),
        ("owner", "Мария", "owner", "Мария"),
        ("field:Размер", "42", "fields", {"field:Размер": "42"}),
        ("consent:email", "Да", "consents", {"email": True}),
        ("consent:email", "нет", "consents", {"email": False}),
        ("consent:email", "", "consents", {}),
        ("skip", "a@x.org", "addresses", ()),
    ],
)
def test_values(target: str, cell: str, attribute: str, value: object) -> None:
    one = made(target, cell)
    assert getattr(one, attribute) == value
    assert one.warnings == ()


@pytest.mark.parametrize(
    ("target", "cell"), [("telegram", "a b"), ("vk", "https://example.org/x"), ("consent:email", "maybe")]
)
def test_what_cannot_be_read_is_said(target: str, cell: str) -> None:
    one = made(target, cell)
    assert [each.key for each in one.warnings] == [target.partition(":")[0]]
    assert cell in one.warnings[0].words("en") and cell in one.warnings[0].words("ru")
    assert (one.addresses, one.fields, one.external, one.consents) == ((), {}, (), {})


@pytest.mark.parametrize("target", ["email", "phone", "born", "tags", "telegram", "vk", "note", "city"])
@pytest.mark.parametrize(
    "cell", [" " * 130_000 + ",", "1" * 130_000, "1 " * 60_000, "a@x.org," * 16_000, "1(-" * 40_000]
)
def test_a_hostile_cell_costs_little(target: str, cell: str) -> None:
    """Patterns that try again at each place took minutes for one cell. The suite would not end."""
    assert len(made(target, cell).addresses) <= 1


@pytest.mark.parametrize(("first", "second"), [("yes", "no"), ("no", "yes")])
def test_a_no_is_stronger(first: str, second: str) -> None:
    mapping = {"n": "name", "a": "consent:sms", "b": "consent:sms"}
    one = draft(Row(2, ("Ann", first, second)), ("n", "a", "b"), mapping, "RU")
    assert isinstance(one, Draft) and one.consents == {"sms": False}


@pytest.mark.parametrize(
    ("cells", "key", "details"),
    [
        (("", "", ""), "empty", []),
        (("", "нет", "Тверь"), "empty", ["phone"]),
        (("Ann", "89161234567", "Tver", "x"), "shifted", []),
    ],
)
def test_rejected(cells: tuple[str, ...], key: str, details: list[str]) -> None:
    mapping = {"n": "name", "p": "phone", "c": "city"}
    found = draft(Row(7, cells), ("n", "p", "c"), mapping, "RU")
    assert isinstance(found, Rejection)
    assert (found.row, found.reason.key, found.values) == (7, key, cells)
    assert [each.key for each in found.details] == details
    assert found.reason.words("en") != found.reason.words("ru")


def _all(name: str) -> list[Draft | Rejection]:
    with open_table(CAPTURED / name) as table:
        mapping = guess(table.headers, [row.values for row in islice(table.rows(), 20)])
        return list(drafts(table, mapping, "RU"))


def _claims(**found: tuple[str, ...]) -> tuple[Address, ...]:
    return tuple(Address(kind=AddressKind(kind), value=value) for kind, all_ in found.items() for value in all_)


def test_google() -> None:
    first, second = _all("google.csv")
    assert first == Draft(
        row=2, name="Анна Петровна Ветрова", company="Ромашка", tags=("Клиенты",),
        addresses=_claims(email=("anna.vetrova@example.org", "vetrova@example.com"),
                          phone=("+79160001122", "+74950003344")),
        notes=("Звонить после 12,\nне раньше",),
        fields={"given_name": "Анна", "patronymic": "Петровна", "surname": "Ветрова", "position": "Бухгалтер",
                "born": "1984-03-02", "city": "Тверь"},
    )  # fmt: skip
    assert isinstance(second, Draft) and second.name == "John Sample" and second.tags == ()


def test_amocrm() -> None:
    first, second = _all("amocrm.csv")
    assert first == Draft(
        row=2, name="Пётр Примеров", company="ООО \"Пример\"", tags=("опт", "vip"), owner="Мария Продавцова",
        external=(("amocrm", "5001"),), notes=("Просил счёт", "Перезвонить"),
        addresses=_claims(phone=("+74950003344", "+79160001122"), email=("petr@example.org",)),
        fields={"given_name": "Пётр", "surname": "Примеров", "position": "Директор"},
    )  # fmt: skip
    assert isinstance(second, Rejection) and (second.row, second.reason.key) == (3, "empty")


def test_bitrix24() -> None:
    first, second = _all("bitrix24.csv")
    assert isinstance(first, Draft) and isinstance(second, Draft)
    assert addresses(first) == ["+74950001122;ext=12", "+79160001122", "obraztsov@example.org"]
    assert first.name == "Иван Ильич Образцов" and first.fields["born"] == "1980-12-31"
    assert (second.name, [each.key for each in second.warnings]) == ("Мария", ["phone"])


@pytest.mark.parametrize(("name", "count"), [("phone.vcf", 1), ("mac.vcf", 2), ("four.vcf", 1), ("google_old.csv", 1)])
def test_other_files(name: str, count: int) -> None:
    found = _all(name)
    assert len(found) == count
    assert all(isinstance(one, Draft) and one.name and one.addresses and not one.warnings for one in found)
