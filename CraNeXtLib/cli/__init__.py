"""The two ways to start the library: the ``cranext`` command, and the worker process of Slicer's panels."""

from CraNeXtLib.cli.command import main

__all__ = ["main"]
