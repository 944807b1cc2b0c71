"""The page's addresses: reading renders, posting does what a finger on a phone would do."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from simulator.mail.letters import SENT, Attachment, Letter, reply_subject
from simulator.mail.office import UnknownMailbox
from simulator.page import bubbles, examples
from simulator.page.enclosed import SANDBOX, SHOWN_INLINE, Enclosed, letter_key
from simulator.page.live import Live, topic
from simulator.page.progress import done
from simulator.page.scene import Customer, Scene, Seller
from simulator.page.ui import STATIC, render
from simulator.page.view import PASSING, View
from simulator.telegram import Chat, Contact, Upload, User
from simulator.twilio.messages import Media

LARGEST_FILE = 10 * 1024 * 1024
LONGEST_TALK = 200
UNKNOWN_MAILBOX = "there is no such mailbox here (550 5.1.1)"
PLACES = frozenset({"people", "phone", "desk", "shop", "sales"})
"""Regions that one goes to: they change the address. The others only change what they show."""


class Page:
    """The application and what runs behind it: `start`, serve `app`, `aclose`."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._live = Live(scene)
        self._errands: set[asyncio.Task[object]] = set()
        self.app = Starlette(
            routes=[
                Route("/", self.show),
                Route("/events", self.events),
                Route("/say", self.say, methods=["POST"]),
                Route("/press", self.press, methods=["POST"]),
                Route("/block", self.block, methods=["POST"]),
                Route("/sms", self.text, methods=["POST"]),
                Route("/mail/open", self.open_letter, methods=["POST"]),
                Route("/mail/write", self.write_letter, methods=["POST"]),
                *Enclosed(scene).routes(),
                Mount("/static", StaticFiles(directory=STATIC)),
            ]
        )

    def start(self) -> None:
        """Begin to listen to the worlds."""
        self._live.start()

    async def aclose(self) -> None:
        """End the streams and what is still under way. Twice is fine."""
        await self._live.aclose()
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)

    async def show(self, request: Request) -> Response:
        """The page, or the one region that htmx asks for by its HX-Target header ("form#compose")."""
        return await self._render(request, _view(request))

    async def events(self, request: Request) -> Response:
        """The stream of topics."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._live.events(), media_type="text/event-stream", headers=headers)

    async def say(self, request: Request) -> Response:
        """Somebody writes in Telegram."""
        view = _view(request)
        async with request.form(max_files=1, max_fields=20) as form:
            chat, user = self._speaker(view, form)
            try:
                await self._say(chat, user, form)
            except ValueError as error:
                return await self._render(request, view, problem=str(error), draft=_text(form, "text"))
        return await self._after(request, view)

    async def press(self, request: Request) -> Response:
        """A finger on a button under a message. A button that is gone meanwhile does nothing, as in Telegram."""
        view = _view(request)
        async with request.form(max_files=0, max_fields=20) as form:
            chat, user = self._speaker(view, form)
            try:
                self._scene.world.press(chat, user, _number(form, "message"), _text(form, "data"))
            except (ValueError, KeyError):
                return await self._after(request, view, status=204)
        return await self._after(request, view, status=204)

    async def block(self, request: Request) -> Response:
        """The customer stops the bot, or starts it again."""
        view = _view(request)
        customer = self._customer(view)
        turn = self._scene.world.unblock if customer.chat.blocked else self._scene.world.block
        turn(customer.user, self._scene.bot)
        return await self._after(request, view)

    async def text(self, request: Request) -> Response:
        """The customer sends an SMS. The webhook may take its time: the bubble shows how it went."""
        view = _view(request)
        phone, number = self._customer(view).phone, self._scene.number
        async with request.form(max_files=1, max_fields=20) as form:
            words, upload = _text(form, "text").strip(), await _upload(form)
        if words or upload:
            media = [Media(type=upload.type, data=upload.data)] if upload else []
            self._spawn(self._scene.exchange.phone_says(phone, number, words, media))
        return await self._after(request, view)

    async def open_letter(self, request: Request) -> Response:
        """The customer opens a mail: it is shown and no longer unread."""
        view = _view(request)
        address = self._customer(view).address
        async with request.form(max_files=0, max_fields=20) as form:
            view = replace(view, mail=_text(form, "letter"))
        letter = await self._letter(address, view.mail)
        if letter:
            await self._scene.office.mark_seen(address, letter.folder, letter.uid)
        return await self._after(request, view)

    async def write_letter(self, request: Request) -> Response:
        """The customer sends a mail, new or as an answer to the open one."""
        view = _view(request)
        customer = self._customer(view)
        async with request.form(max_files=1, max_fields=20) as form:
            answers = await self._letter(customer.address, _text(form, "answers"))
            to = answers.sender if answers else _text(form, "to")
            subject = reply_subject(answers.subject) if answers else _line(form, "subject")
            upload = await _upload(form)
            files = [Attachment(name=upload.name, type=upload.type, data=upload.data)] if upload else []
            words = _text(form, "text").strip()
            try:
                await self._scene.office.write(customer.address, to, subject, words, answers=answers, attachments=files)
            except (UnknownMailbox, ValueError) as error:
                problem = UNKNOWN_MAILBOX if isinstance(error, UnknownMailbox) else str(error)
                return await self._render(request, view, problem=problem, draft=words, subject=subject, to=to)
        shown = view.mail if answers else letter_key((await self._scene.office.messages(customer.address, SENT))[-1])
        return await self._after(request, replace(view, mail=shown), sent=True)

    async def _after(self, request: Request, view: View, *, status: int = 200, **context: Any) -> Response:
        """After a post: the region anew for htmx, the page anew for a browser without JavaScript."""
        if "hx-request" not in request.headers:
            return RedirectResponse(view.url(), 303)
        if status == 204 or "#" not in request.headers.get("hx-target", ""):
            return Response(status_code=204)  # nothing to replace: what changed comes by its topic
        return await self._render(request, view, focus=True, **context)

    async def _render(self, request: Request, view: View, **context: Any) -> Response:
        block = request.headers.get("hx-target", "").rpartition("#")[2] if "hx-request" in request.headers else ""
        html = render("page.html", view, block, **await self._context(view), **context)
        headers = {"Cache-Control": "no-store", "Vary": "HX-Target, HX-Current-URL, Accept-Language"}
        return HTMLResponse(html, headers=headers | ({"HX-Push-Url": view.url()} if block in PLACES else {}))

    async def _context(self, view: View) -> dict[str, Any]:
        scene, customer, seller = self._scene, self._customer(view), self._seller(view)
        room = scene.team if view.room == "team" else seller.chat
        letters = {person.address: await scene.office.messages(person.address) for person in scene.customers}
        talk = (
            bubbles.sms(scene, customer.phone)
            if view.app == "sms"
            else bubbles.telegram(scene, customer.chat, customer.user)
        )
        return {
            "scene": scene,
            "customer": customer,
            "seller": seller,
            "room": room,
            "talk": talk[-LONGEST_TALK:],
            "wire": bubbles.telegram(scene, room, seller.user)[-LONGEST_TALK:],
            "toasts": {
                "talk": bubbles.toast(scene, customer.chat, customer.user),
                "wire": bubbles.toast(scene, room, seller.user),
            },
            "letters": letters[customer.address][::-1],
            "letter": next((x for x in letters[customer.address] if letter_key(x) == view.mail), None),
            "steps": done(scene, letters),
            "examples": examples,
            "form_url": view.localised(scene.form_url),
            "topic": topic,
            "letter_key": letter_key,
            "sandbox": SANDBOX,
            "linked": bubbles.linked,
            "quoted": self._quoted(customer.chat, view.quote),
            "answered": self._quoted(room, view.reply),
        }

    def _quoted(self, chat: Chat, number: int) -> bubbles.Quote | None:
        message = chat.messages.get(number)
        return bubbles.Quote(author=message.sender.name, text=bubbles.summary(message)) if message else None

    def _customer(self, view: View) -> Customer:
        return self._scene.customer(view.customer, view.lang)

    def _seller(self, view: View) -> Seller:
        return self._scene.seller(view.seller, view.lang)

    def _speaker(self, view: View, form: FormData) -> tuple[Chat, User]:
        if _text(form, "side") == "seller":
            seller = self._seller(view)
            return (self._scene.team if view.room == "team" else seller.chat), seller.user
        customer = self._customer(view)
        return customer.chat, customer.user

    async def _say(self, chat: Chat, user: User, form: FormData) -> None:
        text, upload = _text(form, "text").strip(), await _upload(form)
        contact = None
        if _text(form, "contact"):
            phone = next((c.phone for c in self._scene.customers if c.user == user), "")
            contact = Contact(phone_number=phone, first_name=user.first_name, user_id=user.id)
        photo = upload if upload and upload.type in SHOWN_INLINE and upload.type != "audio/ogg" else None
        document = upload if upload and not photo else None
        quoted = _number(form, "reply_to")
        self._scene.world.say(
            chat, user, text, reply_to=quoted or None, photo=photo, document=document, contact=contact
        )

    async def _letter(self, address: str, key: str) -> Letter | None:
        letters = await self._scene.office.messages(address)
        return next((letter for letter in letters if letter_key(letter) == key), None)

    def _spawn(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


def _view(request: Request) -> View:
    """What the address says. htmx asks for one region and names a change only: the rest stands in the tab's address."""
    now = urlsplit(request.headers.get("hx-current-url", "")).query
    kept = {name: value for name, value in parse_qsl(now) if name not in PASSING}
    return View.of(kept | dict(request.query_params), request.headers.get("accept-language", ""))


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _line(form: FormData, name: str) -> str:
    return " ".join(_text(form, name).split())


def _number(form: FormData, name: str) -> int:
    value = _text(form, name)
    return int(value) if value.isascii() and value.isdecimal() else 0


async def _upload(form: FormData) -> Upload | None:
    """The file that was chosen. Raises ValueError for one that is too large."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return None
    if (file.size or 0) > LARGEST_FILE:
        raise ValueError(f"the file is larger than {LARGEST_FILE // 1024**2} MB")
    return Upload(data=await file.read(), name=file.filename, type=file.content_type or "application/octet-stream")
