"""What a body usually comes with, so that `body: truck` alone is a truck: the middle of the kinds that are drawn."""

from __future__ import annotations

from typing import Any

USUAL: dict[str, dict[str, Any]] = {
    "sedan": {
        "length": 4.78, "width": 1.85, "wheelbase": 2.87, "front_overhang": 0.88, "bonnet_length": 1.42,
        "bonnet_height": 0.97, "belt_height": 0.94, "windscreen_rake_deg": 61.0, "roof_arch": 0.09,
        "rear_rake_deg": 62.5, "boot_length": 0.56, "boot_height": 1.04, "tumblehome_deg": 23.5, "wheel_radius": 0.33,
    },
    "coupe": {
        "length": 4.5, "width": 1.87, "height": 1.32, "wheelbase": 2.63, "front_overhang": 0.88,
        "ground_clearance": 0.12, "bonnet_length": 1.53, "bonnet_height": 0.94, "nose_height": 0.73,
        "belt_height": 0.9, "belt_rise": 0.04, "windscreen_rake_deg": 61.0, "rear_rake_deg": 69.0,
        "boot_length": 0.35, "boot_height": 0.94, "tumblehome_deg": 27.0, "wheel_radius": 0.33, "tyre_width": 0.26,
        "flare": 0.04, "doors": 2,
    },
    "convertible": {
        "length": 4.22, "width": 1.74, "height": 1.24, "wheelbase": 2.45, "front_overhang": 0.81,
        "ground_clearance": 0.14, "bonnet_length": 1.39, "bonnet_height": 0.9, "nose_height": 0.71,
        "belt_height": 0.85, "belt_rise": 0.03, "windscreen_rake_deg": 53.0, "roof_arch": 0.0, "rear_rake_deg": 50.0,
        "boot_length": 0.9, "boot_height": 0.91, "tumblehome_deg": 17.0, "tyre_width": 0.22, "doors": 2,
    },
    "pickup": {
        "length": 5.35, "width": 1.91, "height": 1.81, "wheelbase": 3.18, "front_overhang": 0.91,
        "ground_clearance": 0.26, "roundness": 0.3, "bonnet_length": 1.41, "bonnet_height": 1.16, "nose_height": 1.05,
        "nose_lean": 0.03, "belt_height": 1.13, "belt_rise": 0.01, "windscreen_rake_deg": 48.0, "roof_arch": 0.04,
        "rear_rake_deg": 9.0, "boot_length": 1.57, "boot_height": 1.14, "tumblehome_deg": 17.0, "wheel_radius": 0.39,
        "tyre_width": 0.25, "rim_share": 0.6, "flare": 0.04,
    },
    "truck": {
        "length": 6.1, "width": 2.08, "height": 2.2, "wheelbase": 3.62, "front_overhang": 1.02,
        "ground_clearance": 0.27, "roundness": 0.33, "bonnet_length": 0.12, "bonnet_height": 1.29, "nose_height": 1.1,
        "nose_lean": 0.02, "belt_height": 1.27, "belt_rise": 0.0, "windscreen_rake_deg": 13.0, "roof_arch": 0.04,
        "rear_rake_deg": 1.5, "boot_height": 0.98, "tumblehome_deg": 6.5, "wheel_radius": 0.38, "tyre_width": 0.24,
        "rim_share": 0.6, "doors": 2, "side_glass": 1, "headlights": "square", "bumpers": "black",
    },
}  # fmt: skip
"""Body -> properties, metres and degrees, where they differ from a hatchback's."""
