"""The part of a recipe that says what is rendered and how."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from infra.settings import JobSettings, Settings

SourceKind = Literal["parametric", "folder", "shapenet", "sweethome3d", "aubry"]
Axis = Literal["+x", "-x", "+y", "-y", "+z", "-z"]


class SourceConfig(Settings):
    """Where the 3D models come from."""

    kind: SourceKind = Field(
        "parametric",
        description="'parametric': models that Turnery makes itself; 'folder': <path>/<class>/<name>.glb|gltf|obj, "
        "or .yaml for a model that is described; 'shapenet': ShapeNetCore v1 or v2; 'sweethome3d': .sh3f furniture "
        "libraries; 'aubry': folders of the released rendered_chairs pictures",
    )
    path: str | None = Field(
        None, description="folder of the source; for 'sweethome3d' a .sh3f file or a folder of them"
    )
    classes: list[str] = Field([], description="classes to take, in this order; default all there are, by name")
    models_per_class: int | None = Field(None, ge=1, description="models of each class; default 12, of files all")
    twins: dict[str, list[dict[str, Any]]] = Field(
        {},
        description="of drawn models also twins with some properties changed, by class, as "
        "{chair: [{arms: none}, {back: solid}]}; those that differ join the dataset as <model>-arms-none",
    )
    split: Literal["train", "val", "test"] | None = Field(
        None, description="part of ShapeNet's official split to take; default all models"
    )
    split_file: str | None = Field(None, description="CSV of that split; default <path>/all.csv")
    keypoints: str | None = Field(
        None,
        description="KeypointNet's JSON file of a class, such as chair.json: views of ShapeNetCore v2 carry its "
        "keypoints as kp_<semantic id>",
    )
    include: str | None = Field(
        None,
        description="file of model ids, one a line (id, class/id or synset/id), or a CSV with a column 'model' or "
        "'dropped': only these are taken",
    )
    exclude: str | None = Field(None, description="such a file of models that are left out")
    up: Axis | None = Field(None, description="axis that points up in the files; default the source's own, +y")
    front: Axis | None = Field(
        None, description="axis that the models' fronts look along; default the source's own: +z, of ShapeNet -z"
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.kind == "parametric" and self.path is not None:
            raise ValueError(f"path '{self.path}' needs --render.source.kind folder")
        if self.kind != "parametric" and self.twins:
            raise ValueError("twins are of drawn models: they need --render.source.kind parametric")
        if not all(changes for of_class in self.twins.values() for changes in of_class):
            raise ValueError("twins: every change names at least one property, as {arms: none}")
        if self.kind != "shapenet" and (self.split or self.split_file):
            raise ValueError("split is ShapeNet's: it needs --render.source.kind shapenet")
        if self.kind != "shapenet" and self.keypoints:
            raise ValueError("keypoints are KeypointNet's of ShapeNetCore v2: they need --render.source.kind shapenet")
        if self.up and self.front and self.up[1] == self.front[1]:
            raise ValueError(f"up {self.up} and front {self.front} must be different axes")
        return self

    @field_validator("classes")
    @classmethod
    def _plain_names(cls, names: list[str]) -> list[str]:
        bad = [name for name in names if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name)]
        if bad:
            raise ValueError(f"class '{bad[0]}' must be letters, digits, '-' and '_' (it becomes a file name)")
        return names


class LimitsConfig(Settings):
    """What a model file may weigh; one that is over is refused before Blender sees it."""

    file_mb: float = Field(512, gt=0, description="largest model file, unpacked, MB")
    faces: int = Field(10_000_000, ge=1, description="most triangles and polygons a model may draw, instances counted")
    texture_mpx: float = Field(70, gt=0, description="largest texture, megapixels")
    textures: int = Field(256, ge=0, description="most textures of one model")
    archive_mb: float = Field(2048, gt=0, description="most that the files of one model in an archive unpack to, MB")
    archive_members: int = Field(10_000, ge=1, description="most files of one model in an archive")
    archive_ratio: float = Field(300, gt=1, description="most that an archive may unpack to, in sizes of its own")


class RenderConfig(Settings):
    """Views of every model of a source, rendered by Blender's Cycles."""

    source: SourceConfig = Field(SourceConfig(), description="where the 3D models come from")
    size: int = Field(128, ge=16, le=2048, description="width and height of a view, pixels")
    azimuths: int = Field(36, ge=1, le=3600, description="number of azimuths, evenly spaced from 0 degrees")
    azimuth_list: list[float] = Field([], description="azimuths of one's own, degrees, in place of evenly spaced ones")
    elevations: list[float] = Field([0, 10, 20, 30, 40], description="elevations above the horizon, degrees")
    samples: int = Field(8, ge=1, le=4096, description="Cycles samples a pixel")
    denoise: bool = Field(
        True, description="smooth the noise of few samples with Open Image Denoise; outlines stay as they are"
    )
    border: float = Field(
        0.05,
        ge=0,
        lt=0.45,
        description="margin of the picture that a model's largest view just touches, share of size",
    )
    framing: Literal["fill", "diagonal", "sphere"] = Field(
        "fill",
        description="size of a model in its pictures: 'fill' its largest view touches the border; 'diagonal' its "
        "bounding box has diagonal 1, 'sphere' its bounding sphere has diameter 1, and what has touches the border",
    )
    passes: list[Literal["depth", "normal", "position"]] = Field(
        [], description="further pictures beside RGB and mask: depth (16 bit), normals, positions on the model"
    )
    device: Literal["auto", "cpu", "cuda", "optix"] = Field(
        "auto",
        description="what Cycles computes on; a GPU serves one process; auto takes the GPUs of the cluster, if any",
    )
    limits: LimitsConfig = Field(LimitsConfig(), description="what a model file may weigh")
    models_per_shard: int = Field(8, ge=1, description="models in one shard, the unit of work and of loss")
    threads: int | None = Field(
        None, ge=1, description="processors of one Blender process; default 2, or 1 on a machine with one"
    )
    timeout_s: float = Field(300, gt=0, description="time limit for one model, seconds")
    memory_gb: float = Field(8, gt=0, description="memory limit of one Blender process, GB")
    recycle_models: int = Field(50, ge=1, description="models after which a Blender process is replaced")
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
        for younger in ("twins", "keypoints"):  # datasets without these keep the digest they have always had
            if not getattr(self.source, younger):
                del settings["source"][younger]
        return settings | {"azimuths": self.azimuths_deg}


class RenderJob(JobSettings):
    """`python -m render`."""

    render: RenderConfig = Field(RenderConfig(), description="what is rendered and how")
