"""Who may use the application: whoever has opened its address, which contains a token.

The first request has the token in its address; the answer sets a cookie that the browser sends with the others, also
with that for the web socket. Other users of the machine, and pages of other sites, have neither.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Any

TOKEN = "token"
_REFUSAL = "Open the whole address that cranext app has printed, with its token."


def new_token() -> str:
    """Return a token that cannot be guessed."""
    return secrets.token_urlsafe(24)


def cookie_name(port: int) -> str:
    """Return the name of the cookie; cookies do not tell ports apart, and each application has a token of its own."""
    return f"cranext-{port}"


def is_admitted(token: str, query: Mapping[str, str], cookies: Mapping[str, str], port: int) -> bool:
    """Return whether a request has the token, in its address or its cookie."""
    given = query.get(TOKEN), cookies.get(cookie_name(port))
    return any(text is not None and hmac.compare_digest(text.encode(), token.encode()) for text in given)


def gate(token: str, port: int) -> Any:
    """Return the middleware of aiohttp that refuses requests without the token."""
    from aiohttp import web

    @web.middleware
    async def check(request: web.Request, handler: Any) -> web.StreamResponse:
        if not is_admitted(token, request.query, request.cookies, port):
            return web.Response(status=403, text=_REFUSAL)
        try:
            response = await handler(request)
        except web.HTTPException as answer:  # such as the redirection from / to the page
            response = answer
        if TOKEN in request.query and not response.prepared:
            response.set_cookie(cookie_name(port), token, httponly=True, samesite="Strict", path="/")
        if not response.prepared:
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Frame-Options"] = "DENY"
        return response

    return check
