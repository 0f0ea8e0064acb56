"""A mold as the worker writes it, of boxes in place of halves."""

import json

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_stl

MODELS = {"mold_outer_1": 0.0, "mold_outer_2": 20.0, "mold_inner": 40.0, "molded_part": 60.0, "spring_ring": 80.0}
"""Lowest right coordinate of each box, in mm."""


def box(right, size=10.0):
    """Return a closed box that begins at ``right``, 5 mm anterior and 7 mm superior."""
    corners = [(right + size * x, 5 + size * y, 7 + size * z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]
    squares = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [face for a, b, c, d in squares for face in ((a, b, c), (a, c, d))]
    return Mesh(corners, faces)


def write_boxes(folder):
    """Write a mold of boxes, as ``mold_case`` would, and return its description."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, right in MODELS.items():
        write_stl(box(right), folder / f"{name}.stl")
    description = {
        "format": "cranext-mold",
        "mold": {
            "opening_ras": [0.6, 0.0, 0.8],
            "size_mm": [90.4, 80.0, 41.0],
            "undercut": {"depth_mm": 0.25, "volume_mm3": 1.5, "place_ras_mm": [1.0, 2.0, 3.0]},
            "keys": 4,
            "vents": 3,
            "material_ml": {"part": 30.0, "sprue_and_vents": 1.2, "overflow": 4.3, "total": 35.5},
            "check": {"cavity_mm": 0.011},
            "pieces": {"outer": 2, "inner": 1},
        },
        "spring_form": {"ring_ml": 12.34},
        "warnings": ["There was room for 2 of 3 vents; molded_part.stl has them."],
        "files": ["mold.json", "mold.3mf", "mold_outer.png", *(f"{name}.stl" for name in MODELS)],
    }
    (folder / "mold.json").write_text(json.dumps(description))
    return description
