"""What Cycles computes on: the processor, or one GPU a process."""

from __future__ import annotations

import bpy

GPUS = {"optix": "OPTIX", "cuda": "CUDA"}
"""Kinds of GPU rendering by their name in recipes, the faster first."""


def choose_device(wanted: str) -> str:
    """Set Cycles up for 'cpu', 'cuda', 'optix' or 'auto' (the best there is); returns 'CPU' or 'GPU'.

    Of several GPUs the first that the process may see is taken. Raises `ValueError` when what is wanted is not there.
    """
    if wanted == "cpu":
        return "CPU"
    for name in GPUS if wanted == "auto" else [wanted]:
        if _enable(GPUS[name]):
            return "GPU"
    if wanted == "auto":
        return "CPU"
    raise ValueError(f"--render.device {wanted}: Blender sees no {GPUS[wanted]} device; use --render.device cpu")


def _enable(kind: str) -> bool:
    preferences = bpy.context.preferences.addons["cycles"].preferences
    try:
        preferences.compute_device_type = kind
    except TypeError:  # this Blender was built without it
        return False
    preferences.get_devices_for_type(kind)
    found = [device for device in preferences.devices if device.type == kind]
    for device in preferences.devices:
        device.use = bool(found) and device == found[0]
    return bool(found)
