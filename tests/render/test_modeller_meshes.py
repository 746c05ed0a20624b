"""Drawn furniture is sound geometry: closed parts that look outwards, hold together and share no faces."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import trimesh

from render import modeller
from render.modeller.mesh import Floats, Mesh, Model, corner_normals

DRAWS = [(name, index) for name in modeller.CLASSES for index in range(40)]


@pytest.fixture(scope="module")
def models() -> dict[tuple[str, int], Model]:
    return {(name, index): modeller.build(modeller.draw(name, 11, index)) for name, index in DRAWS}


def test_every_part_is_closed_and_looks_outwards(models: dict[tuple[str, int], Model]) -> None:
    for key, model in models.items():
        for part in model.parts:
            mesh = trimesh.Trimesh(part.mesh.vertices, part.mesh.faces, process=False)
            assert mesh.is_watertight, (key, part.name)
            assert mesh.is_winding_consistent, (key, part.name)
            assert mesh.volume > 0, (key, part.name)
            assert mesh.body_count == 1, (key, part.name)


def test_no_triangle_is_degenerate_or_there_twice(models: dict[tuple[str, int], Model]) -> None:
    for key, model in models.items():
        for part in model.parts:
            corners = model.normalise(part.mesh.vertices)[part.mesh.faces]
            areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
            assert areas.min() > 1e-9, (key, part.name)
            ordered = np.sort(part.mesh.faces, axis=1)
            assert len(np.unique(ordered, axis=0)) == len(ordered), (key, part.name)


def test_models_are_of_a_useful_size(models: dict[tuple[str, int], Model]) -> None:
    for key, model in models.items():
        assert 1_000 <= model.triangles <= 20_000, (key, model.triangles)
        low, high = model.bounds
        assert abs(low[1]) < 5e-4, (key, "stands on the floor")
        assert abs(low[0] + high[0]) < 0.02, (key, "is symmetric")
        assert np.linalg.norm(np.diff(model.normalise(model.bounds), axis=0)) == pytest.approx(1.0)


def test_every_part_touches_what_carries_it(models: dict[tuple[str, int], Model]) -> None:
    for key, model in models.items():
        standing = {part.name for part in model.parts if part.mesh.vertices[:, 1].min() < 5e-4}
        waiting = {part.name: part.mesh for part in model.parts}
        reached, frontier = set(standing), list(standing)
        while frontier:
            here = waiting[frontier.pop()]
            for name in [name for name in waiting if name not in reached and _touch(here, waiting[name])]:
                reached.add(name)
                frontier.append(name)
        assert reached == set(waiting), (key, sorted(set(waiting) - reached))


def test_parts_share_no_faces(models: dict[tuple[str, int], Model]) -> None:
    for key, model in models.items():
        shared = [
            (one.name, other.name)
            for one, other in itertools.combinations(model.parts, 2)
            if _share_face(one.mesh, other.mesh)
        ]
        assert shared == [], key


def test_normals_are_smooth_on_round_things_and_sharp_on_edges() -> None:
    cylinder = trimesh.creation.cylinder(radius=1.0, height=2.0, sections=48)
    vertices, faces = np.asarray(cylinder.vertices), np.asarray(cylinder.faces)
    normals = corner_normals(vertices, faces, np.full(len(faces), 40.0))
    flat = np.abs(cylinder.face_normals[:, 2]) > 0.9
    np.testing.assert_allclose(normals[flat], np.repeat(cylinder.face_normals[flat][:, None], 3, axis=1), atol=1e-12)
    radial = vertices[faces[~flat]] * [1.0, 1.0, 0.0]
    np.testing.assert_allclose(normals[~flat], radial / np.linalg.norm(radial, axis=2, keepdims=True), atol=0.04)


def test_a_sphere_of_normals_is_the_sphere() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4)
    normals = corner_normals(np.asarray(ball.vertices), np.asarray(ball.faces), np.full(len(ball.faces), 40.0))
    np.testing.assert_allclose(normals, np.asarray(ball.vertices)[ball.faces], atol=0.02)


def test_surface_coordinates_cover_the_unit_square_and_find_their_points(
    models: dict[tuple[str, int], Model],
) -> None:
    for key, model in list(models.items())[::8]:
        for part in model.parts:
            uv = part.mesh.uv
            assert uv.min() >= 0.0, (key, part.name)
            assert uv.max() <= 1.0, (key, part.name)
            face = len(uv) // 2
            middle = uv[face].mean(axis=0)
            expected = part.mesh.vertices[part.mesh.faces[face]].mean(axis=0)
            np.testing.assert_allclose(part.mesh.point(*middle), expected, atol=1e-6, err_msg=f"{key} {part.name}")


def _near(mesh: Mesh, low: Floats, high: Floats) -> Floats:
    """The triangles [F, 3, 3] of a mesh whose boxes meet the box from low to high."""
    corners: Floats = mesh.vertices[mesh.faces]
    return corners[((corners.min(axis=1) <= high) & (corners.max(axis=1) >= low)).all(axis=1)]


def _overlap(one: Mesh, other: Mesh) -> tuple[Floats, Floats]:
    """The triangles of each that lie in the box both have in common."""
    low = np.maximum(one.vertices.min(axis=0), other.vertices.min(axis=0)) - 1e-7
    high = np.minimum(one.vertices.max(axis=0), other.vertices.max(axis=0)) + 1e-7
    if (low > high).any():
        return np.empty((0, 3, 3)), np.empty((0, 3, 3))
    return _near(one, low, high), _near(other, low, high)


def _touch(one: Mesh, other: Mesh) -> bool:
    """Whether the surfaces of two meshes cut each other, or one lies inside the other."""
    a, b = _overlap(one, other)
    if len(a) == 0 or len(b) == 0:
        return False
    if any(_edges_cut(a[::step], b) or _edges_cut(b[::step], a) for step in (9, 1)):
        return True
    return _inside(one.vertices[0], other) or _inside(other.vertices[0], one)


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


def _share_face(one: Mesh, other: Mesh) -> bool:
    """Whether triangles of two meshes lie in one plane (to a micrometre) and overlap there."""
    a, b = _overlap(one, other)
    if len(a) == 0 or len(b) == 0:
        return False
    unit_a, unit_b = _units(a), _units(b)
    height_a, height_b = (unit_a * a[:, 0]).sum(axis=1), (unit_b * b[:, 0]).sum(axis=1)
    alike = unit_a @ unit_b.T
    level = np.abs(height_a[:, None] - np.sign(alike) * height_b[None]) < 1e-6
    pairs = np.argwhere((np.abs(alike) > 1 - 1e-10) & level)
    return any(_meet_in_plane(a[i], b[j], unit_a[i]) for i, j in pairs)


def _units(triangles: Floats) -> Floats:
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    units: Floats = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    return units


def _meet_in_plane(a: Floats, b: Floats, normal: Floats) -> bool:
    """Whether two triangles of one plane overlap by more than a hair (separating axes)."""
    for triangle in (a, b):
        for edge in np.roll(triangle, -1, axis=0) - triangle:
            axis = np.cross(normal, edge)
            axis = axis / np.linalg.norm(axis)
            if min((a @ axis).max(), (b @ axis).max()) - max((a @ axis).min(), (b @ axis).min()) < 1e-5:
                return False
    return True
