"""Charsets, headers, quoted tails, HTML: the pure parts in tables."""

from __future__ import annotations

from email import message_from_bytes, message_from_string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.body import unflow
from channels.email.charsets import decode
from channels.email.headers import Headers, decode_words
from channels.email.quotes import new_text
from channels.email.text import plain_text

RUSSIAN = "Здравствуйте! Сколько стоит доставка до Твери?"
LOUD = "ЗДРАВСТВУЙТЕ, ГДЕ МОЙ ЗАКАЗ"
UKRAINIAN = "Доброго дня, підкажіть будь ласка ціну на цей стіл"
BULGARIAN = "Здравейте, колко струва доставката до София"
FRENCH = "Où est ma commande ? Déjà trois jours, c’est très décevant."
GERMAN = "Können Sie mir bitte größere Stühle für die Küche anbieten?"


@pytest.mark.parametrize(
    "declared", [None, "", "us-ascii", "iso-8859-1", "windows-1252", "koi8-r", "windows-1251", "nonsense"]
)
@pytest.mark.parametrize("real", ["utf-8", "windows-1251", "koi8-r", "cp866", "iso8859-5"])
@pytest.mark.parametrize("text", [RUSSIAN, LOUD, "Привет", "Вопрос о цене"])
def test_russian_is_read_whatever_it_is_called(text: str, real: str, declared: str | None) -> None:
    assert decode(text.encode(real), declared) == text


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (UKRAINIAN, "windows-1251"),
        (UKRAINIAN, "koi8-u"),
        (BULGARIAN, "windows-1251"),
        (FRENCH, "windows-1252"),
        (GERMAN, "iso-8859-1"),
        (GERMAN, "iso-8859-15"),
        ("Zażółć gęślą jaźń", "iso-8859-2"),
        ("こんにちは、元気ですか", "iso-2022-jp"),
        ("こんにちは", "shift_jis"),
        ("报价单 请查收", "gb2312"),
        ("Привет", "utf-16"),
        ("plain", "us-ascii"),
        ("plain", "utf-8"),
    ],
)
def test_a_true_declaration_is_believed(text: str, charset: str) -> None:
    assert decode(text.encode(charset), charset) == text


@given(
    st.binary(max_size=300),
    st.none() | st.sampled_from(["utf-8", "koi8-r", "utf-7", "hz", "base64", "rot13", "idna"]) | st.text(max_size=20),
)
def test_decoding_never_fails(data: bytes, declared: str | None) -> None:
    assert isinstance(decode(data, declared), str)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?B?0J/RgNC40LLQtdGC?=", "Привет"),
        ("=?utf-8?B?0J/RgNC40LLQtdGC?= =?utf-8?Q?,_=D0=BC=D0=B8=D1=80?=", "Привет, мир"),
        ("=?utf-8?Q?=D0?= =?utf-8?Q?=9F?=", "П"),  # a character cut in two
        ("=?koi8-r?B?8NLJ18XU?=", "Привет"),
        ("=?utf-8?B?0J/RgNC40LLQtdGC", "=?utf-8?B?0J/RgNC40LLQtdGC"),  # never closed
        ("=?utf-8?B?0J/RgNC40LLQtdG?=", "Приве\ufffd"),  # broken base64
        ("=?x-unknown?Q?=CF=F0=E8=E2=E5=F2_=E2=F1=E5=EC?=", "Привет всем"),
        ("Re: =?utf-8?Q?=D0=94=D0=B0?= (2)", "Re: Да (2)"),
        ("=?utf-8*ru?Q?=D0=94=D0=B0?=", "Да"),
        ("plain", "plain"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert decode_words(value) == text


@given(st.text(max_size=200))
def test_header_words_never_fail(value: str) -> None:
    assert isinstance(decode_words(value), str)


@pytest.mark.parametrize(
    ("field", "mailboxes"),
    [
        ("Anna <A@B.test>", [("Anna", "a@b.test")]),
        ('"Last, First" <a@b.test>, c@d.test', [("Last, First", "a@b.test"), ("", "c@d.test")]),
        ("a@b.test (Anna)", [("Anna", "a@b.test")]),
        ("Team: a@b.test, C <c@d.test>;", [("", "a@b.test"), ("C", "c@d.test")]),
        ("undisclosed-recipients:;", []),
        ('"a@b.test" <c@d.test>', [("a@b.test", "c@d.test")]),
        ("'Anna' <a@b.test>", [("Anna", "a@b.test")]),
        ("=?utf-8?B?0JDQvdC90LA=?= <a@b.test>", [("Анна", "a@b.test")]),
        ('"=?utf-8?B?0JDQvdC90LA=?=" <a@b.test>', [("Анна", "a@b.test")]),
        ("Anna <a@b.test", [("", "a@b.test")]),
        ("<mailto:a@b.test>", [("", "a@b.test")]),
        ("Анна <анна@пример.рф>", [("Анна", "анна@xn--e1afmkfd.xn--p1ai")]),
        ("nobody", []),
        ("", []),
        ('"\\"Shop\\" Ltd" <a@b.test>', [('"Shop" Ltd', "a@b.test")]),
    ],
)
def test_addresses(field: str, mailboxes: list[tuple[str, str]]) -> None:
    assert Headers(message_from_bytes(f"From: {field}\n\n".encode())).mailboxes("from") == mailboxes


@given(st.text(max_size=300))
def test_addresses_never_fail(field: str) -> None:
    Headers(message_from_string("From: " + field.replace("\n", " ") + "\n\n")).mailboxes("from")


ANSWER = "Да, подходит.\n\nСпасибо!"


@pytest.mark.parametrize(
    "tail",
    [
        "On Mon, Nov 23, 2026 at 3:04 PM Shop <leads@shop.test> wrote:\n> Hello\n>\n> Bye",
        "On Mon, Nov 23, 2026 at 3:04 PM A Shop With A Rather Long Name\n<leads@shop.test> wrote:\n\n> Hello",
        "On 23 Nov 2026, at 15:04, Shop <leads@shop.test> wrote:\n\nHello",
        "пн, 23 нояб. 2026 г. в 15:04, Магазин <leads@shop.test>:\n\n> Здравствуйте",
        "пн, 23 нояб. 2026 г. в 15:04, Магазин Очень Хороших Стульев\n<leads@shop.test>:\n\n> Здравствуйте",
        '23.11.2026, 15:04, "Магазин" <leads@shop.test>:\n> Здравствуйте',
        "Понедельник, 23 ноября 2026, 15:04 +03:00 от Магазин <leads@shop.test>:\n>\n> Здравствуйте",
        "> 23 нояб. 2026 г., в 15:04, Магазин <leads@shop.test> написал(а):\n>\n> Здравствуйте",
        "23 нояб. 2026 г., в 15:04, Магазин <leads@shop.test> написал(а):\n\nЗдравствуйте",
        "23.11.2026 15:04, Магазин пишет:\n> Здравствуйте",
        "-----Original Message-----\nFrom: Shop\nSent: Monday\nTo: Anna\nSubject: x\n\nHello",
        "-----Исходное сообщение-----\nОт: Магазин\n\nЗдравствуйте",
        "From: Shop <leads@shop.test>\nSent: Monday, November 23, 2026\nTo: Anna\nSubject: x\n\nHello",
        "От: Магазин <leads@shop.test>\nОтправлено: 23 ноября 2026\nКому: Анна\nТема: x\n\nЗдравствуйте",
        "________________________________\nFrom: Shop <leads@shop.test>\nSent: Monday\n\nHello",
        "*От:* Магазин\n*Дата:* понедельник\n*Тема:* x\n\nЗдравствуйте",
        "-- \nАнна Петрова\n+7 916 123-45-67",
        "Отправлено с iPhone",
        "Sent from my iPhone\n\n> Hello",
        "Отправлено из мобильной Яндекс Почты",
        "Get Outlook for iOS<https://aka.test/o0ukef>",
        "> Hello\n> Bye\n",
    ],
)
def test_the_tail_goes(tail: str) -> None:
    assert new_text(f"{ANSWER}\n\n{tail}\n") == ANSWER
    assert new_text(f"{ANSWER}\n\n{tail}\n".replace("\n", "\r\n")) == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "On Monday he wrote: yes.\nWhat now?",
        "Вчера менеджер пишет: завтра.\nТак когда?",
        "From: Moscow\nwe need 3 trucks",
        "От: склада до: двери сколько стоит?",
        "> Only a quote",
        "Price > 100\nand < 200",
        "1. One -- two\n2. Three",
        "> Colour?\nBlue.\n> Size?\nLarge.",
        "On Mon, 23 Nov 2026 at 09:00, Shop <leads@shop.test> wrote:\n> Which?\nBlue.\n> How many?\nThree.",
        "",
    ],
)
def test_what_is_no_tail_stays(text: str) -> None:
    assert new_text(text) == text


def test_an_answer_below_the_quote() -> None:
    text = "On Mon, 23 Nov 2026 at 09:00, Shop <leads@shop.test> wrote:\n> Which colour?\n> Blue?\n\nYes, blue."
    assert new_text(text) == "Yes, blue."


@given(
    st.lists(st.sampled_from(["> a", "b", "", "-- ", "On x wrote:", "От: a", "Кому: b", "____________"])).map("\n".join)
)
def test_something_always_stays(text: str) -> None:
    assert bool(new_text(text)) == bool(text.strip())


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("a<br>b", "a\nb"),
        ("<ul><li>x</li><li>y</li></ul>", "* x\n  * y"),
        ("<a href='https://x.test'>here</a>", "[here](https://x.test)"),
        ("<style>p{}</style><script>x()</script>Hi", "Hi"),
        ("<div>-- </div><div>+ 7</div><div>1. one</div>", "--\n+ 7\n1. one"),
        ("<b>bold</b>&nbsp;&amp; <i>it</i>", "bold & it"),
        ("", ""),
    ],
)
def test_html(html: str, text: str) -> None:
    assert plain_text(html).replace("\n\n", "\n") == text


@given(st.text(alphabet="<>/=\"'abp &;#x!-[]", max_size=200))
def test_html_never_fails(html: str) -> None:
    assert isinstance(plain_text(html), str)


def test_lists_and_quotes_are_indented_only_so_far() -> None:
    for opening in ("<ol><li>", "<ul><li>a", "<blockquote>a", "<ul><li><a href='</ul>'>a</a>"):
        text = plain_text(opening * 1000)
        assert len(text) <= 100_000
        assert max(len(line) - len(line.lstrip("> \t")) for line in text.split("\n")) <= 100
    assert "> > > deep" in plain_text("<blockquote>" * 3 + "deep")


def test_what_is_nested_too_deep_still_says_what_it_says() -> None:
    text = plain_text("<ul><li>" * 100 + "deep" + "</li></ul>" * 100 + "<ul><li>flat</li></ul>")
    assert "deep" in text
    assert text.endswith("\n  * flat")


@pytest.mark.parametrize(
    ("text", "delete_space", "joined"),
    [
        ("a \nb\nc", False, "a b\nc"),
        ("a \nb", True, "ab"),
        ("> a \n> b\nc", False, "> a b\nc"),
        ("> a \nb", False, "> a \nb"),
        ("a\n-- \nb", False, "a\n-- \nb"),
        (" >a", False, ">a"),
    ],
)
def test_flowed_lines(text: str, delete_space: bool, joined: str) -> None:
    assert unflow(text, delete_space=delete_space) == joined
