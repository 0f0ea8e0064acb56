"""Colors that several pictures share."""

import numpy as np

INK = (45, 52, 60)
"""Titles and labels, 8-bit RGB."""

FOOTNOTE = (120, 126, 133)
"""The notice at the bottom of a picture, 8-bit RGB."""

BONE = np.array([226, 214, 190]) / 255
"""Bone, RGB from 0 to 1."""

IMPLANT = np.array([38, 132, 158]) / 255
"""An implant, RGB from 0 to 1."""

REST = np.array([214, 120, 44]) / 255
"""A part of an implant that is told from the rest of it, RGB from 0 to 1."""

OUTLINE = (90, 215, 245)
"""The outline of an implant on a slice, 8-bit RGB: the implant's color, brighter, to be seen on bone and on black."""

AS_MADE = np.array([176, 122, 66]) / 255
"""The implant as the model made it, where the finished one is shown, too, RGB from 0 to 1."""

TEMPLATE = np.array([122, 158, 104]) / 255
"""The template skull, RGB from 0 to 1."""
