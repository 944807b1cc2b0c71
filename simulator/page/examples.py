"""What a customer may say by one click, in the customer's own language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A mail to begin with."""

    subject: str
    text: str


CHAT: dict[str, tuple[str, ...]] = {
    "en": ("How much is an oak kitchen?", "Delivery on Saturday?", "Call me back"),
    "ru": ("Сколько стоит кухня из дуба?", "Доставка в субботу?", "Перезвоните"),
}
SMS: dict[str, tuple[str, ...]] = {
    "en": ("Is my order ready?", "When can I pick it up?", "STOP"),
    "ru": ("Мой заказ готов?", "Когда можно забрать?", "СТОП"),
}
FORM = {
    "en": "Can you deliver an oak table for eight next week?",
    "ru": "Сможете привезти дубовый стол на восемь человек на следующей неделе?",
}
MAIL: dict[str, tuple[Draft, ...]] = {
    "en": (
        Draft(
            subject="Oak kitchen, 3.2 m",
            text="Hello,\n\nwe are looking for an oak kitchen, 3.2 m along one wall. What would it cost, "
            "and how long does it take?\n\nBest regards\nEmma",
        ),
        Draft(subject="Table for eight", text="Hi! Do you make tables for eight people? I need one by Christmas."),
    ),
    "ru": (
        Draft(
            subject="Кухня из дуба, 3,2 м",
            text="Здравствуйте!\n\nИщем кухню из дуба, 3,2 м вдоль одной стены. Сколько она стоит "
            "и какой срок изготовления?\n\nС уважением,\nПётр",
        ),
        Draft(subject="Стол на восемь человек", text="Добрый день! Делаете ли вы столы на восемь человек?"),
    ),
}
