"""The Content-Security-Policy of a page that asks for nothing: no request, and no script or style but its own."""

from __future__ import annotations

import base64
import hashlib


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
