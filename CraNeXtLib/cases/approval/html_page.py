"""The approval sheet as one HTML file, with its picture inside, laid out to be printed on one A4 page."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from CraNeXtLib.cases.approval.contents import EXPLANATION, ApprovalSheet
from CraNeXtLib.cases.report.html_page import VERDICT_CLASSES
from CraNeXtLib.cases.report.offline_page import page
from CraNeXtLib.cases.report.wording import Rows

_BODY = """<h1>{title}</h1>
<p class="verdict {verdict_class}">{verdict}</p>
{notices}
<img src="data:image/png;base64,{picture}" alt="The part in the skull from six sides, and its outline on six cuts.">
<div class="columns"><table>{part}</table><table class="checks">{checks}</table></div>
<table class="files">{files}</table>
<p class="small">{explanation}</p>
<div class="sign">{statement}
<div class="lines"><span class="box plain">Accepted as shown</span><span class="box">Change:</span></div>
<div class="lines names"><span>Name:</span><span>Date:</span><span>Signature:</span></div></div>"""

_STYLE = """
  @page { size: A4; margin: 10mm }
  body { font: 8pt/1.25 system-ui, sans-serif; max-width: 190mm; margin: 5mm auto; color: #000; background: #fff }
  @media print { body { margin: 0; print-color-adjust: exact; -webkit-print-color-adjust: exact } }
  h1 { font-size: 14pt; margin: 0 0 1.5mm }
  p { margin: 1mm 0 }
  img { width: 80%; display: block; margin: 1.5mm auto }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; padding: .4mm 1.5mm .4mm 0; border-bottom: 1px solid #ccc; vertical-align: top }
  th { font-weight: 600 }
  td { overflow-wrap: anywhere }
  .columns { display: grid; grid-template-columns: 1fr 1fr; gap: 5mm; align-items: start }
  .columns th { width: 22mm }
  .columns .checks th { width: 44mm }
  .files { font-size: 7pt; margin-top: 2mm }
  .files th { width: 40mm }
  .notice { background: #fbf1e0; border-left: 1mm solid #c47600; padding: .7mm 2mm }
  .verdict { font-weight: 600; font-size: 10pt; padding: 1.2mm 2mm; border: 1.5pt solid }
  .fits { border-color: #2e7d32; background: #e9f3ea }
  .fails { border-color: #c62828; background: #fbe9e9 }
  .open { border-color: #888; background: #f2f2f2 }
  .small { font-size: 7pt }
  .sign { border: 1pt solid #000; padding: 2mm; margin-top: 2mm; break-inside: avoid }
  .lines { display: grid; grid-template-columns: 45mm 1fr; gap: 4mm; margin: 1.5mm 0 0 }
  .lines.names { grid-template-columns: 1fr 38mm 1fr }
  .lines span { border-bottom: .6pt solid #000; min-height: 6mm }
  .lines .box::before { content: ""; display: inline-block; width: 3mm; height: 3mm; border: .8pt solid #000;
    margin-right: 2mm; vertical-align: -.4mm }
  .lines .plain { border: 0 }
"""


def html_page(sheet: ApprovalSheet, picture: Path) -> str:
    """Return the page.

    Args:
        sheet: What it says.
        picture: PNG file of the part.
    """
    head = sheet.head
    body = _BODY.format(
        title=escape(head.title),
        verdict=escape(head.verdict),
        verdict_class=VERDICT_CLASSES[head.fits],
        notices="\n".join(f'<p class="notice">{escape(notice)}</p>' for notice in head.notices),
        picture=base64.b64encode(picture.read_bytes()).decode("ascii"),
        part=_rows(sheet.part),
        checks=_rows(sheet.checks),
        files=_rows(sheet.files),
        explanation=escape(EXPLANATION),
        statement=escape(sheet.statement),
    )
    return page(head.title, _STYLE, body)


def _rows(rows: Rows) -> str:
    return "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
