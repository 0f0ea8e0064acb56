"""Unpacks the scene's meshes, as the page's script does, to look at what a page holds."""

import numpy as np


def unpacked(surface: dict, code: dict, data: bytes) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], bytes]:
    """Return vertices in RAS mm, faces and values in mm of the first mesh of some bytes, and the bytes after it."""
    vertices, faces = surface["vertices"], surface["faces"]

    def numbers(count: int, size: int) -> np.ndarray:
        nonlocal data
        planes = np.frombuffer(data[: count * size], np.uint8).reshape(size, count).astype(np.int64)
        data = data[count * size :]
        return sum(plane << 8 * byte for byte, plane in enumerate(planes))

    coded = numbers(3 * vertices, 2).reshape(3, vertices)
    positions = np.cumsum(coded >> 1 ^ -(coded & 1), axis=1) & 0xFFFF
    points = np.array(surface["origin"]) + surface["step"] * positions.T
    corners, following = [], 0
    for below in numbers(3 * faces, 3).tolist():
        corners.append(following - below)
        following += below == 0
    values = []
    for lowest in surface["lowest"]:
        codes = numbers(vertices, 2)
        values.append(np.where(codes == code["unknown"], np.nan, lowest + code["step"] * codes))
    return points, np.array(corners).reshape(-1, 3), values, data
