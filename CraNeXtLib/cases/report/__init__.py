"""The report on an implant for engineer and surgeon: one HTML page and a PDF, which need no network."""

from CraNeXtLib.cases.report.figures import Figure, draw_figures
from CraNeXtLib.cases.report.write import write_report

__all__ = ["Figure", "draw_figures", "write_report"]
