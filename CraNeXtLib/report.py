"""One page about a result, a single HTML file that needs no network."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import Any

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Cranial implant</title>
<style>
  :root {{ color-scheme: light dark }}
  body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
  img {{ max-width: 100%; border-radius: 6px }}
  table {{ border-collapse: collapse; width: 100%; margin: 1rem 0 }}
  th, td {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; vertical-align: top }}
  th {{ font-weight: 600; width: 16rem }}
  td {{ overflow-wrap: anywhere }}
  .notice {{ background: #c4760022; border-left: 4px solid #c47600; padding: .5rem 1rem }}
</style>
<h1>Cranial implant</h1>
<p class="notice">{notice}</p>
{warnings}
<img src="data:image/png;base64,{picture}" alt="The skull with the implant">
<h2>Implant</h2>
{implant}
{metrics}
<h2>How it was made</h2>
{provenance}
</html>
"""


def write_report(result: dict[str, Any], picture: Path, path: Path) -> None:
    """Write the report of a result.

    Args:
        result: Content of ``result.json``, see ``Docs/result-format.md``.
        picture: PNG of the skull with the implant.
        path: The HTML file to write.
    """
    thickness = result["thickness_mm"]
    implant = {
        "Volume": f"{result['implant_volume_ml']:.1f} mL",
        "Area of the outer side": f"{result['defect_area_cm2']:.1f} cm²",
        "Thickness": f"median {thickness['median']:.1f} mm, 5 % to 95 %: {thickness['p05']:.1f} to "
        f"{thickness['p95']:.1f} mm, least {thickness['min']:.1f} mm",
        "Pieces": "; ".join(f"{p['volume_ml']:.1f} mL at R A S {p['centre_ras_mm']} mm" for p in result["pieces"]),
        "Surface": "watertight" if result["watertight"] else "not watertight",
    }
    provenance = {
        "Made": result["created"] + (", then edited by hand" if result.get("edited") else ""),
        "Input": result["input"].get("node") or Path(result["input"]["path"]).name,
        "Input SHA-256": result["input"]["sha256"],
        "Model": f"{result['model']['name']}, SHA-256 {result['model']['sha256']}",
        "Parameters": ", ".join(f"{k}: {v}" for k, v in result["parameters"].items()),
        "Versions": ", ".join(f"{k} {v}" for k, v in result["versions"].items()),
        "Seconds": ", ".join(f"{k}: {v:.1f}" for k, v in result["seconds"].items()),
    }
    metrics = result.get("metrics")
    page = _PAGE.format(
        notice=escape(result["notice"]),
        warnings="".join(f'<p class="notice">{escape(w)}</p>' for w in result["warnings"]),
        picture=base64.b64encode(picture.read_bytes()).decode("ascii"),
        implant=_table(implant),
        metrics=f"<h2>Against the reference implant</h2>{_table(metrics)}" if metrics else "",
        provenance=_table(provenance),
    )
    path.write_text(page, encoding="utf-8")


def _table(rows: dict[str, Any]) -> str:
    cells = (f"<tr><th>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>" for name, value in rows.items())
    return f"<table>{''.join(cells)}</table>"
