"""Sums as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import MOST, Money, read

READ = [
    ("50000", "50000.00"),
    ("50 000", "50000.00"),
    ("50\u00a0000", "50000.00"),
    ("50\u202f000,5", "50000.50"),
    ("50,000", "50000.00"),
    ("50.000", "50000.00"),
    ("50,000.00", "50000.00"),
    ("50.000,00", "50000.00"),
    ("50'000.90", "50000.90"),
    ("1,500,000", "1500000.00"),
    ("1 500 000,5", "1500000.50"),
    ("50k", "50000.00"),
    (" 50 K ", "50000.00"),
    ("50к", "50000.00"),
    ("50 тыс", "50000.00"),
    ("50 тыс.", "50000.00"),
    ("1,5 млн", "1500000.00"),
    ("1.5m", "1500000.00"),
    ("1,2345 млн", "1234500.00"),
    ("2 млрд", "2000000000.00"),
    ("0", "0.00"),
    ("0,5", "0.50"),
    ("999999999999999.99", "999999999999999.99"),
]


@pytest.mark.parametrize(("text", "amount"), READ, ids=[text for text, _ in READ])
def test_read(text: str, amount: str) -> None:
    assert read(text, "KZT") == Money(Decimal(amount), "KZT")


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("$50k", 50000, "USD"),
        ("€ 5", 5, "EUR"),
        ("EUR 5", 5, "EUR"),
        ("5 eur", 5, "EUR"),
        ("50 000 ₽", 50000, "RUB"),
        ("50 т.р.", 50000, "RUB"),
        ("50 тыс. руб.", 50000, "RUB"),
        ("1 млн ₸", 1_000_000, "KZT"),
        ("50 тыс долларов", 50000, "USD"),
        ("5 dollars", 5, "USD"),
        ("1 доллар", 1, "USD"),
        ("2 euros", 2, "EUR"),
    ],
)
def test_a_currency_that_is_named(text: str, amount: int, currency: str) -> None:
    assert read(text, "GBP") == Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    "text",
    [
        "", "k", "many", "50 apples", "-5", "5%", "5 00", "50 0000", "50,00,0", "1.500,000", "1,500.000,00", "50.",
        ".5", "5,0000", "1.005,001", "0.500", "1,234 млн", "12.345k", "0.001k2", "1.000001 тыс", "50-60", "$5 usd",
        "50k50", "５０", "1e5", "1 500.000", "1000000000000000", "1000000 млрд", "5\n000", "9" * 61,
    ],
)  # fmt: skip
def test_not_read(text: str) -> None:
    """What is no sum, and what could be two: a third decimal or thousands."""
    assert read(text, "RUB") is None


SUMS = st.decimals(0, MOST - 1, places=2)


@given(SUMS, st.sampled_from((",", ".", " ", "\u00a0", "\u202f", "'", "’", "")))
def test_whatever_is_written_in_threes_with_two_decimals_is_read(amount: Decimal, thousands: str) -> None:
    written = f"{amount:,.2f}".replace(",", "\0").replace(".", "," if thousands == "." else ".")
    assert read(written.replace("\0", thousands), "RUB") == Money(amount, "RUB")


@given(st.integers(0, 10**8), st.sampled_from(("k", "тыс.", "к", " m", "млн")))
def test_a_scale_is_what_it_says(number: int, scale: str) -> None:
    times = 1000 if scale.strip(" .") in ("k", "к", "тыс") else 1_000_000
    assert read(f"{number}{scale}", "RUB") == Money(Decimal(number) * times, "RUB")


@given(st.one_of(st.text(max_size=30), st.text("0123456789.,' kтмлн₽$руб-\u00a0", max_size=14)))
def test_any_text_is_a_sum_in_cents_or_nothing(text: str) -> None:
    found = read(text, "RUB")
    if found is not None:
        assert 0 <= found.amount < MOST
        assert found.amount == found.amount.quantize(Decimal("0.01"))
        assert any(sign.isdecimal() for sign in text)
