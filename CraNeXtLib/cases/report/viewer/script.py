"""The scene's script: the modules of ``Resources/Viewer`` as one, since a page on its own cannot load others."""

from __future__ import annotations

import re
from functools import lru_cache

from CraNeXtLib.core.resources import VIEWER

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(?P<file>\w+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?P<kind>(?:async )?function|class|const) (?P<name>\w+)", re.MULTILINE)


@lru_cache(maxsize=1)
def scene_script() -> str:
    """Return the text of all modules, each after those that it imports.

    Each becomes a function that returns what it exports. Imports do not rename, and no two exports share a name.
    """
    texts: dict[str, str] = {}

    def add(file: str) -> None:
        if file not in texts:
            text = (VIEWER / file).read_text(encoding="utf-8")
            for imported in _IMPORT.finditer(text):
                add(imported["file"])
            names = ", ".join(exported["name"] for exported in _EXPORT.finditer(text))
            body = _EXPORT.sub(r"\g<kind> \g<name>", _IMPORT.sub("", text))
            texts[file] = f"const {{ {names} }} = (() => {{\n{body}return {{ {names} }};\n}})();"

    add("viewer.js")
    return "\n".join(texts.values())
