"""Old path of :mod:`CraNeXtLib.implant.finishing`, kept because version 0.1 documented it."""

from CraNeXtLib.implant.finishing import FinishSettings, finish

__all__ = ["FinishSettings", "finish"]
