"""The Bot API over HTTP: `/bot{token}/{method}` and `/file/bot{token}/{path}`.

Source: https://core.telegram.org/bots/api#making-requests. GET and POST; parameters in the query, a form, multipart
or JSON; every answer is `{"ok": ..., "result" | "error_code", "description"}`.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiogram.types import BufferedInputFile
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.telegram.call import Call
from simulator.telegram.errors import ApiError, bad_request, not_played
from simulator.telegram.methods import PLAYED
from simulator.telegram.model import Bot, Upload
from simulator.telegram.schema import METHODS, Method, Misfit, fit
from simulator.telegram.webhook import Webhooks
from simulator.telegram.world import World

MAX_BODY = 50 * 1024 * 1024
TOKEN = re.compile(r"[0-9]+:[\w-]+")

T = TypeVar("T")
Parameters = dict[str, Any]


def telegram_app(world: World, *, webhook_retry: float = 1.0) -> Starlette:
    """The Bot API server of this world. `webhook_retry`: seconds before a refused webhook delivery is repeated.

    Where this application is mounted in another one, enter `app.router.lifespan_context(app)` there: it ends
    the webhooks.
    """
    webhooks = Webhooks(world, retry=webhook_retry)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await webhooks.aclose()

    server = _Server(world, webhooks)
    routes = [
        Route("/bot{token}/{method}", server.call, methods=["GET", "POST"]),
        Route("/file/bot{token}/{path:path}", server.download),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: _not_found, 405: _not_found})


class _Server:
    def __init__(self, world: World, webhooks: Webhooks) -> None:
        self._world = world
        self._webhooks = webhooks

    async def call(self, request: Request) -> Response:
        try:
            return _answer(await self._result(request))
        except ApiError as error:
            return _refuse(error)
        except Misfit as misfit:
            self._world.violations.extend(misfit.violations)
            return _refuse(misfit.answer)

    async def download(self, request: Request) -> Response:
        try:
            self._bot(request)
        except ApiError as error:
            return _refuse(error)
        file = self._world.files.at(request.path_params["path"])
        if file is None:
            return _refuse(ApiError(404, "Not Found"))
        return Response(file.data, media_type="application/octet-stream")

    async def _result(self, request: Request) -> Any:
        bot = self._bot(request)
        method = METHODS.get(request.path_params["method"].lower())
        if method is None:
            raise ApiError(404, "Not Found")
        name = method.__api_method__
        parameters, uploads = await _read(request)
        read = fit(method, parameters)
        self._fail_on_purpose(name)
        if name not in PLAYED:
            raise not_played(name)
        call: Call[Method] = Call(world=self._world, bot=bot, webhooks=self._webhooks, method=read, uploads=uploads)
        result = PLAYED[name](call)
        return await _while_connected(request, result) if name == "getUpdates" else result

    def _bot(self, request: Request) -> Bot:
        token = request.path_params["token"]
        if not TOKEN.fullmatch(token):
            raise ApiError(404, "Not Found")
        if token not in self._world.bots:
            raise ApiError(401, "Unauthorized")
        return self._world.bots[token]

    def _fail_on_purpose(self, name: str) -> None:
        faults = self._world.faults
        fault = next((fault for fault in faults if fault[0] == name.lower()), None)
        if fault is not None:
            faults.remove(fault)
            raise fault[1]


async def _read(request: Request) -> tuple[Parameters, dict[str, Upload]]:
    """Parameters, and the files of a multipart body by the name of their part. A null is no parameter."""
    if int(request.headers.get("content-length") or 0) > MAX_BODY:
        raise ApiError(413, "Request Entity Too Large")
    parameters: Parameters = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        parameters |= await _read_json(request)
    elif kind in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        await _read_form(request, parameters, uploads)
    return {name: value for name, value in parameters.items() if value is not None}, uploads


async def _read_json(request: Request) -> Parameters:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(body, dict):
        raise bad_request("can't parse JSON object")
    return body


async def _read_form(request: Request, parameters: Parameters, uploads: dict[str, Upload]) -> None:
    try:
        form = await request.form()
    except (HTTPException, MultiPartException):
        raise bad_request("can't parse the form") from None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            uploads[name] = await _upload(value)
            if name in _FILE_PARAMETERS:
                parameters[name] = BufferedInputFile(uploads[name].data, name)
        else:
            parameters[name] = value
    await form.close()
    if sum(len(upload.data) for upload in uploads.values()) > MAX_BODY:
        raise ApiError(413, "Request Entity Too Large")


_FILE_PARAMETERS = {"photo", "document", "voice", "certificate", "thumbnail"}


async def _upload(part: UploadFile) -> Upload:
    """Telegram goes by the name of a file; clients rarely say its type."""
    name = part.filename or "file"
    kind = mimetypes.guess_type(name)[0] or part.content_type or "application/octet-stream"
    return Upload(data=await part.read(), name=name, type=kind)


async def _while_connected(request: Request, work: Awaitable[T]) -> T:
    """The result, unless the client goes away: then the work is cancelled, so that nobody waits for nobody."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request.receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ApiError(499, "Client Closed Request")
        return task.result()
    finally:
        task.cancel()
        gone.cancel()


async def _disconnected(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _answer(result: object) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _refuse(error: ApiError) -> Response:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
    return JSONResponse(error.body(), status_code=error.code, headers=headers)


async def _not_found(_request: Request, _error: Exception) -> Response:
    return _refuse(ApiError(404, "Not Found"))
