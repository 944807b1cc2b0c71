"""The portal's addresses: /f/{name}, its embed script and its snippets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from channels.form.channel import ClientGone, Declined, FormChannel, Receipt
from channels.form.parse import Submission, language_of
from channels.form.settings import LANGUAGE, Language
from domain.ports import Accept
from portal import pages
from portal.preferences import Preferences
from portal.tracking import STATIC as _STATIC
from portal.tracking import Tracking

_EMBED = (pages.STATIC / "embed.js").read_text("utf-8")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
)


class HostedForm:
    """One form's page as an ASGI application, and what else is under its address."""

    def __init__(self, form: FormChannel, accept: Accept, frame_ancestors: tuple[str, ...]) -> None:
        self._form = form
        self._accept = accept
        self._intake = form.app(accept)
        framers = {*form.settings.origins, *frame_ancestors}
        self._headers = {
            "Content-Security-Policy": _POLICY + ("*" if "*" in framers else " ".join(["'self'", *sorted(framers)])),
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",  # each page has its own key: a copy from a cache would send the same twice
            "Vary": "Accept-Language",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        method = request.method
        if method in {"GET", "HEAD"}:
            await self._page(request, self._language(request))(scope, receive, send)
        elif method == "POST" and not _wants_json(request):
            await (await self._post(request))(scope, receive, send)
        else:
            await self._intake(scope, receive, send)

    def _language(self, request: Request) -> Language:
        return self._form.language(dict(request.scope["headers"]), request.query_params.get(LANGUAGE, ""))

    def _page(self, request: Request, language: Language, status: int = 200, **more: Any) -> HTMLResponse:
        referrer = request.headers.get("referer", "") if request.method == "GET" else ""
        query = dict(request.query_params)
        facts = pages.form_facts(self._form.settings, language, query=query, referrer=referrer, **more)
        return self._html("form.html", language, status, name=self._form.name, action=self._url(request), **facts)

    async def _post(self, request: Request) -> Response:
        """A submission without a script: the thank-you page, or the form again with what is wrong."""
        submission = None
        try:
            submission = await self._form.read(request.scope, request.receive)
            taken = await self._form.submit(submission, self._accept)
        except ClientGone:
            return Response(status_code=400)
        except Declined as declined:
            answer = self._again(request, submission, declined.status, problem=declined.sentence)
            if declined.status == 408:  # RFC 9110, section 15.5.9
                answer.headers["Connection"] = "close"
            return answer
        if isinstance(taken, Receipt):
            text = self._form.settings.success.text(submission.language)
            facts = {"taken": taken, "text": text, "embedded": "embed" in request.query_params}
            return self._html("thanks.html", submission.language, 200, action=self._url(request), **facts)
        return self._again(request, submission, 422, errors=taken.errors)

    def _again(self, request: Request, submission: Submission | None, status: int, **why: Any) -> HTMLResponse:
        if submission is None:
            return self._page(request, self._language(request), status, answers={}, **why)
        why |= {"answers": submission.values, "files_lost": bool(submission.uploads)}
        return self._page(request, submission.language, status, **why)

    def _html(self, template: str, language: Language, status: int, **facts: Any) -> HTMLResponse:
        return HTMLResponse(pages.render(template, language, static=_STATIC, **facts), status, self._headers)

    def _url(self, request: Request) -> str:
        """The page's own address; within a frame it stays the frame's, and a chosen language stays chosen."""
        kept = {name: value for name, value in request.query_params.items() if name in {"embed", LANGUAGE}}
        return request.url.path + (f"?{urlencode(kept)}" if kept else "")

    async def snippets(self, request: Request) -> HTMLResponse:
        """How to put this form into a site of one's own."""
        language = self._language(request)
        url = f"{self._form.host.public_url or str(request.base_url).rstrip('/')}/f/{self._form.name}"
        facts = {"form": self._form.settings, "languages": pages.language_links(dict(request.query_params))}
        shown = pages.snippets(self._form.settings, language, url)
        return self._html("embed.html", language, 200, snippets=shown, **facts)

    async def script(self, request: Request) -> Response:
        """The embed script: the same text for every form, since it learns the name from its own address."""
        headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
        return Response(_EMBED, headers=headers, media_type="text/javascript")


def _wants_json(request: Request) -> bool:
    wanted = request.headers.get("accept", "") + request.headers.get("content-type", "")
    return "application/json" in wanted


async def _missing(request: Request) -> HTMLResponse:
    language = language_of(request.query_params.get(LANGUAGE, ""), request.headers.get("accept-language", ""), "en")
    headers = {"Content-Security-Policy": _POLICY + "'none'", "X-Content-Type-Options": "nosniff"}
    return HTMLResponse(pages.render("missing.html", language, static=_STATIC), 404, headers)


def portal(
    forms: Mapping[str, FormChannel],
    accept: Accept,
    *,
    frame_ancestors: Iterable[str] = (),
    tracking: Tracking | None = None,
    preferences: Preferences | None = None,
) -> Starlette:
    """The customers' pages: of these forms, by name, and of each request.

    `frame_ancestors` are origins ("https://demo.example.com") that may frame every form, besides each form's own
    `origins`.
    """
    routes: list[BaseRoute] = [Mount(_STATIC, StaticFiles(directory=pages.STATIC))]
    for name, form in forms.items():
        hosted = HostedForm(form, accept, tuple(frame_ancestors))
        routes += [
            Route(f"/f/{name}", hosted),
            Route(f"/f/{name}/embed", hosted.snippets),
            Route(f"/f/{name}/embed.js", hosted.script),
        ]
    if tracking:
        routes.append(Route("/t/{token}", tracking.answer, methods=["GET", "POST"]))
    if preferences:
        routes += preferences.routes()
    return Starlette(routes=[*routes, Route("/f/{name:path}", _missing)])
