"""The report as one HTML file, with its pictures and its scene inside."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from CraNeXtLib.cases.report.contents import Head, Section
from CraNeXtLib.cases.report.figures import Figure
from CraNeXtLib.cases.report.offline_page import page
from CraNeXtLib.cases.report.places import Place
from CraNeXtLib.cases.report.viewer.markup import SceneMarkup

_BODY = """<h1>{title}</h1>
{verdict}
{notices}
{opening}
{sections}
{scene}"""

_STYLE = """
  :root { color-scheme: light dark }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
  h2 { margin: 2.2rem 0 .6rem; break-after: avoid }
  figure { margin: 1rem 0; break-inside: avoid }
  figcaption { opacity: .75 }
  img { max-width: 100%; border-radius: 6px }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; vertical-align: top }
  th { font-weight: 600; width: min(18rem, 38%) }
  td { overflow-wrap: anywhere }
  .notice { background: #c4760022; border-left: 4px solid #c47600; padding: .5rem 1rem }
  .verdict { font-weight: 600; font-size: 1.15rem; padding: .6rem 1rem; border: 2px solid }
  .fits { border-color: #2e7d32; background: #2e7d3222 }
  .fails { border-color: #c62828; background: #c6282822 }
  .open { border-color: #8888; background: #8882 }
"""

VERDICT_CLASSES = {True: "fits", False: "fails", None: "open"}
"""Style of the verdict by what it says."""


def html_page(
    head: Head, sections: Sequence[Section], opening: Figure | None = None, scene: SceneMarkup | None = None
) -> str:
    """Return the page.

    Args:
        head: What it begins with.
        sections: Its sections.
        opening: The picture below the head, which stays where there are no scripts, no WebGL, or paper.
        scene: What takes the picture's place.
    """
    style = _STYLE + (scene.style if scene else "")
    scripts = (scene.script,) if scene else ()
    body = _BODY.format(
        title=escape(head.title),
        verdict=f'<p class="verdict {VERDICT_CLASSES[head.fits]}">{escape(head.verdict)}</p>',
        notices="\n".join(f'<p class="notice">{escape(notice)}</p>' for notice in head.notices),
        opening=f'<div id="opening"><div class="still">{_figure(opening)}</div></div>' if opening else "",
        sections="\n".join(map(_section, sections)),
        scene=f'{scene.data}\n<script type="module">{scene.script}</script>' if scene else "",
    )
    return page(head.title, style, body, scripts=scripts)


def _section(section: Section) -> str:
    note = f"<p>{escape(section.note)}</p>" if section.note else ""
    rows = "".join(
        f'<tr{_place(section.places.get(name))}><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in section.rows
    )
    table = f"<table>{rows}</table>" if rows else ""
    return f"<h2>{escape(section.heading)}</h2>{note}{table}{''.join(map(_figure, section.figures))}"


def _place(place: Place | None) -> str:
    """Return what the scene's script reads from a line of a table."""
    if place is None:
        return ""
    return f' data-place="{" ".join(f"{value:g}" for value in place.ras_mm)}" data-map="{escape(place.map)}"'


def _figure(figure: Figure) -> str:
    data = base64.b64encode(figure.path.read_bytes()).decode("ascii")
    caption = escape(figure.caption)
    image = f'<img src="data:image/png;base64,{data}" alt="{caption}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"
