"""Names as people write them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from people.given import ALONE, ENGLISH, FORMALS, RUSSIAN
from people.letters import fold, skeleton
from people.names import Likeness, compare_names, compatible, name_key, parse, similarity

anything = st.one_of(st.text(max_size=60), st.text("АБВабвёйьъ.,-'’ʼ ovichIvan\u0301\ud800\x00", max_size=40))
GIVEN = st.sampled_from(["Пётр", "Мария", "Юрий", "Bob", "Kate", "Jean", "Zork"])
SURNAMES = st.sampled_from(["Иванов", "Щербакова", "Чайковский", "Толстая", "Smith", "O'Neil", "Шевченко", "Ли"])
SLIPS = st.lists(st.text("abc", min_size=4, max_size=5), min_size=1, max_size=3).map(" ".join)
names = st.builds(" ".join, st.tuples(GIVEN, SURNAMES))


@pytest.mark.parametrize(
    "spellings",
    [
        "Юрий Yuri Yury Yuriy Iurii Jurij ЮРИЙ",
        "Щербаков Shcherbakov Scherbakov Sherbakov Ščerbakov",
        "Хрущёв Хрущев Khrushchev Hrushchev Khrushchyov",
        "Цветков Tsvetkov Cvetkov Tcvetkov",
        "Куценко Kutsenko Kucenko",
        "Дмитрий Dmitry Dmitriy Dmitrii Dmitrij",
        "Юлия Julia Yulia Yuliya Iuliia",
        "Фёдор Федор Fyodor Fedor",
        "Чайковский Tchaikovsky Chaykovskiy Čajkovskij",
        "Соловьёв Solovyev Soloviev Solov'ev",
        "Екатерина Ekaterina Yekaterina",
        "Наталья Наталия Natalya Natalia",
        "Александр Aleksandr Alexandr",
        "Ксения Xenia Ksenia",
        "Жуков Zhukov Žukov",
        "Алексеев Alekseev Alekseyev Alexeev",
        "Яковлев Yakovlev Iakovlev Jakovlev",
        "Иванов Ivanoff Ivanow IVANOV",
        "Пётр Петр Petr Pyotr Piotr",
        "Михаил Mikhail Mihail",
        "Анна Anna Ana",
        "Шмидт Schmidt Shmidt",
        "Джон John",
        "Артём Artem Artyom",
        "й\u0306ошка йошка",
    ],
)
def test_the_schemes_of_writing_meet(spellings: str) -> None:
    assert len({fold(word) for word in spellings.split()}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("Иванов", "Петров"), ("Мария", "Марина"), ("Иван", "Ян"), ("Smith", "Smart"), ("Ли", "Лев"), ("Чехов", "Шехов")],
)
def test_other_names_stay_others(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(anything)
def test_whatever_comes_nothing_is_raised(text: str) -> None:
    name = parse(text)
    assert name.key.isascii() or name.key.encode()
    assert bool(name.key) == bool(name.words)
    assert fold(fold(text)) is not None
    assert len(skeleton(fold(text))) <= 5


@given(names, st.booleans(), st.sampled_from([" ", "  ", "\u00a0", "\t"]))
def test_order_case_and_spaces_do_not_matter(name: str, upper: bool, space: str) -> None:
    turned = space.join(reversed(name.split()))
    assert name_key(turned.upper() if upper else turned) == name_key(name) != ""


@pytest.mark.parametrize(
    "text", ["", "  ", "12345", "+7 916 123-45-67", "a@example.com", "@anna", "https://a.example", "П."]
)
def test_what_names_nobody_has_no_key(text: str) -> None:
    assert name_key(text) == ""


@pytest.mark.parametrize("text", ["Клиент", "user123", "Без имени", "😀", "Mr", "г-н", "Customer", "ИП"])
def test_a_word_that_anybody_may_be_called_names_nobody(text: str) -> None:
    assert name_key(text) == ""


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("Иванов Пётр", "petr ivanov", Likeness.SAME),
        ("Петров, Иван Сергеевич", "Иван Петров", Likeness.SAME),
        ("Петров Иван Сергеевич", "Ivan Sergeevich Petrov", Likeness.FULL),
        ("Г-н Щербаков Юрий", "Yuri Shcherbakov", Likeness.SAME),
        ("Анна Чайковская", "Anna Tchaikovsky", Likeness.SAME),
        ("Екатерина Иванова", "Катя Иванова", Likeness.NEAR),
        ("Саша Иванова", "Александра Иванова", Likeness.NEAR),
        ("Саша Иванов", "Александр Иванов", Likeness.NEAR),
        ("Bob Smith", "Smith, Robert", Likeness.NEAR),
        ("Kate Winslet", "Catherine Winslet", Likeness.NEAR),
        ("Пётр Иваонв", "Пётр Иванов", Likeness.NEAR),
        ("Пётр Щербаков", "Пётр Щербако", Likeness.NEAR),
        ("П. Иванов", "Пётр Иванов", Likeness.INITIALS),
        ("Иванов П.С.", "Пётр Сергеевич Иванов", Likeness.INITIALS),
        ("А. Иванов", "Саша Иванов", Likeness.INITIALS),
        ("Пётр", "Пётр Иванов", Likeness.PART),
        ("Иванов", "Пётр Иванов", Likeness.PART),
        ("Мария Иванова", "Маша Петрова", Likeness.GIVEN),
        ("Мария Иванова", "Иван Иванов", Likeness.SURNAME),
        ("Мария Иванова", "Марина Иванова", Likeness.SURNAME),
        ("К. Иванов", "Пётр Иванов", Likeness.SURNAME),
        ("П. Иванов", "К. Иванов", Likeness.SURNAME),
        ("Иван Сергеевич Петров", "Иван Павлович Петров", Likeness.SURNAME),
        ("Роман Абрамович", "Абрамович Роман Аркадьевич", Likeness.SAME),
        ("Иван Петров", "Olga Smith", Likeness.DIFFERS),
    ],
)
def test_how_alike(one: str, other: str, how: Likeness) -> None:
    assert compare_names(parse(one), parse(other)) is how


@given(st.one_of(anything, names, SLIPS), st.one_of(anything, names, SLIPS))
@example("Петров", "Петров: Петров")  # as "surname: name" of a form that was filled in twice
@example("a b c d e f Петров", "a b c d e f Петров Иван")
def test_likeness_is_the_same_from_both_sides(one: str, other: str) -> None:
    assert compare_names(parse(one), parse(other)) is compare_names(parse(other), parse(one))
    assert similarity(one, other) == similarity(other, one)
    assert compatible(one, other) is compatible(other, one)


@given(SLIPS, SLIPS)
def test_the_order_of_words_does_not_make_names_less_alike(one: str, other: str) -> None:
    alike = (Likeness.FULL, Likeness.SAME, Likeness.NEAR, Likeness.PART)
    turned = " ".join(reversed(one.split()))
    found, again = (compare_names(parse(text), parse(other)) for text in (one, turned))
    assert (found in alike) == (again in alike)
    assert found is again or found not in alike


@given(st.one_of(anything, names))
def test_everybody_is_like_himself(text: str) -> None:
    assert compatible(text, text)
    assert similarity(text, text) >= (0.7 if name_key(text) else 0.0)


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        ("", "Пётр Иванов", True),
        ("клиент", "Пётр Иванов", True),
        ("Пётр", "Петя Иванов", True),
        ("Иванов", "Пётр", True),
        ("П. Иванов", "Пётр Иванов", True),
        ("С. Иванов", "Александр Иванов", False),
        ("К. Иванов", "Пётр Иванов", False),
        ("П. Иванов", "К. Иванов", False),
        ("Мария Иванова", "Маша Петрова", True),
        ("Anna Smith", "Anna Jones", True),
        ("Мария Иванова", "Ольга Иванова", False),
        ("Maria", "Olga Petrova", False),
        ("Bob Smith", "Bill Smith", False),
        ("Bob Smith", "Robert Jones", True),
        ("Иван Сергеевич", "Иван Петрович", False),
        ("Иван Сергеевич", "Иван Сергеевич Петров", True),
        ("Иван Сергеевич Петров", "Иван Сергевич Петров", True),
        ("Женя Лебедев", "Евгений Лебедев", True),
        ("Женя Лебедева", "Евгения Соколова", True),
    ],
)
def test_whether_both_may_be_one_person(one: str, other: str, may: bool) -> None:
    assert compatible(one, other) is may


def test_the_more_alike_the_higher() -> None:
    pairs = [("Иванов Пётр", "Пётр Иванов"), ("Петя Иванов", "Пётр Иванов"), ("П. Иванов", "Пётр Иванов")]
    pairs += [("Пётр", "Пётр Иванов"), ("Пётр Лебедев", "Пётр Иванов"), ("Анна Иванова", "Пётр Иванов"), ("Ян", "Олег")]
    found = [similarity(*pair) for pair in pairs]
    assert found == sorted(set(found), reverse=True)
    assert (found[0], found[-1]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        *[("Саша", "Александр"), ("Саша", "Александра"), ("Маша", "Мария"), ("Лёша", "Алексей"), ("Дима", "Дмитрий")],
        *[("Катя", "Екатерина"), ("Настя", "Анастасия"), ("Женя", "Евгений"), ("Женя", "Евгения"), ("Гоша", "Георгий")],
        *[("Слава", "Вячеслав"), ("Слава", "Ярослав"), ("Паша", "Павел"), ("Ася", "Анастасия"), ("Лёня", "Леонид")],
        *[("Bob", "Robert"), ("Liz", "Elizabeth"), ("Bill", "William"), ("Kate", "Catherine"), ("Mike", "Michael")],
        *[("Mike", "Михаил"), ("Andrew", "Андрей"), ("Dick", "Richard"), ("Chuck", "Charles"), ("Peggy", "Margaret")],
    ],
)
def test_short_forms(short: str, full: str) -> None:
    assert FORMALS[fold(short)] & FORMALS[fold(full)]


def test_the_table_of_short_forms_is_large_and_clean() -> None:
    lines = [line for line in f"{RUSSIAN}{ENGLISH}".splitlines() if line]
    assert all(line.count(":") == 1 for line in lines)
    assert len(lines) > 120
    assert len(FORMALS) > 500
    assert all(fold(word) in FORMALS for word in ALONE.split())
    full = [line.partition(":")[0].split()[0] for line in lines]
    assert len(full) == len({fold(name) for name in full}), "a full form stands in two lines"
