"""Optical flow along a morph: small steps are easy to follow, and refined over larger ones they do not drift.

After section 5.7: flow from frame to frame, concatenated, recomputed at a larger step from the concatenated
flow, and concatenated again.

Shapes: pictures are float32 grey [h, w] in 0-255. A flow is float32 [h, w, 2]: the pixel (x, y) of the first
picture is at (x + u, y + v) of the second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluate.correspondence.fields import concatenated
from evaluate.correspondence.flow import drawn_back, optical_flow
from evaluate.correspondence.method_configs import FlowConfig


def morph_flow(frames: Sequence[np.ndarray], config: FlowConfig, refine_step: int = 9) -> np.ndarray:
    """Flow from the first to the last frame of a morph (section 5.7: 64 frames, refined at a step of 9).

    The last step is shorter when the frames do not divide evenly.
    """
    total = np.zeros((*frames[0].shape, 2), np.float32)
    for begin in range(0, len(frames) - 1, refine_step):
        end = min(begin + refine_step, len(frames) - 1)
        steps = [optical_flow(frames[i], frames[i + 1], config) for i in range(begin, end)]
        flow = steps[0]
        for step in steps[1:]:
            flow = concatenated(flow, step)
        if end - begin > 1:
            flow = optical_flow(frames[begin], frames[end], config, start=flow)
        total = concatenated(total, flow)
    return total


def morph_fields(
    frames: Sequence[np.ndarray], config: FlowConfig, refine_step: int = 9
) -> tuple[np.ndarray, np.ndarray]:
    """Flow from the first frame to the last, and from the last to the first, each followed on its own.

    What one way loses the other need not: where they disagree (`confidence`) at least one is wrong.
    """
    return morph_flow(frames, config, refine_step), morph_flow(frames[::-1], config, refine_step)


def carried(picture: np.ndarray, frames: Sequence[np.ndarray], config: FlowConfig, refine_step: int = 9) -> np.ndarray:
    """The colours of the first picture, uint8 [h, w, 3], carried along a morph of n frames: uint8 [n, h, w, 3].

    Each is the first picture looked up where the flow from that frame back to the first leads.
    """
    films = [picture]
    to_first = np.zeros((*frames[0].shape, 2), np.float32)
    for begin in range(0, len(frames) - 1, refine_step):
        end = min(begin + refine_step, len(frames) - 1)
        back = np.zeros_like(to_first)
        for i in range(begin, end):
            back = concatenated(optical_flow(frames[i + 1], frames[i], config), back)
            if i + 1 == end and end - begin > 1:
                back = optical_flow(frames[end], frames[begin], config, start=back)
            films.append(drawn_back(picture, concatenated(back, to_first)))
        to_first = concatenated(back, to_first)
    return np.stack(films)
