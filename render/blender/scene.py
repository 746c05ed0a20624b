"""Camera, light and engine: what makes the pictures look like a catalogue's.

A rig carries the camera and the light. It turns with the azimuth; the camera alone climbs with the elevation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import radians
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from render.viewpoints import FOCAL_LENGTH, Array, world_to_camera

AMBIENT = 0.55
"""Radiance of the white surroundings: soft light from everywhere, darker where parts shade each other."""
KEY_AZIMUTH_DEG, KEY_ELEVATION_DEG = -40.0, 50.0
"""Where the one sun stands: to the upper left of the camera."""
KEY_STRENGTH, KEY_ANGLE_DEG = 2.5, 5.0
"""Its strength (W/m2) and its width. A second lamp would double the noise: Cycles lights a sample by one lamp."""


def reset() -> None:
    """An empty file: nothing of the last model stays in memory."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def configure_engine(size: int, threads: int, device: str) -> None:
    """Cycles on 'CPU' or 'GPU', RGBA, no view transform, the same noise for every view and every run."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = device
    cycles.seed = 0
    cycles.use_adaptive_sampling = False
    cycles.use_light_tree = False  # for one lamp it costs more than it finds
    cycles.max_bounces = 4
    cycles.diffuse_bounces = 1
    cycles.glossy_bounces = 1
    cycles.transmission_bounces = 2
    cycles.transparent_max_bounces = 16
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_quality = "FAST"
    # Guides of few samples are noisy themselves; the colours alone came out nearer to the truth and sooner.
    cycles.denoising_input_passes = "RGB"
    cycles.denoising_use_gpu = False
    scene.render.use_persistent_data = True
    scene.render.film_transparent = True
    scene.render.threads_mode = "FIXED"
    scene.render.threads = threads
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.render.dither_intensity = 0.0
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"


def ask_for(passes: Sequence[str]) -> None:
    """Which layers a render holds beside its colours."""
    layer = bpy.context.view_layer
    layer.use_pass_z = bool(passes)
    layer.use_pass_normal = "normal" in passes
    layer.use_pass_position = "position" in passes


def crop(left_top: Array, right_bottom: Array) -> None:
    """Render only this part of the picture, in pixels from its left top; the rest stays empty."""
    settings = bpy.context.scene.render
    size = settings.resolution_x
    low, high = np.clip(left_top / size, 0, 1), np.clip(right_bottom / size, 0, 1)
    settings.use_border, settings.use_crop_to_border = True, False
    settings.border_min_x, settings.border_max_x = low[0], high[0]
    settings.border_min_y, settings.border_max_y = 1 - high[1], 1 - low[1]


def for_pictures(samples: int, denoise: bool) -> None:
    """Colours and soft mask: all of a pixel counts; 8 bits."""
    cycles = bpy.context.scene.cycles
    cycles.samples, cycles.use_denoising = samples, denoise
    cycles.pixel_filter_type, cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    output = bpy.context.scene.render.image_settings
    output.file_format, output.color_mode, output.color_depth, output.compression = "PNG", "RGBA", "8", 0


def tune(settings: dict[str, Any]) -> None:
    """Set properties of the scene by their path, such as 'cycles.filter_width'."""
    for path, value in settings.items():
        *rooms, name = path.split(".")
        setattr(reduce(getattr, rooms, bpy.context.scene), name, value)


def for_layers() -> None:
    """One ray through the centre of each pixel; 32-bit floats."""
    cycles = bpy.context.scene.cycles
    cycles.samples, cycles.use_denoising = 1, False
    cycles.pixel_filter_type, cycles.filter_width = "BOX", 0.01
    output = bpy.context.scene.render.image_settings
    output.file_format, output.color_depth, output.exr_codec = "OPEN_EXR_MULTILAYER", "32", "NONE"


def render(path: Path) -> None:
    """Render into a file, whose suffix must fit."""
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


class Rig:
    """The camera and the light of one turntable."""

    def __init__(self) -> None:
        scene = bpy.context.scene
        self._pivot = bpy.data.objects.new("rig", None)
        scene.collection.objects.link(self._pivot)
        lens = bpy.data.cameras.new("camera")
        lens.sensor_fit = "HORIZONTAL"
        lens.sensor_width = 36.0
        lens.lens = FOCAL_LENGTH * lens.sensor_width
        lens.clip_start, lens.clip_end = 0.05, 100.0
        self._camera = bpy.data.objects.new("camera", lens)
        scene.collection.objects.link(self._camera)
        scene.camera = self._camera
        light = bpy.data.lights.new("key", "SUN")
        light.energy, light.angle = KEY_STRENGTH, radians(KEY_ANGLE_DEG)
        sun = bpy.data.objects.new("key", light)
        # A sun shines along its own -z: the same pose as a camera that looks from there.
        sun.matrix_world = _blender_pose(KEY_AZIMUTH_DEG, KEY_ELEVATION_DEG)
        sun.parent = self._pivot
        scene.collection.objects.link(sun)
        world = bpy.data.worlds.new("surroundings")
        world.use_nodes = True
        world.node_tree.nodes["Background"].inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
        world.node_tree.nodes["Background"].inputs["Strength"].default_value = AMBIENT
        # Found by the bounce rather than aimed at: no noise where nothing shades.
        world.cycles.sampling_method = "NONE"
        scene.world = world

    def aim(self, azimuth_deg: float, elevation_deg: float) -> None:
        """Put camera and light where this view wants them."""
        self._pivot.rotation_euler = (0.0, 0.0, radians(azimuth_deg))
        self._camera.matrix_world = _blender_pose(azimuth_deg, elevation_deg)


def _blender_pose(azimuth_deg: float, elevation_deg: float) -> Matrix:
    """Camera-to-world in Blender's convention (x right, y up, looking along -z)."""
    to_world = np.linalg.inv(world_to_camera(azimuth_deg, elevation_deg))
    return Matrix((to_world @ np.diag([1.0, -1.0, -1.0, 1.0])).tolist())
