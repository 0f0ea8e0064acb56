"""The report about an implant for the engineer and the surgeon: one page as HTML and as PDF, that needs no network."""

from CraNeXtLib.cases.report.figures import Figure, draw_figures
from CraNeXtLib.cases.report.write import write_report

__all__ = ["Figure", "draw_figures", "write_report"]
