"""Camera, light and engine: what makes the pictures look like a catalogue's.

A rig carries the camera and the light. It turns with the azimuth; the camera alone climbs with the elevation.
"""

from __future__ import annotations

from math import radians

import bpy
import numpy as np
from mathutils import Matrix

from render.viewpoints import FOCAL_LENGTH, world_to_camera

AMBIENT = 0.55
"""Radiance of the white surroundings: soft light from everywhere, darker where parts shade each other."""
KEY_AZIMUTH_DEG, KEY_ELEVATION_DEG = -40.0, 50.0
"""Where the one sun stands: to the upper left of the camera."""
KEY_STRENGTH, KEY_ANGLE_DEG = 2.5, 5.0
"""Its strength (W/m2) and its width. A second lamp would double the noise: Cycles lights a sample by one lamp."""


def reset() -> None:
    """An empty file: nothing of the last model stays in memory."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def configure_engine(size: int, samples: int, threads: int) -> None:
    """Cycles on the CPU, RGBA, no view transform, the same noise for every view and every run."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples = samples
    cycles.seed = 0
    cycles.use_adaptive_sampling = False
    cycles.use_denoising = False
    cycles.use_light_tree = False  # for one lamp it costs more than it finds
    cycles.max_bounces = 4
    cycles.diffuse_bounces = 1
    cycles.glossy_bounces = 1
    cycles.transmission_bounces = 2
    cycles.transparent_max_bounces = 16
    cycles.caustics_reflective = cycles.caustics_refractive = False
    scene.render.use_persistent_data = True
    scene.render.film_transparent = True
    scene.render.threads_mode = "FIXED"
    scene.render.threads = threads
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.render.dither_intensity = 0.0
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    output = scene.render.image_settings
    output.file_format = "PNG"
    output.color_mode = "RGBA"
    output.color_depth = "8"
    output.compression = 0


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
