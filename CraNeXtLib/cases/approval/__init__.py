"""The approval sheet: one page on a finished part that the surgeon signs, as HTML and PDF."""

from CraNeXtLib.cases.approval.write import SHEET_PICTURE, write_approval_sheet

__all__ = ["SHEET_PICTURE", "write_approval_sheet"]
