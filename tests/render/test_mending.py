"""The mending of meshes: what is found, what is moved, and what is left alone."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from render import modeller
from render.mending import GAP, Mended, mend
from render.modeller.mesh import corner_normals

Array = NDArray[np.float64]


def flat(corners: Array) -> Array:
    """Geometric normals at every corner."""
    with np.errstate(all="ignore"):
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        across = across / np.linalg.norm(across, axis=1, keepdims=True)
    return np.repeat(across[:, None, :], 3, axis=1)


def mended(corners: Array, normals: Array | None = None) -> Mended:
    return mend(corners, flat(corners) if normals is None else normals)


def cushion(count: int = 12) -> tuple[Array, NDArray[np.int64]]:
    """A bent sheet of quads: vertices [V, 3] and quads [Q, 4]."""
    x, y = np.meshgrid(np.arange(count), np.arange(count), indexing="ij")
    vertices = np.stack([x, y, np.sin(x / 4.0) * np.cos(y / 5.0)], axis=-1).reshape(-1, 3).astype(float)
    first = (np.arange(count - 1)[:, None] * count + np.arange(count - 1)).ravel()
    return vertices, np.stack([first, first + count, first + count + 1, first + 1], axis=1)


def cut(vertices: Array, quads: NDArray[np.int64], other: bool = False, back: bool = False) -> Array:
    """Triangles [T, 3, 3] of quads, by the one diagonal or the other, seen from the front or from the back."""
    order = [[0, 1, 3], [1, 2, 3]] if other else [[0, 1, 2], [0, 2, 3]]
    triangles = np.concatenate([quads[:, corners] for corners in order])
    return vertices[triangles[:, ::-1] if back else triangles]


BOX = trimesh.creation.box([2, 1, 0.5])
BALL = trimesh.creation.icosphere(subdivisions=3)


@pytest.mark.parametrize("other", [False, True])
@pytest.mark.parametrize("bent", [False, True])
def test_a_sheet_drawn_from_both_sides_comes_apart_by_the_gap(other: bool, bent: bool) -> None:
    vertices, quads = cushion()
    vertices[:, 2] *= bent
    front, back = cut(vertices, quads), cut(vertices, quads, other=other, back=True)
    result = mended(np.concatenate([front, back]))
    assert result.mends == (f"{len(front) * 2} coincident faces moved apart",)
    diagonal = np.linalg.norm(np.ptp(vertices, axis=0))
    steps = result.corners - np.concatenate([front, back])
    along = np.einsum("tcd,tcd->tc", steps, flat(np.concatenate([front, back])))
    np.testing.assert_allclose(along, GAP * diagonal, rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(steps, axis=2), GAP * diagonal, rtol=1e-6)


def test_a_box_drawn_inside_and_outside_comes_apart_and_a_sound_one_stays() -> None:
    box = np.array(BOX.triangles)
    assert not mended(box).mends
    result = mended(np.concatenate([box, box[:, ::-1]]))
    assert result.mends == ("24 coincident faces moved apart",)


def test_faces_between_bodies_that_touch_are_left_alone() -> None:
    box = np.array(BOX.triangles)
    stacked = np.concatenate([box, box + np.array([0, 0, 0.5]), box * [0.2, 0.2, 1] + np.array([0.3, 0, 1.0])])
    assert not mended(stacked).touched.any()


def test_a_face_of_another_material_is_a_layer_of_its_own_and_a_plain_copy_goes() -> None:
    box = np.array(BOX.triangles)
    twice = np.concatenate([box, box[:, [1, 2, 0]]])
    assert mended(twice).mends == ("12 faces drawn twice dropped",)
    sides = np.repeat([0, 1], 12)
    result = mend(twice, flat(twice), sides)
    assert result.mends == ("12 coincident faces moved apart",)
    # The first in the file lies on top.
    out = np.einsum("tcd,tcd->tc", result.corners - twice, flat(twice)).mean(axis=1)
    assert out[:12].min() > 0
    np.testing.assert_allclose(out[12:], 0, atol=1e-12)


def test_a_decal_lies_on_what_it_decorates() -> None:
    door = np.array([[[0, 0, 0], [4, 0, 0], [4, 4, 0]], [[0, 0, 0], [4, 4, 0], [0, 4, 0]]], float)
    sticker = door * 0.1 + [1, 0.5, 0]
    for order in ([door, sticker], [sticker, door]):
        corners = np.concatenate(order)
        result = mended(corners)
        small = np.ptp(result.corners[..., 0], axis=1) < 1
        assert result.corners[small][..., 2].min() > result.corners[~small][..., 2].max()


def test_faces_that_are_no_geometry_go_and_a_model_of_nothing_else_is_refused() -> None:
    box = np.array(BOX.triangles)
    bad = box[:4].copy()
    bad[0, 0, 0], bad[1, 1, 1], bad[2], bad[3, 2] = np.nan, np.inf, bad[2, :1], (bad[3, 0] + bad[3, 1]) / 2
    result = mended(np.concatenate([bad, box]))
    assert result.mends == (
        "2 faces with coordinates that are not finite dropped",
        "2 faces without area dropped",
    )
    np.testing.assert_array_equal(result.corners, box)
    np.testing.assert_array_equal(result.kept, np.arange(4, 16))
    with pytest.raises(ValueError, match="none of the model's faces has finite coordinates"):
        mended(bad[:2])
    with pytest.raises(ValueError, match="no extent"):
        mended(np.ones((3, 3, 3)))
    with pytest.raises(ValueError, match="none of the model's faces has an area"):
        mended(bad[3:])


def test_normals_that_oppose_their_face_are_turned_and_smooth_shading_stays() -> None:
    ball = np.array(BALL.triangles)
    smooth = ball / np.linalg.norm(ball, axis=2, keepdims=True)
    assert not mended(ball, smooth).touched.any()
    result = mended(ball, -smooth)
    assert result.mends == (f"shading normals of {len(ball)} faces turned to the face's side",)
    np.testing.assert_allclose(result.normals, smooth, atol=1e-12)
    # Turned windings with the old normals: shading is turned with them and stays smooth.
    np.testing.assert_allclose(mended(ball[:, ::-1], smooth[:, ::-1]).normals, -smooth[:, ::-1], atol=1e-12)
    spoilt = smooth.copy()
    spoilt[0, 1], spoilt[5, 2], spoilt[9, 0] = 0, np.nan, -smooth[9, 0]
    result = mended(ball, spoilt)
    assert result.touched.sum() == 3
    np.testing.assert_allclose(result.normals[0, 1], flat(ball)[0, 0], atol=1e-12)


def test_normals_averaged_over_both_sides_of_a_surface_are_averaged_over_one() -> None:
    ball = np.array(BALL.triangles)
    both = np.concatenate([ball, ball[:, ::-1]])
    nothing = np.zeros_like(both)
    nothing[..., 2] = 1.0  # what a mean of opposites may leave
    smooth = both / np.linalg.norm(both, axis=2, keepdims=True)
    smooth[len(ball) :] *= -1
    result = mend(both, nothing, None, np.ones(len(both), bool))
    assert np.einsum("tcd,tcd->tc", result.normals, smooth).min() > 0.998
    # Flat faces stay flat, and normals that the file gives are the file's.
    np.testing.assert_allclose(mend(both, flat(both), None, np.ones(len(both), bool)).normals, flat(both), atol=1e-12)
    np.testing.assert_allclose(mend(both, smooth, None, np.zeros(len(both), bool)).normals, smooth, atol=1e-12)


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0, 1e6])
@pytest.mark.parametrize("far", [0.0, 1e3])
def test_findings_do_not_depend_on_scale_or_place(size: float, far: float) -> None:
    vertices, quads = cushion()
    corners = np.concatenate([cut(vertices, quads), cut(vertices, quads, other=True, back=True)])
    ball = np.array(BALL.triangles)
    for triangles, expected in ((corners, True), (ball, False)):
        assert mended(triangles * size + far * size).touched.any() == expected


@pytest.mark.parametrize("class_name", list(modeller.CLASSES))
def test_our_own_models_are_not_touched(class_name: str) -> None:
    model = modeller.build(modeller.draw(class_name, 0, 0))
    corners = np.concatenate([part.mesh.vertices[part.mesh.faces] for part in model.parts])
    normals = np.concatenate(
        [
            corner_normals(part.mesh.vertices, part.mesh.faces, np.full(len(part.mesh.faces), part.crease_deg))
            for part in model.parts
        ]
    )
    result = mend(corners, normals)
    assert result.mends == ()
    assert not result.touched.any()
    np.testing.assert_array_equal(result.corners, corners)
