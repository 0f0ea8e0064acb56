"""Translated strings: Slicer's function where there is one."""

try:
    from slicer.i18n import tr as _  # finds the caller's file by itself, so it must not be wrapped
except ImportError:  # Slicer's libraries without the application

    def _(text: str) -> str:
        return text


__all__ = ["_"]
