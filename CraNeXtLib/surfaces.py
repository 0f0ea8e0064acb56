"""From a mask to a printable surface: watertight, smooth, in millimetres, as STL and 3MF."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.volumes import Volume, foreground_box

LPS = np.array([-1.0, -1.0, 1.0])
"""Turns RAS coordinates into LPS, in which both file formats are written, and back."""

NOTICE = "Research use only, not for clinical decisions"

_LARGEST_SHIFT = 0.35
"""In voxels. Vertices of marching cubes on a mask lie at the middles of voxel faces, at least 0.7 voxels apart, so
that none can meet another within this shift, and thin bridges never collapse."""

_NEAREST_TO_A_VOXEL = 0.03  # in voxels: how near to a voxel's middle the surface of a field may pass


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangle mesh.

    Args:
        vertices: Array of shape (N, 3): RAS coordinates in mm.
        faces: Array of shape (M, 3): vertex indices, counter-clockwise seen from outside.
    """

    vertices: np.ndarray
    faces: np.ndarray

    @property
    def volume_ml(self) -> float:
        """Enclosed volume in mL; positive if the faces are oriented outwards."""
        a, b, c = (self.vertices[self.faces[:, corner]] for corner in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6000)

    @property
    def is_watertight(self) -> bool:
        """Whether every edge has exactly two faces that run through it in opposite directions."""
        start = self.faces.ravel().astype(np.int64)
        end = np.roll(self.faces, -1, axis=1).ravel().astype(np.int64)
        edges = np.sort(start * len(self.vertices) + end)
        reverse = np.sort(end * len(self.vertices) + start)
        return bool(len(edges) and (np.diff(edges) > 0).all() and np.array_equal(edges, reverse))


def surface_of(mask: Volume, *, iterations: int = 30) -> Mesh:
    """Return the smooth surface of a mask.

    Marching cubes (Lewiner et al. 2003) gives a closed manifold, also where voxels touch at an edge or a corner only;
    Taubin's smoothing (1995), which keeps the volume, then removes the stairs. No vertex moves further than 0.35
    voxels from the faces of the voxels, thus no further than 0.35 times the largest spacing.

    Args:
        mask: Mask of any type; not zero is inside. It may touch the border of the volume.
        iterations: Smoothing steps; 0 for none.

    Raises:
        InputError: If the mask is empty.
    """
    from skimage.measure import marching_cubes

    inside = mask.voxels != 0
    part = mask.crop(foreground_box(inside))
    field = np.pad(part.voxels != 0, 1).astype(np.float32)
    # At exactly 0.5 the algorithm's decisions on voxels that touch at an edge are ties, and leave the surface open.
    vertices, faces, _, _ = marching_cubes(field, 0.499, gradient_direction="ascent")
    return _placed(vertices, faces, part, iterations)


def surface_of_field(field: Volume, *, iterations: int = 30) -> Mesh:
    """Return the surface on which a field is zero, watertight like that of a mask, smoothed a little.

    Args:
        field: Negative inside, in mm; what touches the border of the volume is closed there.
        iterations: Smoothing steps; no vertex moves further than 0.35 voxels. 0 for none.

    Raises:
        InputError: If nothing is inside.
    """
    from skimage.measure import marching_cubes

    step = float(field.spacing.min())
    part = field.crop(foreground_box(field.voxels < 0, margin=1))
    values = np.pad(part.voxels.astype(np.float32), 1, constant_values=step)
    # On a voxel's middle several vertices would coincide.
    least = np.float32(_NEAREST_TO_A_VOXEL * step)
    values = np.where(np.abs(values) < least, np.where(values < 0, -least, least), np.clip(values, -step, step))
    vertices, faces, _, _ = marching_cubes(values, 0.0, gradient_direction="descent")
    return _placed(vertices, faces, part, iterations)


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Return several meshes as one."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(faces))


def _placed(vertices: np.ndarray, faces: np.ndarray, part: Volume, iterations: int) -> Mesh:
    """Return the mesh of a volume that was padded by one voxel, smoothed, in RAS, its faces turned outwards."""
    axes = part.affine[:3, :3]
    if np.linalg.det(axes) < 0:
        faces = faces[:, ::-1]
    vertices = _smoothed(vertices.astype(float) - 1, faces, axes, iterations)
    return Mesh(part.to_ras(vertices), np.ascontiguousarray(faces))


def write_stl(mesh: Mesh, path: str | Path, *, preview: bool = False) -> None:
    """Write a binary STL file in LPS and millimetres, as 3D Slicer writes and reads it.

    The header says ``SPACE=LPS``, which Slicer looks for; without it Slicer assumes LPS too. It also says whether the
    mesh is a preview, which is not to be made.

    Raises:
        InputError: If the file cannot be written.
    """
    corners = (mesh.vertices * LPS).astype("<f4")[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    triangles = np.zeros(len(corners), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("unused", "<u2")])
    triangles["normal"] = normals / np.where(lengths > 0, lengths, 1)
    triangles["corners"] = corners
    header = f"CraNeXt{' PREVIEW, ' if preview else ', unit '}mm. {NOTICE}. SPACE=LPS".encode()
    with replacing(path) as temporary:
        temporary.write_bytes(header.ljust(80, b"\0") + np.uint32(len(triangles)).tobytes() + triangles.tobytes())


def write_3mf(mesh: Mesh, path: str | Path, *, title: str = "Cranial implant") -> None:
    """Write a 3MF file (core specification 1.3) with the unit millimetre, in LPS like the STL file.

    Trimesh's writer needs lxml and has no place for the notice, hence this one.

    Raises:
        InputError: If the file cannot be written.
    """
    points = "".join(f'<vertex x="{x:.5f}" y="{y:.5f}" z="{z:.5f}"/>' for x, y, z in (mesh.vertices * LPS).tolist())
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in mesh.faces.tolist())
    metadata = {"Title": title, "Application": "CraNeXt", "Description": f"{NOTICE}. Coordinates: LPS, millimetres."}
    notes = "".join(f"<metadata name={quoteattr(name)}>{text}</metadata>" for name, text in metadata.items())
    model = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<model unit="millimeter" xml:lang="en" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">'
        f'{notes}<resources><object id="1" type="model"><mesh><vertices>{points}</vertices>'
        f"<triangles>{triangles}</triangles></mesh></object></resources>"
        '<build><item objectid="1"/></build></model>'
    )
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _CONTENT_TYPES)
        archive.writestr("_rels/.rels", _RELATIONSHIPS)
        archive.writestr("3D/3dmodel.model", model)


def _smoothed(vertices: np.ndarray, faces: np.ndarray, axes: np.ndarray, iterations: int) -> np.ndarray:
    """Return vertices (in voxels) after Taubin's smoothing in mm, none further than the largest shift from its place.

    Args:
        vertices: Array of shape (N, 3).
        faces: Array of shape (M, 3).
        axes: 3×3 matrix from voxels to mm.
        iterations: Pairs of a shrinking and a growing step, of a pass band of 0.1.
    """
    from scipy import sparse

    shrink, pass_band = 0.5, 0.1
    grow = 1 / (pass_band - 1 / shrink)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()  # of a closed surface: each edge once either way
    count = np.bincount(start, minlength=len(vertices))
    mean = sparse.csr_array((1 / count[start], (start, end)), shape=(len(vertices),) * 2)
    places, points = vertices @ axes.T, vertices @ axes.T
    to_voxels = np.linalg.inv(axes).T
    for _ in range(iterations):
        for step in (shrink, grow):
            points = points + step * (mean @ points - points)
        shift = points - places
        length = np.linalg.norm(shift @ to_voxels, axis=1, keepdims=True)
        points = places + shift * np.minimum(1, _LARGEST_SHIFT / np.maximum(length, 1e-9))
    return points @ to_voxels


_CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
_RELATIONSHIPS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rel0" Target="/3D/3dmodel.model"'
    ' Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
)
