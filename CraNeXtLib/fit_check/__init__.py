"""The fit check: numbers, maps and verdicts about how an implant fits (``check_fit``)."""

from CraNeXtLib.fit_check.fit import FitCheck, FitLimits, Insertion, check_fit

__all__ = ["FitCheck", "FitLimits", "Insertion", "check_fit"]
