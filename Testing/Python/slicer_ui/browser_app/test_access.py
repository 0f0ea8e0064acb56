"""Only whoever has the token gets in."""

import asyncio
from http.cookies import SimpleCookie

import pytest

from CraNeXtLib.slicer_ui.browser_app.access import TOKEN, cookie_name, gate, is_admitted, new_token

PORT = 9000


@pytest.mark.parametrize(
    ("query", "cookies", "admitted"),
    [
        ({TOKEN: "right"}, {}, True),
        ({}, {cookie_name(PORT): "right"}, True),
        ({TOKEN: "wrong"}, {cookie_name(PORT): "right"}, True),
        ({}, {}, False),
        ({TOKEN: ""}, {}, False),
        ({TOKEN: "wrong"}, {cookie_name(PORT): "wrong"}, False),
        ({TOKEN: "rïght"}, {}, False),
        ({}, {cookie_name(PORT + 1): "right"}, False),
    ],
)
def test_a_request_needs_the_token_in_its_address_or_its_cookie(query, cookies, admitted):
    assert is_admitted("right", query, cookies, PORT) is admitted


def test_a_token_is_long_and_new():
    assert len(new_token()) >= 32
    assert new_token() != new_token()


def test_the_server_refuses_and_then_remembers():
    pytest.importorskip("aiohttp", reason="the extra app is not installed")
    from aiohttp import web
    from aiohttp.test_utils import make_mocked_request

    async def handler(_request):
        return web.Response(text="the page")

    def ask(address, **headers):
        return asyncio.run(gate("right", PORT)(make_mocked_request("GET", address, headers=headers), handler))

    refused = ask("/ws")
    assert refused.status == 403
    assert "whole address" in refused.text
    opened = ask("/index.html?token=right")
    assert opened.text == "the page"
    cookie = opened.cookies[cookie_name(PORT)]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("right", True, "Strict")
    sent = SimpleCookie({cookie_name(PORT): "right"})[cookie_name(PORT)].OutputString()
    assert ask("/ws", Cookie=sent).text == "the page"
