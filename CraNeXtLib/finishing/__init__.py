"""Finishing: from a raw implant to a part that can be made and put in (``finish``), by distance fields."""

from CraNeXtLib.finishing.finish import Finished, FinishedPiece, finish
from CraNeXtLib.finishing.settings import FinishSettings

__all__ = ["FinishSettings", "Finished", "FinishedPiece", "finish"]
