"""A workspace as a run of the recipe `smoke` leaves it, whole or half made, with digests as the jobs reckon them.

The one idea: pictures and weights are stand-ins, since nobody looks at them here; names, digests and last files are
the real ones, so that the jobs' own functions judge what is done.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evaluate.plan import Planned, places, plan
from evaluate.summary import finished_summary, identity, inputs_digest, own_settings
from infra.settings import digest, parse
from infra.storage import Storage, open_storage
from infra.workspace import open_workspace
from pipeline.config import Recipe
from pipeline.look import look
from pipeline.recorded import expected, record
from pipeline.survey import Standing, survey, trainings_of
from render import sources
from render.catalog import Catalog
from render.dataset import FAILURE_SCHEMA, Manifest, Shard, Style, dataset_digest, read_manifest
from render.finishing import finished_parts, inputs_digest as dataset_inputs
from render.turntables import ShardPart, shard_digest
from train.checkpoint import GeneratorSpec
from train.result import finished_training
from train.state import Checkpoints

RUN = {"uri": "http://mlflow:5000", "experiment": "7", "id": "0123456789abcdef"}


@dataclass
class World:
    """A workspace and the settings that it was made with."""

    workspace: Storage
    recipe: Recipe
    catalog: Catalog
    key: str

    @property
    def folder(self) -> Path:
        return Path(self.workspace.url)

    @property
    def stages(self) -> list[Standing]:
        dataset = expected(self.recipe.render, self.catalog)
        return survey(look(self.workspace), self.recipe, dataset, self.key)

    def states(self) -> dict[str, str]:
        return {each.name: each.state for each in self.stages}

    def whys(self) -> dict[str, str]:
        return {each.name: each.why for each in self.stages if each.state != "done"}

    def found_by_the_jobs(self) -> dict[str, Any]:
        """What the same command would find there, asked of the jobs' own functions."""
        storage, manifest = self.workspace / "dataset", read_manifest(self.workspace / "dataset")
        plans = self.catalog.shards(self.recipe.render.models_per_shard)
        found: dict[str, Any] = {"manifest": manifest and manifest.digest}
        found["shards"] = [part and part.shard for part in finished_parts(plans, self.recipe.render, storage)]
        for each in trainings_of(self.recipe):
            spec = finished_training(each.config, seed=each.seed, workspace=self.workspace)
            found[each.name] = spec and spec.inputs_digest
            found[f"{each.name} goes on from"] = None if spec else self.checkpoints(each).steps()
        for place, _, _, _ in places(plan(self.recipe)):
            found[place] = finished_summary(self.workspace / "evaluation" / place, self._answer_inputs(place))
        return found

    def checkpoints(self, each: Planned) -> Checkpoints:
        """The checkpoints of a training of this recipe, on the dataset that it would come to."""
        folder = each.config.checkpoints_folder(each.seed, self.dataset_digest)
        return Checkpoints(self.workspace / "training" / each.name / folder, "")

    @property
    def dataset_digest(self) -> str:
        return dataset_digest(self.shards())

    def shards(self) -> list[Shard]:
        per_shard = len(self.recipe.render.azimuths_deg) * len(self.recipe.render.elevations)
        return [
            Shard(
                name=f"{each.name}.tar",
                samples=len(each.models) * per_shard,
                bytes=5000,
                sha256=hashlib.sha256(each.name.encode()).hexdigest(),
            )
            for each in self.catalog.shards(self.recipe.render.models_per_shard)
        ]

    def add_shards(self, count: int | None = None) -> None:
        plans = self.catalog.shards(self.recipe.render.models_per_shard)
        for each, shard in list(zip(plans, self.shards(), strict=True))[:count]:
            inputs = shard_digest(each, self.recipe.render)
            part = ShardPart(inputs_digest=inputs, shard=shard, rows=[], models=[], failures=[], blender="4.5")
            self.workspace.write_bytes(f"dataset/shards/{shard.name}", bytes(5000))
            self.workspace.write_bytes(f"dataset/parts/{each.name}.json", part.model_dump_json().encode())

    def add_manifest(self, reasons: list[str] | None = None) -> None:
        models, lost = self.catalog.models, reasons or []
        manifest = Manifest(
            schema_version=1,
            digest=self.dataset_digest,
            inputs_digest=dataset_inputs(self.recipe.render, self.catalog),
            settings=self.recipe.render.picture_settings() | {"device": "cpu"},
            software={},
            size=self.recipe.render.size,
            azimuths_deg=self.recipe.render.azimuths_deg,
            elevations_deg=list(self.recipe.render.elevations),
            classes=self.catalog.classes,
            styles=[Style(id=m.id, class_name=m.class_name, index=i) for i, m in enumerate(models[len(lost) :])],
            shards=self.shards(),
            views=sum(shard.samples for shard in self.shards()),
            failed_models=len(lost),
        )
        rows = [{"model": f"m{i}", "class_name": "chair", "reason": reason} for i, reason in enumerate(lost)]
        table = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema=FAILURE_SCHEMA), table)
        self.workspace.write_bytes("dataset/failures.parquet", table.getvalue())
        self.workspace.write_bytes("dataset/views.parquet", bytes(700))
        self.workspace.write_json("dataset/manifest.json", manifest.model_dump(mode="json"))

    def add_checkpoint(self, each: Planned, step: int, whole: bool = True) -> None:
        place = self.checkpoints(each).storage / f"step-{step:09d}"
        place.write_bytes("state.safetensors", bytes(3000))
        if whole:
            place.write_json("state.json", {"step": step})

    def add_generator(self, each: Planned) -> None:
        config, storage = each.config, self.workspace / "training" / each.name
        for name in ("generator.safetensors", "selection.parquet", "history.csv"):
            storage.write_bytes(name, bytes(900))
        spec = GeneratorSpec(
            name=each.name,
            architecture=config.architecture,
            size=config.size,
            width=config.width,
            styles=[model.id for model in self.catalog.models],
            style_classes=[model.class_name for model in self.catalog.models],
            dataset_digest=self.dataset_digest,
            steps=config.steps,
            inputs_digest=config.inputs_digest(each.seed, self.dataset_digest),
            final={"step": config.steps, "psnr_db": 21.5},
            recipe={**self.recipe.experiment(), "train": config.model_dump(mode="json")},
        )
        storage.write_json("run.json", RUN)
        storage.write_json("generator.json", spec.model_dump(mode="json"))

    def add_answers(self, count: int | None = None) -> None:
        for place, question, seed, roles in list(places(plan(self.recipe)))[:count]:
            specs = {role: self.spec(each.name) for role, each in roles.items()}
            summary = {"question": question, "inputs_digest": self._answer_inputs(place), "metrics": {}, "seed": seed}
            summary["settings"] = own_settings(question, self.recipe.evaluate)
            summary["generators"] = {role: identity(spec) for role, spec in specs.items()}
            self.workspace.write_bytes(f"evaluation/{place}/figure.png", bytes(400))
            self.workspace.write_json(f"evaluation/{place}/summary.json", summary)

    def add_end(self) -> None:
        self.workspace.write_bytes("report.html", b"<html>")
        self.workspace.write_json("result.json", {"key": self.key, "run": RUN["id"], "metrics": {}})

    def spec(self, name: str) -> GeneratorSpec:
        return GeneratorSpec.model_validate(self.workspace.read_json(f"training/{name}/generator.json"))

    def record(self) -> None:
        record(self.workspace, self.recipe, expected(self.recipe.render, self.catalog), self.key, RUN)

    def changed(self, *options: str) -> World:
        """The same workspace, and a run of other settings."""
        return world_in(self.folder, *options)

    def digest_of(self, names: list[str]) -> str:
        return digest([[name, hashlib.sha256(self.workspace.read_bytes(name)).hexdigest()] for name in sorted(names)])

    def _answer_inputs(self, place: str) -> str:
        question, seed, roles = next((q, s, r) for p, q, s, r in places(plan(self.recipe)) if p == place)
        try:
            specs = {role: self.spec(each.name) for role, each in roles.items()}
        except FileNotFoundError:
            return "no generator"
        return inputs_digest(question, self.recipe.evaluate, seed, specs)


def world_in(folder: Path, *options: str) -> World:
    """The recipe `smoke` in a folder, of which nothing is made yet but the mark."""
    recipe = parse(Recipe, ["--recipe", "smoke", "--workspace", str(folder), *options], "run")
    catalog = sources.catalog(recipe.render.source, recipe.seed)
    key = digest({"recipe": recipe.experiment(), "catalog": catalog.digest(), "tracking": tracking_of(folder)})
    return World(open_workspace(recipe), recipe, catalog, key)


def tracking_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'mlflow.db'}"


def finished_world(folder: Path, *options: str) -> World:
    """Everything of a finished run."""
    world = world_in(folder, *options)
    world.record()
    world.add_shards()
    world.add_manifest()
    for each in trainings_of(world.recipe):
        world.add_generator(each)
    world.add_answers()
    world.add_end()
    return world


def half_world(folder: Path) -> World:
    """A run that was killed while it trained, at step 30 of 60."""
    world = world_in(folder)
    world.record()
    world.add_shards()
    world.add_manifest()
    world.add_checkpoint(trainings_of(world.recipe)[0], 30)
    return world


def copied(world: World, url: str) -> Storage:
    """A world's files in another storage."""
    storage = open_storage(url)
    for path in (path for path in world.folder.rglob("*") if path.is_file()):
        storage.write_bytes(path.relative_to(world.folder).as_posix(), path.read_bytes())
    return storage


def journal_line(**fields: Any) -> bytes:
    """A line of a journal."""
    return (json.dumps(fields) + "\n").encode()
