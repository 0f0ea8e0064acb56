"""Translation of strings, by Slicer's function if available."""

try:
    from slicer.i18n import tr as _  # it inspects its caller's file, so it must not be wrapped
except ImportError:  # Slicer's libraries without the application

    def _(text: str) -> str:
        return text


__all__ = ["_"]
