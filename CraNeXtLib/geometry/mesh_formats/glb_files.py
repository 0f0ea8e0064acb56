"""Meshes for viewers: GLB, the binary form of glTF 2.0."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.geometry.mesh import Mesh

# glTF is in meters, y points up and the front faces +z, so that the left is +x.
_FROM_RAS_MM = np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]]) / 1000
_COLORS = ((0.93, 0.89, 0.80, 1.0), (0.20, 0.52, 0.80, 1.0))


def write_glb(parts: Mapping[str, Mesh], path: str | Path) -> None:
    """Write named meshes, the first in the color of bone, for viewers and not for printing.

    Raises:
        InputError: If the file cannot be written.
    """
    import trimesh
    from trimesh.visual import TextureVisuals
    from trimesh.visual.material import PBRMaterial

    scene = trimesh.Scene(metadata={"notice": RESEARCH_USE_NOTICE})
    for number, (name, mesh) in enumerate(parts.items()):
        color = _COLORS[min(number, len(_COLORS) - 1)]
        material = PBRMaterial(name=name, baseColorFactor=color, metallicFactor=0.0, roughnessFactor=0.6)
        vertices = mesh.vertices @ _FROM_RAS_MM.T
        shape = trimesh.Trimesh(vertices, mesh.faces, visual=TextureVisuals(material=material), process=False)
        scene.add_geometry(shape, node_name=name, geom_name=name)
    content = scene.export(file_type="glb", include_normals=True)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
