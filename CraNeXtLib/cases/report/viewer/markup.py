"""The scene as parts of an HTML page."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from CraNeXtLib.cases.report.viewer.scene import Scene
from CraNeXtLib.cases.report.viewer.script import scene_script
from CraNeXtLib.core.resources import VIEWER


@dataclass(frozen=True)
class SceneMarkup:
    """What a page needs for a scene.

    Args:
        style: Text of a style sheet.
        data: Elements that hold the scene, for the end of the page.
        script: Text of a module, which puts the scene into the element ``opening``.
    """

    style: str
    data: str
    script: str


def scene_markup(scene: Scene) -> SceneMarkup:
    """Return the parts of a page that show a scene."""
    # No "<" in a string can then end the element.
    description = json.dumps(scene.description, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    meshes = base64.b64encode(scene.meshes).decode("ascii")
    markup = (VIEWER / "scene.html").read_text(encoding="utf-8")
    data = (
        f'<template id="scene-markup">{markup}</template>\n'
        f'<script type="application/json" id="scene-description">{description}</script>\n'
        f'<script type="application/gzip" id="scene-meshes">{meshes}</script>'
    )
    return SceneMarkup((VIEWER / "scene.css").read_text(encoding="utf-8"), data, scene_script())
