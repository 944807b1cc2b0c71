"""People as they write to a Russian and an English business, and who they really are: seeded, so always the same.

Formats, alphabets and slips of the keyboard; families with one phone, offices with one mailbox; numbers that pass to
somebody else; women who marry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import NamedTuple

from domain.addresses import email, phone, telegram
from domain.messages import Address, ChannelName, Inbound
from tests.router.people import BOT, FORM, INBOX, SMS

BEGAN = datetime(2026, 1, 10, 9, tzinfo=UTC)
RUSSIAN = (
    "Пётр Иванов|Мария Смирнова|Александр Кузнецов|Екатерина Попова|Дмитрий Соколов|Анастасия Лебедева|Юрий Щербаков|"
    "Наталья Новикова|Сергей Волков|Елена Морозова|Алексей Зайцев|Ольга Павлова|Михаил Семёнов|Татьяна Голубева|"
    "Николай Виноградов|Светлана Богданова|Андрей Воробьёв|Ирина Фёдорова|Илья Михайлов|Юлия Беляева"
).split("|")
LATIN = (
    "Petr Ivanov|Maria Smirnova|Alexander Kuznetsov|Ekaterina Popova|Dmitry Sokolov|Anastasia Lebedeva|"
    "Yuri Shcherbakov|"
    "Natalia Novikova|Sergey Volkov|Elena Morozova|Alexey Zaytsev|Olga Pavlova|Mikhail Semenov|Tatiana Golubeva|"
    "Nikolay Vinogradov|Svetlana Bogdanova|Andrey Vorobyov|Irina Fedorova|Ilya Mikhaylov|Yulia Belyaeva"
).split("|")
SHORT = dict(
    pair.split("=")
    for pair in (
        "Пётр=Петя Мария=Маша Александр=Саша Екатерина=Катя Дмитрий=Дима Анастасия=Настя Юрий=Юра Наталья=Наташа "
        "Сергей=Серёжа Елена=Лена Алексей=Лёша Ольга=Оля Михаил=Миша Татьяна=Таня Николай=Коля Светлана=Света "
        "Андрей=Андрюша Ирина=Ира Илья=Илюша Юлия=Юля Robert=Bob William=Bill Elizabeth=Liz Katherine=Kate "
        "Michael=Mike James=Jim Margaret=Maggie Thomas=Tom"
    ).split()
)
ENGLISH = (
    "Robert Hughes|William Carter|Elizabeth Bennett|Katherine Ward|Michael Foster|James Coleman|Margaret Price|"
    "Thomas Bailey|Susan Howard|David Brooks|Emma Sanders|Oliver Griffin"
).split("|")


@dataclass(frozen=True, kw_only=True)
class Human:
    """One real person."""

    number: int
    name: str
    other: str
    """The name in another alphabet, or the short form."""
    mail: str
    phone: str
    telegram: str
    shares_phone: bool = False
    married: str = ""
    """The name after a wedding, half a year later."""
    country: str = "RU"
    said: list[str] = field(default_factory=list)


class Written(NamedTuple):
    """A message, and who really wrote it."""

    inbound: Inbound
    human: int


def humans() -> list[Human]:
    """All of them; the last four live in two couples with one phone each."""
    names = [*zip(RUSSIAN, LATIN, strict=True), *((n, _shortened(n)) for n in ENGLISH)]
    made = []
    for n, (name, other) in enumerate(names):
        country = "RU" if n < len(RUSSIAN) else "GB"
        number = f"+7916{1_000_000 + 7 * n:07d}" if country == "RU" else f"+4477009{10_000 + 7 * n:05d}"
        local = other.lower().replace(" ", ".") if country == "RU" else name.lower().replace(" ", ".")
        made.append(
            Human(
                number=n, name=name, other=other, mail=f"{local}@example.org", phone=number, telegram=str(5000 + n),
                country=country,
            )
        )  # fmt: skip
    made[1] = replace(made[1], married="Мария Орлова")
    made[26] = replace(made[26], married="Margaret Reynolds")
    for husband, wife in ((4, 5), (28, 29)):
        made[husband] = replace(made[husband], shares_phone=True)
        made[wife] = replace(made[wife], phone=made[husband].phone, shares_phone=True)
    return made


def _shortened(name: str) -> str:
    given, surname = name.split()
    return f"{SHORT.get(given, given)} {surname}"


_ids = count(1)


class Crowd:
    """Who writes what, one message after the other."""

    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)
        self._at = BEGAN
        self.humans = humans()

    def messages(self, each: int = 4) -> Iterator[Written]:
        """Everybody writes so often, in random order, over a year; then one number has a new owner."""
        turns = [human for human in self.humans for _ in range(each)]
        self._dice.shuffle(turns)
        step = timedelta(days=300) / len(turns)
        for human in turns:
            self._at += step
            yield Written(self._message(human), human.number)
        yield from self._recycled()

    def _recycled(self) -> Iterator[Written]:
        self._at += timedelta(days=500)
        newcomer = Human(
            number=len(self.humans), name="Лариса Тихонова", other="Larisa Tikhonova", mail="larisa@example.net",
            phone=self.humans[0].phone, telegram="9999",
        )  # fmt: skip
        self.humans.append(newcomer)
        yield Written(self._by_sms(newcomer), newcomer.number)

    def _message(self, human: Human) -> Inbound:
        ways = [self._by_form, self._by_mail, self._by_telegram]
        if not human.shares_phone:
            ways.append(self._by_sms)
        return self._dice.choice(ways)(human)

    def _name(self, human: Human) -> str:
        """As this person writes it today."""
        whole = human.name
        if human.married and self._at > BEGAN + timedelta(days=180):
            whole = human.married
        given, surname = whole.split()
        forms = [whole, f"{surname} {given}", f"{SHORT.get(given, given)} {surname}", f"{given[0]}. {surname}"]
        forms += [human.other] if whole == human.name else []
        return self._slip(self._dice.choice(forms))

    def _slip(self, name: str) -> str:
        """One of twelve makes a mistake in a long word."""
        if self._dice.random() > 1 / 12 or len(name) < 12:
            return name
        at = self._dice.randrange(len(name) - 3, len(name) - 1)
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]

    def _written_phone(self, human: Human) -> str:
        digits = human.phone[-10:]
        if human.country == "GB":
            return self._dice.choice([human.phone, f"0{digits}", f"00 44 {digits}"])
        split = f"({digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}"
        return self._dice.choice([human.phone, f"8{digits}", f"8 {split}", f"+7 {split}", f"007 {digits}"])

    def _by_form(self, human: Human) -> Inbound:
        found = phone(self._written_phone(human), human.country)
        typed = [a for a in (email(human.mail.upper()), found) if a]
        if self._dice.random() < 0.5 and not human.shares_phone:
            typed = typed[self._dice.randrange(2) :][:1]
        return self._inbound(FORM, typed, self._name(human))

    def _by_mail(self, human: Human) -> Inbound:
        address = email(human.mail, proved=True)
        assert address
        return self._inbound(INBOX, [address], self._name(human))

    def _by_telegram(self, human: Human) -> Inbound:
        user = telegram(human.telegram, proved=True)
        shared = phone(human.phone, human.country, proved=True, proof="shared")
        assert user and shared
        shares = self._dice.random() < 0.3 and not human.shares_phone
        return self._inbound(BOT, [user, shared] if shares else [user], self._name(human))

    def _by_sms(self, human: Human) -> Inbound:
        number = phone(human.phone, human.country, proved=True)
        assert number
        return self._inbound(SMS, [number], "")

    def _inbound(self, channel: ChannelName, addresses: list[Address], name: str) -> Inbound:
        return Inbound(
            channel=channel,
            external_id=f"crowd-{next(_ids)}",
            addresses=tuple(addresses),
            received_at=self._at,
            name=name,
            text="What does it cost?",
        )
