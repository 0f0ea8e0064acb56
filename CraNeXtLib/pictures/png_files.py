"""Pictures as PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from CraNeXtLib.core.files.atomic import replacing

if TYPE_CHECKING:
    from PIL import Image


def write_png(picture: Image.Image, path: str | Path) -> None:
    """Write a picture. Compared with Pillow's default, it takes half the time and a tenth more space.

    Raises:
        InputError: If the file cannot be written.
    """
    with replacing(path) as temporary:
        picture.save(temporary, format="PNG", compress_level=3)
