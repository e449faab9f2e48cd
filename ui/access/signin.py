"""Signing in on the page with the same keys: a form that needs no script, and a cookie that only stands for the key."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ui.access.credentials import SIGN_IN, cookie_of
from ui.access.keys import Keys
from ui.access.signed_in import COOKIE, LASTS_S, SignedIn

SIGN_OUT = "/sign-out"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>Sign in - Dossier</title>
<style>
:root {{ color-scheme: light dark; --paper: #f6f3ec; --sheet: #fffefb; --ink: #24211c; --soft: #675f53; --line: #e2dccf; --edge: #8d8475; --accent: #0c5d55; --accent-ink: #fff; --alarm: #9b2c1d; }}
@media (prefers-color-scheme: dark) {{ :root {{ --paper: #15171a; --sheet: #1d2024; --ink: #e9e5dc; --soft: #aba496; --line: #363a41; --edge: #7d828b; --accent: #66cdbd; --accent-ink: #0d1f1c; --alarm: #f29a8b; }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }}
main {{ width: 100%; max-width: 26rem; padding: 2rem; background: var(--sheet); border: 1px solid var(--line); border-radius: .75rem; }}
h1 {{ margin: 0 0 .25rem; font: 700 1.75rem/1.3 "Iowan Old Style", Charter, "Bitstream Charter", "Charis SIL", Georgia, "Noto Serif", serif; }}
p {{ margin: 0 0 1.5rem; color: var(--soft); text-wrap: balance; }}
.wrong {{ color: var(--alarm); font-weight: 600; }}
label {{ display: block; margin-bottom: .35rem; font-weight: 600; }}
input {{ width: 100%; padding: .65rem .75rem; font: 1rem ui-monospace, monospace; color: inherit; background: var(--sheet); border: 1px solid var(--edge); border-radius: .5rem; }}
button {{ width: 100%; padding: .7rem; font: inherit; font-weight: 600; color: var(--accent-ink); background: var(--accent); border: 0; border-radius: .5rem; cursor: pointer; }}
label ~ button {{ margin-top: 1.25rem; }}
input:focus-visible, button:focus-visible, a:focus-visible {{ outline: 3px solid var(--accent); outline-offset: 2px; }}
a {{ color: var(--accent); }}
</style>
</head>
<body><main><h1>Dossier</h1>{content}</main></body>
</html>
"""
_FORM = """<p>Sign in with your key to see these documents.</p>{wrong}
<form method="post" action="sign-in">
<label for="key">Your key</label>
<input id="key" name="key" type="password" autocomplete="current-password" spellcheck="false" required autofocus{described}>
<button type="submit">Sign in</button>
</form>"""
_WRONG = '<p class="wrong" id="wrong" role="alert">This key does not open these documents.</p>'
_INSIDE = """<p>You are signed in with the key “{name}”.<br><a href="./">Go to the documents</a></p>
<form method="post" action="sign-out"><button type="submit">Sign out</button></form>"""


def signing_in(keys: Keys, signed_in: SignedIn) -> list[Route]:
    """The routes of signing in and out."""

    async def show(request: Request) -> Response:
        key_id = signed_in.key_id(cookie_of(request.headers))
        key = keys.living(key_id) if key_id else None
        return _form() if key is None else _page(_INSIDE.format(name=escape(key.name)))

    async def sign_in(request: Request) -> Response:
        given = parse_qs((await request.body()).decode("latin-1"), keep_blank_values=True).get("key", [])
        key = keys.presented(given[0].strip() if len(given) == 1 else "")
        if key is None:
            return _form(wrong=True)
        signed_in.end(cookie_of(request.headers))
        return _to("./", signed_in.begin(key.id), request)

    async def sign_out(request: Request) -> Response:
        signed_in.end(cookie_of(request.headers))
        return _to(SIGN_IN[1:], "", request)

    return [
        Route(SIGN_IN, show, methods=["GET"]),
        Route(SIGN_IN, sign_in, methods=["POST"]),
        Route(SIGN_OUT, sign_out, methods=["POST"]),
    ]


def _page(content: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(content=content), status, headers={"Cache-Control": "no-store"})


def _form(*, wrong: bool = False) -> Response:
    described = ' aria-invalid="true" aria-describedby="wrong"' if wrong else ""
    return _page(_FORM.format(wrong=_WRONG if wrong else "", described=described), 401 if wrong else 200)


def _to(where: str, token: str, request: Request) -> Response:
    """Send the browser on, relative to where it is, with the cookie of a token, or without one for ""."""
    response = RedirectResponse(where, 303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        COOKIE,
        token,
        path=request.scope.get("root_path") or "/",
        max_age=LASTS_S if token else 0,
        secure="https" in (request.url.scheme, request.headers.get("origin", "").partition(":")[0]),
        httponly=True,
        samesite="strict",
    )
    return response
