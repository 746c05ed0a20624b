"""Optical flow along a morph, on motions that are known exactly."""

from __future__ import annotations

import numpy as np

from evaluate.correspondence.fields import concatenated, confidence
from evaluate.correspondence.flow import optical_flow
from evaluate.correspondence.method_configs import FlowConfig
from evaluate.correspondence.morphflow import morph_fields, morph_flow
from tests.evaluate.warps import affine_field, end_point_error, pulled_back, rotation, texture

CONFIG = FlowConfig()


def test_small_steps_reach_where_one_leap_does_not() -> None:
    angles = np.linspace(40, 0, 25)
    frames = [pulled_back(texture(), affine_field(rotation(angle))) for angle in angles]
    truth = affine_field(rotation(40))
    stepped = end_point_error(morph_flow(frames, CONFIG, refine_step=9), truth, border=20)
    leap = end_point_error(optical_flow(frames[0], frames[-1], CONFIG), truth, border=20)
    assert stepped < 0.5
    assert leap > 3 * stepped


def test_refining_at_a_larger_step_takes_drift_away() -> None:
    frames = [pulled_back(texture(), affine_field(np.eye(2), (shift, 0))) for shift in np.linspace(8, 0, 64)]
    truth = affine_field(np.eye(2), (8, 0))
    refined = end_point_error(morph_flow(frames, CONFIG, refine_step=9), truth)
    drifting = end_point_error(morph_flow(frames, CONFIG, refine_step=1), truth)
    assert refined < 0.7 * drifting


def test_frames_that_do_not_divide_evenly_are_followed_to_the_end() -> None:
    frames = [pulled_back(texture(), affine_field(np.eye(2), (shift, 0))) for shift in np.linspace(3, 0, 12)]
    assert end_point_error(morph_flow(frames, CONFIG, refine_step=9), affine_field(np.eye(2), (3, 0))) < 0.2


def test_both_ways_along_a_morph_are_followed_and_lead_home() -> None:
    angles = np.linspace(20, 0, 12)
    frames = [pulled_back(texture(), affine_field(rotation(angle))) for angle in angles]
    forward, backward = morph_fields(frames, CONFIG, refine_step=9)
    assert end_point_error(forward, affine_field(rotation(20)), border=20) < 0.3
    assert end_point_error(backward, affine_field(rotation(-20)), border=20) < 0.3
    inside = slice(20, -20)
    assert end_point_error(concatenated(forward, backward), np.zeros_like(forward), border=20) < 0.6  # both errors
    assert confidence(forward, backward)[inside, inside].mean() > 0.8
    assert confidence(forward, forward)[inside, inside].mean() < 0.2
    np.testing.assert_array_equal(forward, morph_flow(frames, CONFIG, refine_step=9))
