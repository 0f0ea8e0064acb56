"""What can be started from outside: the ``cranext`` command, and the worker process of Slicer's panels."""

from CraNeXtLib.cli.command import main

__all__ = ["main"]
