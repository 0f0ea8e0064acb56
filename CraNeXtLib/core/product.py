"""What every result, report and file says about the software that made it."""

__version__ = "0.1.0"

RESEARCH_USE_NOTICE = "For research use, not for clinical decisions."
