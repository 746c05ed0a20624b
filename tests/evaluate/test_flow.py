"""Optical flow by every method, on motions that are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.correspondence.flow import drawn_back, optical_flow
from evaluate.correspondence.method_configs import DisConfig, FlowConfig, TvL1Config
from tests.evaluate.warps import SIZE, affine_field, end_point_error, pulled_back, rotation, smooth_field, texture

VARIATIONAL, DIS, TVL1 = (FlowConfig(method=method) for method in ("variational", "dis", "tvl1"))
METHODS = pytest.mark.parametrize("config", [VARIATIONAL, DIS, TVL1], ids=lambda config: config.method)


@METHODS
@pytest.mark.parametrize("offset", [(0.0, 0.0), (0.4, -0.3), (4.0, 2.0), (-5.0, 5.0)])
def test_a_translation_is_recovered(config: FlowConfig, offset: tuple[float, float]) -> None:
    truth = affine_field(np.eye(2), offset)
    flow = optical_flow(pulled_back(texture(), truth), texture(), config)
    assert flow.dtype == np.float32
    assert flow.shape == (SIZE, SIZE, 2)
    assert end_point_error(flow, truth) < 0.15


@METHODS
def test_a_rotation_with_zoom_is_recovered(config: FlowConfig) -> None:
    truth = affine_field(rotation(8, 1.08))
    flow = optical_flow(pulled_back(texture(), truth), texture(), config)
    assert end_point_error(flow, truth) < 0.15


@METHODS
def test_a_smooth_warp_is_recovered(config: FlowConfig) -> None:
    truth = smooth_field(4, index=0)
    flow = optical_flow(pulled_back(texture(), truth), texture(), config)
    assert end_point_error(flow, truth) < 0.25


def test_variational_refinement_starts_from_the_flow_that_is_given() -> None:
    truth = affine_field(np.eye(2), (9, 0))  # too far for a refinement at full size alone
    first = pulled_back(texture(), truth)
    near = optical_flow(first, texture(), VARIATIONAL, start=truth + np.float32(0.8))
    far = optical_flow(first, texture(), VARIATIONAL, start=np.zeros_like(truth))
    assert end_point_error(near, truth) < 0.3
    assert end_point_error(far, truth) > 3


@pytest.mark.parametrize(("config", "left"), [(VARIATIONAL, 0.9), (DIS, 0.2), (TVL1, 0.2)])
def test_a_start_takes_every_method_beyond_its_own_reach(config: FlowConfig, left: float) -> None:
    truth = affine_field(rotation(60))
    first = pulled_back(texture(), truth)
    start = affine_field(rotation(57))
    alone, led = optical_flow(first, texture(), config), optical_flow(first, texture(), config, start=start)
    assert end_point_error(alone, truth, border=20) > 5
    assert end_point_error(led, truth, border=20) < left * end_point_error(start, truth, border=20)


def test_a_picture_is_drawn_back_by_the_flow_between() -> None:
    flow = affine_field(np.eye(2), (5, -3))
    drawn = drawn_back(texture(), flow)
    np.testing.assert_allclose(drawn[3:, :-5], texture()[:-3, 5:], atol=1e-3)


def test_settings_of_a_method_change_what_it_finds() -> None:
    truth = smooth_field(6, index=1)
    first = pulled_back(texture(), truth)
    for config, worse in (
        (VARIATIONAL, FlowConfig(alpha=500)),
        (DIS, FlowConfig(method="dis", dis=DisConfig(finest_scale=1))),
        (TVL1, FlowConfig(method="tvl1", tvl1=TvL1Config(attachment=0.5))),
    ):
        good, bad = (end_point_error(optical_flow(first, texture(), each), truth) for each in (config, worse))
        assert bad > 1.5 * good


@METHODS
def test_pictures_of_two_sizes_are_refused(config: FlowConfig) -> None:
    with pytest.raises(ValueError, match=r"\(32, 32\) and \(32, 40\)"):
        optical_flow(np.zeros((32, 32), np.float32), np.zeros((32, 40), np.float32), config)
