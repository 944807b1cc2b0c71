"""Pages that open without a login by a signed link: leave (/u), choose (/p), confirm (/d).

GET and HEAD show and change nothing, since scanners and mail programs follow every link of a letter. A POST to /u with
"List-Unsubscribe=One-Click" leaves at once: no cookie, no redirect, no question (RFC 8058, section 3.2). A link that
we did not sign, or that names nothing any more, has one answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from babel.dates import format_date
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from domain.links import bare
from people import erasure, mydata, opting, reopening, signed, wishes
from people.opting import Subject, Way
from people.signed import Kind
from people.wishes import Wanted, Wishes
from portal.visits import ONE_CLICK, Fields, Installation, Look, Visit, masked
from store import addressees, secrets
from store.addressees import Addressee
from store.consents import Request as Asked
from store.engine import Away
from store.erasing import GONE
from store.permission import MARKETING, Barred, Code, address_kind

Answer = Callable[[Visit], Awaitable[Response | None]]


class Preferences:
    """The pages of one installation."""

    def __init__(self, place: Installation) -> None:
        self._place = place
        self._key = b""

    def routes(self) -> list[Route]:
        """/u, /p and /d."""
        answers: dict[str, tuple[Answer, Kind]] = {
            "/u/{token}": (self._unsubscribe, Kind.UNSUBSCRIBE),
            "/p/{token}": (self._choose, Kind.PREFERENCES),
            "/d/{token}": (self._confirm, Kind.CONFIRM),
        }
        return [Route(path, self._opened(*how), methods=["GET", "POST"]) for path, how in answers.items()]

    def _opened(self, answer: Answer, kind: Kind) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            look = Look(request=request, place=self._place)
            try:
                return await self._answered(look, answer, kind) or look.missing()
            except Away:
                return look.done(503, look.t.away, look.t.away_hint)

        return handle

    async def _answered(self, look: Look, answer: Answer, kind: Kind) -> Response | None:
        key = await self._secret()
        link = signed.read(key, bare(str(look.request.path_params["token"])), kind)
        if link is None:
            return None
        async with self._place.database.begin() as connection:
            return await answer(Visit(look=look, connection=connection, key=key, link=link))

    async def _secret(self) -> bytes:
        if not self._key:
            async with self._place.database.begin() as connection:
                self._key = await secrets.key(connection, secrets.LINKS)
        return self._key

    async def _unsubscribe(self, visit: Visit) -> Response | None:
        found = await addressees.of(visit.connection, visit.link.id)
        posted = await visit.fields() if visit.is_post else {}
        is_click = "one-click" in (value.casefold() for value in posted.get(ONE_CLICK, []))
        if found is None or (found.address == GONE and not is_click):
            return None
        if "undo" in posted and not is_click:
            return await self._undo(visit, found)
        if not is_click:
            return await self._ask(visit, found, 400 if visit.is_post else 200)
        purpose = MARKETING if posted.get("scope") == ["all"] else found.purpose
        if found.address != GONE:
            way = Way.LINK if "page" in posted else Way.ONE_CLICK
            await opting.opt_out(visit.connection, self._place.subject(found), purpose, way)
        return self._left(visit, found, purpose)

    async def _ask(self, visit: Visit, found: Addressee, status: int) -> Response:
        """The question; to who has left already, since when."""
        place, look, subject = self._place, visit.look, self._place.subject(found)
        since = await reopening.left_since(visit.connection, subject, found.purpose)
        whole = found.purpose == MARKETING or await reopening.left_since(visit.connection, subject, MARKETING)
        return look.page(
            "unsubscribe.html",
            status,
            went_to=look.t.went_to[subject.kind].format(masked(found.address)),
            topic=place.topic(found.purpose, look.language),
            several=not whole,
            since=format_date(since.astimezone(place.zone), "long", locale=look.language) if since else "",
            undo=bool(found.left_at and await reopening.ended(visit.connection, subject, found.left_at)),
            preferences=_preferences(visit),
        )

    def _left(self, visit: Visit, found: Addressee, purpose: str) -> Response:
        t, is_gone = visit.look.t, found.address == GONE
        topic = self._place.topic(purpose, visit.look.language)
        text = "" if is_gone else t.left_all if purpose == MARKETING else t.left_topic.format(topic)
        lines = [line for line in (text, t.left_hint) if line]
        preferences = "" if is_gone else _preferences(visit)
        return visit.look.done(200, t.left, *lines, good=True, preferences=preferences, undo=not is_gone)

    async def _undo(self, visit: Visit, found: Addressee) -> Response:
        """ "I changed my mind": a second press finds nothing more to take back, and says the same."""
        t = visit.look.t
        if found.left_at:
            await reopening.undo(visit.connection, self._place.subject(found), found.left_at, text=t.undo)
        return visit.look.done(200, t.undone, t.undone_hint, good=True, preferences=_preferences(visit))

    async def _choose(self, visit: Visit) -> Response | None:
        found = await addressees.of(visit.connection, visit.link.id)
        if found is None or found.address == GONE:
            return None
        subject = self._place.subject(found)
        now = await wishes.read(visit.connection, subject, self._place.house)
        if not visit.is_post:
            return self._chosen(visit, now)
        posted = await visit.fields()
        wish = posted.get("do", [""])[0]
        if wish == "export":
            return await _exported(visit, subject)
        if wish == "erase":
            return await self._erase(visit, now, posted)
        if not await self._do(visit, wish, now, posted):
            return self._chosen(visit, now, status=400)
        return self._chosen(visit, await wishes.read(visit.connection, subject, self._place.house), saved=True)

    async def _do(self, visit: Visit, wish: str, now: Wishes, posted: Fields) -> bool:
        """What a button of the page says; whether there is such a button."""
        connection = visit.connection
        match wish:
            case "save":
                await wishes.write(connection, now, self._wanted(visit, now, posted), self._place.house)
            case "pause":
                await opting.pause(connection, now.subject)
            case "resume":
                await opting.resume(connection, now.subject)
            case "leave":
                await opting.opt_out(connection, now.subject, MARKETING, Way.LEAVE)
            case _:
                return False
        return True

    def _wanted(self, visit: Visit, now: Wishes, posted: Fields) -> Wanted:
        topics = [name for name in posted.get("topic", []) if name in self._place.house.purposes]
        named = ", ".join(self._place.topic(name, visit.look.language) for name in topics)
        ticked = posted.get("other", [])
        others = [other.value for n, (other, _) in enumerate(now.others) if str(n) in ticked]
        return Wanted(topics=topics, others=others, words=visit.look.t.receipt.format(named))

    def _chosen(
        self, visit: Visit, now: Wishes, *, status: int = 200, saved: bool = False, problem: str = ""
    ) -> HTMLResponse:
        language = visit.look.language
        until = now.paused_until and now.paused_until.astimezone(self._place.zone).date()
        return visit.look.page(
            "preferences.html",
            status,
            address=visit.look.t.for_whom[now.subject.kind].format(masked(now.subject.value)),
            topics=[(p, self._place.topic(p, language), on) for p, on in now.topics.items()],
            others=[(str(n), _named(other), on) for n, (other, on) in enumerate(now.others)],
            paused_until=format_date(until, "long", locale=language) if until else "",
            own=now.card is not None,
            saved=saved,
            problem=problem,
        )

    async def _erase(self, visit: Visit, now: Wishes, posted: Fields) -> Response | None:
        if now.card is None:
            return None
        t = visit.look.t
        if posted.get("word", [""])[0].strip(" “”\"'«»").casefold() != t.erase_word:
            return self._chosen(visit, now, status=422, problem=t.erase_wrong.format(t.erase_word))
        done = await erasure.erase(visit.connection, now.card, actor=f"link:{visit.link.id}", whole=False)
        answer = visit.look.done(200, t.erased, t.erased_hint, good=True)
        answer.background = BackgroundTask(self._place.forget_files, done.files)  # behind the commit
        return answer

    async def _confirm(self, visit: Visit) -> Response | None:
        asked, t = await opting.asked(visit.connection, visit.link.id, lock=visit.is_post), visit.look.t
        if asked is None:
            return None
        if asked.confirmed_at is None and not visit.is_post:
            return visit.look.page("wish_confirm.html", address=masked(asked.value), text=asked.text)
        if asked.confirmed_at is None:
            await opting.confirm(visit.connection, asked)
        if barred := await self._hindrance(visit, asked):
            return visit.look.done(200, t.yes_noted, self._why_not(visit, barred), quote=asked.text)
        return visit.look.done(200, t.confirmed, t.confirmed_hint, good=True, quote=asked.text)

    async def _hindrance(self, visit: Visit, asked: Asked) -> Barred | None:
        """What keeps it from coming to him, though he has confirmed it."""
        subject = await opting.holder(visit.connection, asked)
        accounts = [name for name, kind in self._place.kinds.items() if address_kind(kind) == asked.kind]
        return await wishes.hindrance(visit.connection, subject, asked.purpose, accounts, self._place.house)

    def _why_not(self, visit: Visit, barred: Barred) -> str:
        t = visit.look.t
        if barred.code is Code.SUPPRESSED:
            return t.yes_unreached
        if barred.until is None:
            return t.yes_withdrawn
        until = barred.until.astimezone(self._place.zone).date()
        return t.yes_paused.format(format_date(until, "long", locale=visit.look.language))


def _named(other: Subject) -> str:
    """What a box is called; a chat's number says nothing to its holder."""
    return "Telegram" if other.kind == "telegram" else masked(other.value)


def _preferences(visit: Visit) -> str:
    return f"/p/{signed.token(visit.key, Kind.PREFERENCES, visit.link.id)}{visit.look.query}"


async def _exported(visit: Visit, subject: Subject) -> Response | None:
    data = await mydata.export(visit.connection, subject)
    if data is None:
        return None
    body = msgspec.json.format(msgspec.json.encode(data), indent=2)
    headers = {
        "Content-Disposition": 'attachment; filename="my-data.json"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, headers=headers, media_type="application/json")
