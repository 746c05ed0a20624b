"""What makes a model's geometry sound, checked over whole models at once so that hundreds of them can be.

Written from the definitions, independent of how the modeller builds: edges are counted, volumes summed, planes
compared. Shapes: F faces of all parts together, P parts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from render.modeller.mesh import Floats, Mesh, Model


def faults(model: Model) -> list[str]:
    """Every way in which a model is not sound, in words; [] for a sound one."""
    return [*_open_or_twisted(model), *_degenerate(model), *_size(model), *_shared_faces(model), *_floating(model)]


def _open_or_twisted(model: Model) -> list[str]:
    """Parts that are not one closed body whose faces all look outwards."""
    found = []
    for part in model.parts:
        faces = part.mesh.faces
        edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        count = len(part.mesh.vertices)
        there, back = edges[:, 0] * count + edges[:, 1], edges[:, 1] * count + edges[:, 0]
        # Closed and consistently wound: every directed edge once, and its reverse once.
        if len(np.unique(there)) != len(there) or not np.array_equal(np.sort(there), np.sort(back)):
            found.append(f"{part.name} is not closed, or its faces turn both ways")
        graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(count, count))
        bodies = connected_components(graph, directed=False)[0]
        if bodies != 1:
            found.append(f"{part.name} is {bodies} bodies, or has vertices that no face uses")
        a, b, c = (part.mesh.vertices[faces[:, k]] for k in range(3))
        if np.einsum("fd,fd->f", a, np.cross(b, c)).sum() <= 0:
            found.append(f"{part.name} looks inwards")
    return found


def _degenerate(model: Model) -> list[str]:
    found = []
    for part in model.parts:
        corners = model.normalise(part.mesh.vertices)[part.mesh.faces]
        if not np.isfinite(corners).all():
            found.append(f"{part.name} has coordinates that are not numbers")
        elif areas(corners).min() <= 1e-9:
            found.append(f"{part.name} has {(areas(corners) <= 1e-9).sum()} triangles without area")
        ordered = np.sort(part.mesh.faces, axis=1)
        if len(np.unique(ordered, axis=0)) != len(ordered):
            found.append(f"{part.name} has a face twice")
    return found


def _size(model: Model) -> list[str]:
    found = []
    if not 1_000 <= model.triangles <= 20_000:
        found.append(f"{model.triangles} triangles")
    low, high = model.bounds
    if abs(low[1]) >= 5e-4:
        found.append(f"stands {low[1]:g} m off the floor")
    if abs(low[0] + high[0]) >= 0.02:
        found.append(f"reaches from {low[0]:g} to {high[0]:g} m across")
    return found


def _shared_faces(model: Model) -> list[str]:
    """Pairs of parts with faces in one plane (to a micrometre) that overlap there."""
    triangles = np.concatenate([part.mesh.vertices[part.mesh.faces] for part in model.parts])
    owner = np.repeat(np.arange(len(model.parts)), [len(part.mesh.faces) for part in model.parts])
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    # Planes of opposite faces are one plane.
    leading = np.take_along_axis(normals, np.abs(normals).argmax(axis=1)[:, None], axis=1)
    normals = normals * np.sign(leading)
    heights = np.einsum("fd,fd->f", normals, triangles[:, 0])
    planes = np.column_stack([normals * 0.2, heights])  # 1e-6 m in height or 5e-6 in direction
    pairs = cKDTree(planes).query_pairs(1e-6, output_type="ndarray")
    pairs = pairs[owner[pairs[:, 0]] != owner[pairs[:, 1]]]
    low, high = triangles.min(axis=1), triangles.max(axis=1)
    near = (low[pairs[:, 0]] <= high[pairs[:, 1]]).all(axis=1) & (low[pairs[:, 1]] <= high[pairs[:, 0]]).all(axis=1)
    found = set()
    for i, j in pairs[near]:
        names = (model.parts[owner[i]].name, model.parts[owner[j]].name)
        if names not in found and _meet_in_plane(triangles[i], triangles[j], normals[i]):
            found.add(names)
    return [f"{one} and {other} share a face" for one, other in sorted(found)]


def _meet_in_plane(a: Floats, b: Floats, normal: Floats) -> bool:
    """Whether two triangles of one plane overlap by more than a hair (separating axes)."""
    for triangle in (a, b):
        for edge in np.roll(triangle, -1, axis=0) - triangle:
            axis = np.cross(normal, edge)
            axis = axis / np.linalg.norm(axis)
            if min((a @ axis).max(), (b @ axis).max()) - max((a @ axis).min(), (b @ axis).min()) < 1e-5:
                return False
    return True


def _floating(model: Model) -> list[str]:
    """Parts that no chain of touching parts joins to one that stands on the floor."""
    meshes = [part.mesh for part in model.parts]
    low = np.array([mesh.vertices.min(axis=0) for mesh in meshes]) - 1e-7
    high = np.array([mesh.vertices.max(axis=0) for mesh in meshes]) + 1e-7
    near = (low[:, None] <= high[None]).all(axis=2) & (low[None] <= high[:, None]).all(axis=2)
    reached = {k for k in range(len(meshes)) if low[k, 1] < 5e-4}
    frontier = list(reached)
    while frontier:
        here = frontier.pop()
        for other in np.flatnonzero(near[here]):
            if int(other) not in reached and touch(meshes[here], meshes[other]):
                reached.add(int(other))
                frontier.append(int(other))
    return [f"{part.name} touches nothing that stands" for k, part in enumerate(model.parts) if k not in reached]


def touch(one: Mesh, other: Mesh) -> bool:
    """Whether the surfaces of two meshes cut each other, or one lies inside the other."""
    low = np.maximum(one.vertices.min(axis=0), other.vertices.min(axis=0)) - 1e-7
    high = np.minimum(one.vertices.max(axis=0), other.vertices.max(axis=0)) + 1e-7
    if (low > high).any():
        return False
    a, b = _near(one, low, high), _near(other, low, high)
    if len(a) and len(b) and any(_edges_cut(a[::step], b) or _edges_cut(b[::step], a) for step in (9, 1)):
        return True
    return _inside(one.vertices[0], other) or _inside(other.vertices[0], one)


def _near(mesh: Mesh, low: Floats, high: Floats) -> Floats:
    """The triangles [F, 3, 3] of a mesh whose boxes meet the box from low to high."""
    corners: Floats = mesh.vertices[mesh.faces]
    return corners[((corners.min(axis=1) <= high) & (corners.max(axis=1) >= low)).all(axis=1)]


def _edges_cut(a: Floats, b: Floats) -> bool:
    """Whether an edge of triangles a passes through one of triangles b (Möller and Trumbore 1997)."""
    start = a.reshape(-1, 1, 3)
    way = (np.roll(a, -1, axis=1) - a).reshape(-1, 1, 3)
    first, second = b[None, :, 1] - b[None, :, 0], b[None, :, 2] - b[None, :, 0]
    cross = np.cross(way, second)
    volume = (first * cross).sum(axis=2)
    volume = np.where(np.abs(volume) < 1e-18, np.inf, volume)
    offset = start - b[None, :, 0]
    u = (offset * cross).sum(axis=2) / volume
    turned = np.cross(offset, np.broadcast_to(first, offset.shape))
    v = (way * turned).sum(axis=2) / volume
    t = (second * turned).sum(axis=2) / volume
    return bool(((u >= 0) & (v >= 0) & (u + v <= 1) & (t >= 0) & (t <= 1) & np.isfinite(volume)).any())


def _inside(point: Floats, mesh: Mesh) -> bool:
    """Whether a mesh winds round a point: its solid angles (Van Oosterom and Strackee 1983) sum to 4 pi."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] - point for k in range(3))
    la, lb, lc = (np.linalg.norm(corner, axis=1) for corner in (a, b, c))
    below = la * lb * lc + (a * b).sum(1) * lc + (b * c).sum(1) * la + (c * a).sum(1) * lb
    angles = 2 * np.arctan2((a * np.cross(b, c)).sum(1), below)
    return bool(abs(angles.sum()) > 2 * np.pi)


def areas(corners: Floats) -> NDArray[np.float64]:
    """Areas [F] of triangles [F, 3, 3]."""
    crossed = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    found: NDArray[np.float64] = np.linalg.norm(crossed, axis=1) / 2
    return found
