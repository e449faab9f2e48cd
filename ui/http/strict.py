"""Routes whose JSON is read strictly, as `ui.requests.parse_json` reads it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from ui.requests import parse_json


class StrictRequest(Request):
    async def json(self) -> Any:
        return parse_json(await self.body())


class StrictRoute(APIRoute):
    """A route whose JSON is read by `parse_json`, not by the lenient parser of the standard library."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def strict(request: Request) -> Response:
            read = request if isinstance(request, StrictRequest) else StrictRequest(request.scope, request.receive)
            return await answer(read)

        return strict
