"""The part of a recipe that says what is rendered and how."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from infra.settings import JobSettings, Settings


class SourceConfig(Settings):
    """Where the 3D models come from."""

    kind: Literal["parametric", "folder"] = Field(
        "parametric",
        description="'parametric': models that Turnery makes itself; 'folder': <path>/<class>/<name>.glb|gltf|obj, "
        "or .yaml for a model that is described",
    )
    path: str | None = Field(None, description="folder of a 'folder' source")
    classes: list[str] = Field([], description="classes to take, in this order; default all there are, by name")
    models_per_class: int | None = Field(None, ge=1, description="models of each class; default 12, of a folder all")

    @model_validator(mode="after")
    def _path_of_a_folder(self) -> Self:
        if self.kind == "parametric" and self.path is not None:
            raise ValueError(f"path '{self.path}' needs --render.source.kind folder")
        return self

    @field_validator("classes")
    @classmethod
    def _plain_names(cls, names: list[str]) -> list[str]:
        bad = [name for name in names if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name)]
        if bad:
            raise ValueError(f"class '{bad[0]}' must be letters, digits, '-' and '_' (it becomes a file name)")
        return names


class RenderConfig(Settings):
    """Views of every model of a source, rendered by Blender's Cycles."""

    source: SourceConfig = Field(SourceConfig(), description="where the 3D models come from")
    size: int = Field(128, ge=16, le=2048, description="width and height of a view, pixels")
    azimuths: int = Field(36, ge=1, le=3600, description="number of azimuths, evenly spaced from 0 degrees")
    azimuth_list: list[float] = Field([], description="azimuths of one's own, degrees, in place of evenly spaced ones")
    elevations: list[float] = Field([0, 10, 20, 30, 40], description="elevations above the horizon, degrees")
    samples: int = Field(16, ge=1, le=4096, description="Cycles samples a pixel")
    border: float = Field(
        0.05,
        ge=0,
        lt=0.45,
        description="margin of the picture that a model's largest view just touches, share of size",
    )
    models_per_shard: int = Field(16, ge=1, description="models in one shard, the unit of work and of loss")
    threads: int | None = Field(
        None, ge=1, description="processors of one Blender process; default 2, or 1 on a machine with one"
    )
    timeout_s: float = Field(300, gt=0, description="time limit for one model, seconds")
    retries: int = Field(1, ge=0, description="times a model whose Blender died or hung is tried again")
    failures_allowed: float = Field(
        0.01, ge=0, le=1, description="share of the models that may fail; one failed model is always allowed"
    )

    @field_validator("azimuth_list")
    @classmethod
    def _some_azimuths(cls, value: list[float]) -> list[float]:
        if not all(0 <= azimuth < 360 for azimuth in value) or len(set(value)) != len(value):
            raise ValueError("azimuths must be different degrees from 0 to below 360")
        return value

    @field_validator("elevations")
    @classmethod
    def _some_elevations(cls, value: list[float]) -> list[float]:
        if not value or not all(-90 <= e <= 90 for e in value) or len(set(value)) != len(value):
            raise ValueError("elevations must be different degrees from -90 to 90, at least one")
        return value

    @property
    def azimuths_deg(self) -> list[float]:
        """Azimuths of the grid, degrees."""
        return list(self.azimuth_list) or [360.0 * index / self.azimuths for index in range(self.azimuths)]

    def picture_settings(self) -> dict[str, object]:
        """What the pixels depend on; how the work is spread (threads, retries, limits) is left out."""
        execution = {"threads", "timeout_s", "retries", "failures_allowed"}
        settings = self.model_dump(mode="json", exclude=execution)
        if self.source.path is not None:
            settings["source"]["path"] = str(Path(self.source.path).expanduser().absolute())
        del settings["azimuth_list"]
        return settings | {"azimuths": self.azimuths_deg}


class RenderJob(JobSettings):
    """`python -m render`."""

    render: RenderConfig = Field(RenderConfig(), description="what is rendered and how")
