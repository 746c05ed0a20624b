"""The train part of a recipe: which views to learn from, which network, and how it learns.

The one idea: settings that change the result are inputs and make the digest of the stage; settings that only
say where and how often (workers, checkpoints, reports) are not, so changing them never throws a training
away.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from infra.settings import JobSettings, Settings, digest
from train.architectures import ArchitectureName, NetworkSpec, Size

CODE_VERSION = 2
"""Raised whenever the same settings would give another generator, so that old results are made anew."""

Over = Literal["sum", "mean"]
Schedule = Literal["paper", "cosine", "linear", "constant"]
Precision = Literal["auto", "fp32", "bf16"]
Device = Literal["auto", "cpu", "cuda"]
Place = Literal["auto", "device", "node", "parts"]
Accelerate = Literal["auto", "eager", "graph", "compile"]

_EXECUTION = {
    *("workers", "min_workers", "wait_s", "threads", "device", "samples", "accelerate", "max_failures"),
    *("checkpoint_seconds", "checkpoint_steps", "keep_checkpoints"),
    *("report_every", "preview_every", "registry"),
}


class FewViewsConfig(Settings):
    """Target styles that are shown from a few sides only (section 5.2); their other views are split `unseen`."""

    share: float = Field(0.1, gt=0, le=1, description="share of the models of each class that are targets, by the seed")
    views: int = Field(8, ge=1, description="views of each target to learn from, spread evenly over its views")
    everywhere: bool = Field(
        False, description="show the other models from as few sides too: the paper's 'no transfer'"
    )


class SelectConfig(Settings):
    """Which views of the dataset to learn from; what is held out of the chosen styles is split `unseen`."""

    classes: tuple[str, ...] | None = Field(None, description="classes to learn, by name; default all", min_length=1)
    models_per_class: int | None = Field(
        None, ge=1, description="models of each class to learn, drawn by the seed; default all"
    )
    include: tuple[str, ...] = Field((), description="ids of models to learn, or patterns such as 's0n*'; default all")
    exclude: tuple[str, ...] = Field((), description="ids or patterns of models that are left out altogether")
    azimuths_deg: tuple[float, ...] | None = Field(
        None, description="azimuths in degrees to use, of the dataset's grid; default all", min_length=1
    )
    elevations_deg: tuple[float, ...] | None = Field(
        None, description="elevations in degrees to use, of the dataset's grid; default all", min_length=1
    )
    class_elevations_deg: dict[str, tuple[float, ...]] = Field(
        {}, description="elevations in degrees to learn a class from, by class; its others are split 'unseen'"
    )
    few: FewViewsConfig | None = Field(None, description="models that are shown from a few sides only; default none")
    holdout_every_azimuth: int = Field(
        0,
        ge=0,
        le=360,
        description="leave out every n-th azimuth of the grid as split 'unseen'; 0 leaves out none",
    )

    @model_validator(mode="after")
    def _something_is_left(self) -> SelectConfig:
        if self.holdout_every_azimuth == 1:
            raise ValueError("holdout_every_azimuth 1 leaves nothing to learn from; 2 or more, or 0 for none")
        return self


class TrainConfig(Settings):
    """How a generator learns (paper, sections 3 and 4.1, are the defaults; recipes make it smaller)."""

    name: str = Field(
        "generator",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="name of the training, a folder below training/",
    )
    select: SelectConfig = Field(SelectConfig(), description="which views to learn from")

    architecture: ArchitectureName = Field("1s-S-deep", description="network of the paper's Table 1")
    size: Size = Field(128, description="side of the picture in pixels")
    width: float = Field(
        1.0, ge=0.05, le=4, description="factor on the channels of all maps; fully connected layers get its square root"
    )

    steps: int = Field(500_000, ge=1, description="iterations, one batch each")
    batch: int = Field(128, ge=1, le=65_536, description="views in a batch, over all workers")
    learning_rate: float = Field(5e-4, gt=0, le=1, description="Adam's learning rate at its highest")
    schedule: Schedule = Field(
        "paper",
        description="how the learning rate falls: paper (halved at 0.5, 0.7 and 0.9 of the steps), cosine or "
        "linear (to zero), constant",
    )
    warmup: float = Field(0.0, ge=0, le=0.5, description="share of the steps over which the rate rises from zero")
    average: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="decay of the running average of the weights that becomes the result; 0 is off",
    )
    mask_weight: float | None = Field(
        None,
        ge=0,
        description="weight of the mask's loss; default the paper's: 100 (softmax), 0.1 (squared error)",
    )
    chroma_weight: float = Field(
        1.0,
        ge=1,
        le=100,
        description="weight of errors in colour against errors in brightness; 1 is the paper's plain squared distance, "
        "more teaches hues sooner in short trainings",
    )
    rgb_over: Over = Field("sum", description="squared distance of RGB over a picture, summed or averaged")
    mask_over: Over | None = Field(
        None,
        description="the mask's loss over a picture, summed or averaged; default mean (softmax), sum (squared error)",
    )
    variational: bool = Field(
        False, description="infer a random z in place of the style's FC2 (Appendix A), so that new styles can be drawn"
    )
    divergence_weight: float = Field(
        1.0, ge=0, description="beta: weight of the divergence of a variational network's z from the prior, per nat"
    )
    augment: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="strength of the random transformations: 1 is the ranges of the paper, 0 is off"
    )
    precision: Precision = Field("auto", description="auto takes bf16 where the processor computes it natively")

    workers: int = Field(1, ge=1, le=4096, description="training processes; the global batch is split among them")
    min_workers: int | None = Field(
        None,
        ge=1,
        description="fewest workers to start and go on with; by default a start needs all of train.workers, and after "
        "a loss one is enough",
    )
    wait_s: float = Field(
        0.0,
        ge=0,
        description="seconds to wait for nodes that workers need, on a cluster that grows when it is asked; with 0 "
        "what is there must do",
    )
    threads: int | None = Field(
        None, ge=1, description="threads of a worker; default the node's processors over its workers"
    )
    device: Device = Field("auto", description="auto takes CUDA where the cluster has enough GPUs for the workers")
    samples: Place = Field(
        "auto",
        description="where decoded samples live: device (all on the GPU), node (a file that its workers map), parts (a "
        "share on each node, for sets beyond a node; other numbers of nodes then see other batches); auto goes by room",
    )
    accelerate: Accelerate = Field(
        "auto",
        description="how a step is run: eager, graph (recorded once and replayed, on one CUDA worker), compile (losses "
        "and transformations fused, then as graph); auto is graph on one CUDA worker, else eager",
    )
    checkpoint_seconds: float = Field(60, gt=0, description="seconds between checkpoints, at most")
    checkpoint_steps: int | None = Field(
        None, ge=1, description="steps between checkpoints, at most (up to the next report); default by time alone"
    )
    keep_checkpoints: int = Field(3, ge=1, description="checkpoints kept while training, the newest")
    report_every: int = Field(25, ge=1, description="steps between reports of loss and speed")
    preview_every: int = Field(250, ge=1, description="steps between preview pictures in MLflow")
    registry: str | None = Field(
        None,
        description="name under which MLflow registers the generator, with the alias 'current'; default not at all",
    )
    max_failures: int = Field(
        3, ge=0, description="how often in a row, with no new checkpoint between, a training goes on after a fault"
    )

    @model_validator(mode="after")
    def _workers_fit(self) -> TrainConfig:
        if self.min_workers is not None and self.min_workers > self.workers:
            raise ValueError(f"min_workers {self.min_workers} is more than workers {self.workers}; lower one of them")
        if self.batch < self.workers:
            raise ValueError(f"batch {self.batch} leaves some of {self.workers} workers without a view; raise it")
        return self

    @property
    def workers_to_start(self) -> int:
        """Workers that the cluster must hold when a training begins."""
        return self.min_workers or self.workers

    def network(self, styles: int) -> NetworkSpec:
        """The network that these settings ask for, for that many styles."""
        return NetworkSpec(
            architecture=self.architecture,
            size=self.size,
            width=self.width,
            styles=styles,
            variational=self.variational,
        )

    def inputs(self) -> dict[str, Any]:
        """The settings that change the result, as plain data."""
        return {"code_version": CODE_VERSION, **self.model_dump(mode="json", exclude=_EXECUTION)}

    def inputs_digest(self, seed: int, dataset_digest: str) -> str:
        """Digest of all that decides what a training makes: its settings, the seed and the dataset."""
        return digest({"train": self.inputs(), "seed": seed, "dataset": dataset_digest})

    def checkpoints_folder(self, seed: int, dataset_digest: str) -> str:
        """Name of the folder beside the generator that holds its checkpoints."""
        return f"checkpoints-{self.inputs_digest(seed, dataset_digest)[:16]}"


class TrainJob(JobSettings):
    """Settings of `python -m train`: a dataset in the workspace becomes a generator."""

    train: TrainConfig = Field(TrainConfig(), description="how a generator learns")
