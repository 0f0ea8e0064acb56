"""Pages that ask for nothing: by their Content-Security-Policy no request, and no script or style but their own."""

from __future__ import annotations

import base64
import hashlib
from html import escape

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
{body}
</html>
"""


def page(title: str, style: str, body: str, *, scripts: tuple[str, ...] = ()) -> str:
    """Return an HTML page with its policy.

    Args:
        title: Its title.
        style: The text of its style element.
        body: What it shows, as HTML.
        scripts: The texts of the script elements within the body.
    """
    policy = content_policy(styles=(style,), scripts=scripts)
    return _PAGE.format(policy=policy, title=escape(title), style=style, body=body)


def content_policy(*, styles: tuple[str, ...], scripts: tuple[str, ...]) -> str:
    """Return the policy of a page whose pictures are inside it.

    Args:
        styles: The texts of its style elements.
        scripts: The texts of its script elements.
    """
    return "; ".join(
        [
            "default-src 'none'",
            "img-src data:",
            f"style-src {_hashes(styles)}",
            f"script-src {_hashes(scripts)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hashes(texts: tuple[str, ...]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
