"""A plan and a content in a few lines, for whoever looks at a broadcast, in English and Russian. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from broadcasts.audience import EVERYBODY
from broadcasts.content.blocks import Content, walk
from broadcasts.plan import Choose, Plan, Step

WORDS: Mapping[str, tuple[str, str]] = {
    "to": ("to", "кому"),
    "everybody": ("everybody", "всем"),
    "segment": ("the segment {names}", "сегменту {names}"),
    "split": ("{since} to {to} % of them ({salt})", "часть: {since}–{to} % ({salt})"),
    "by": ("by", "как"),
    "wait": (
        "{channel}, and after {minutes} minutes, where it was not {until}, ",
        "{channel}, а через {minutes} мин., если сообщение не {until}, ",
    ),
    "sent": ("sent", "отправлено"),
    "delivered": ("delivered", "доставлено"),
    "read": ("read", "прочитано"),
    "cheapest": (" (the cheapest first)", " (сначала самый дешёвый)"),
    "preferred": (" (each one's own first)", " (сначала тот, что выбрал человек)"),
    "topic": ("topic", "тема"),
    "when": ("hours", "часы"),
    "local": ("at each one's own time", "по часам каждого"),
    "quiet": ("nothing from {since} to {to}", "тихо с {since} до {to}"),
    "always": ("at any hour", "в любое время"),
    "limits": ("limits", "пределы"),
    "cap": ("{count} in {days} days to one person", "{count} за {days} дн. одному человеку"),
    "second": ("{limit} a second", "{limit} в секунду"),
    "minute": ("{limit} a minute", "{limit} в минуту"),
    "hour": ("{limit} an hour", "{limit} в час"),
    "day": ("{limit} a day", "{limit} в день"),
    "also": ("also", "ещё"),
    "late_comers": ("who comes into the audience meanwhile gets it, too", "получит и тот, кто подойдёт позже"),
    "repeat": ("again every {days} days", "снова раз в {days} дн."),
    "until": ("again every {days} days until {until}", "снова раз в {days} дн. до {until}"),
    "untracked": ("opens and clicks are not counted", "открытия и переходы не считаются"),
    "no_opens": ("opens are not counted", "открытия не считаются"),
    "no_clicks": ("clicks are not counted", "переходы не считаются"),
    "subject": ("subject", "тема письма"),
    "blocks": ("content", "содержание"),
    "nothing": ("nothing yet", "пока пусто"),
    "own": ("own words for", "свой текст"),
    "files": ("files", "файлы"),
    "pictures": ("pictures", "картинки"),
}


def plan_said(the: Plan, segments: Mapping[str, str], language: str) -> Iterator[tuple[str, str]]:
    """(what, how) of each line. `segments`: id -> name, of those that the audience may name."""
    w = {key: pair[language == "ru"] for key, pair in WORDS.items()}
    whom = _whom(the, segments, w)
    if the.split:
        whom += ", " + w["split"].format(since=the.split.since, to=the.split.to, salt=the.split.salt)
    yield w["to"], whom
    yield w["by"], _steps(the.steps, w) + (w[the.choose.value] if the.choose is not Choose.FIRST else "")
    yield w["topic"], the.purpose
    quiet = w["quiet"].format(since=the.quiet.since, to=the.quiet.to) if the.quiet else w["always"]
    yield w["when"], f"{quiet}{', ' + w['local'] if the.local else ''} ({the.zone})"
    cap = [w["cap"].format(count=the.cap.count, days=the.cap.days)] if the.cap else []
    if limits := cap + [w[span].format(limit=limit) for span, limit in the.pace.windows]:
        yield w["limits"], ", ".join(limits)
    if also := list(_also(the, w)):
        yield w["also"], "; ".join(also)


def _whom(the: Plan, segments: Mapping[str, str], w: Mapping[str, str]) -> str:
    if the.audience == EVERYBODY:
        return w["everybody"]
    ids = the.audience.get("value")
    if the.audience.get("field") == "segment" and isinstance(ids, list) and all(str(one) in segments for one in ids):
        return w["segment"].format(names=", ".join(segments[str(one)] for one in ids))
    return json.dumps(the.audience, ensure_ascii=False)


def _steps(steps: Sequence[Step], w: Mapping[str, str]) -> str:
    waits = [
        w["wait"].format(channel=step.channel, minutes=step.wait_minutes, until=w[step.until.value])
        for step in steps[:-1]
    ]
    return "".join(waits) + steps[-1].channel


def _also(the: Plan, w: Mapping[str, str]) -> Iterator[str]:
    if the.repeat:
        until = f"{the.repeat.until:%Y-%m-%d %H:%M %Z}" if the.repeat.until else ""
        yield w["until" if until else "repeat"].format(days=the.repeat.days, until=until)
    if the.late_comers:
        yield w["late_comers"]
    if not (the.track_opens and the.track_clicks):
        yield w["no_clicks" if the.track_opens else "no_opens" if the.track_clicks else "untracked"]


def content_said(content: Content, language: str) -> Iterator[tuple[str, str]]:
    """(what, how) of each line: the subject, how many blocks of each kind, who has own words, what goes with it."""
    w = {key: pair[language == "ru"] for key, pair in WORDS.items()}
    if content.subject:
        yield w["subject"], content.subject
    kinds = Counter(block.type for _, block in walk("blocks", content.blocks))
    blocks = ", ".join(f"{kind} × {count}" if count > 1 else kind for kind, count in kinds.items())
    own = [channel for channel in ("email", "telegram", "sms", "whatsapp") if getattr(content.variants, channel)]
    if blocks or not own:
        yield w["blocks"], blocks or w["nothing"]
    if own:
        yield w["own"], ", ".join(own)
    if content.attachments:
        yield w["files"], ", ".join(one.name or f"[{one.field}]" for one in content.attachments)
    if content.pictures:
        yield w["pictures"], ", ".join(content.pictures)
