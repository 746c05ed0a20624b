"""The report: one self-contained page with the pictures first, then numbers, training, dataset and settings.

The one idea: the page is drawn from the files of a workspace alone, so it can be made again at any time, and
a part that is not there yet leaves its section out.
"""

from __future__ import annotations

import base64
import importlib.metadata
import io
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import pandas as pd
from markupsafe import Markup
from PIL import Image

from infra.settings import flatten
from infra.storage import Storage
from pipeline.report_numbers import Table, metrics_table, shown, training_chart
from render.dataset import FAILURES, Manifest, read_manifest
from train.checkpoint import SPEC_FILE, GeneratorSpec

QUESTIONS = {"reconstruction": "Reconstruction", "morph": "Morphs", "correspondence": "Correspondence"}
"""Titles of questions, in the order of the page; others follow by name."""
_TEMPLATES = Path(__file__).parent / "templates"
_VERSIONS = ("bpy", "ray", "torch", "mlflow", "numpy")
_MIME = {".png": "image/png", ".gif": "image/gif", ".jpg": "image/jpeg"}
_WIDE_PX = 900


@dataclass(frozen=True)
class Picture:
    """A figure, inlined: a data URI and its size in pixels."""

    uri: str
    width: int
    height: int
    title: str
    caption: str = ""

    @property
    def alt(self) -> str:
        """What stands for the picture when it is not seen."""
        return f"{self.title}. {self.caption}".strip()

    @property
    def wide(self) -> bool:
        """Whether it takes the whole width of the page."""
        return self.width >= _WIDE_PX


@dataclass
class Section:
    """A question with its answer."""

    anchor: str
    title: str
    text: str
    figures: list[Picture]
    table: Table | None
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Training:
    """A trained generator: its curve as SVG and what there is to know of it."""

    name: str
    architecture: str
    chart: Markup
    facts: list[tuple[str, str]]


def write_report(
    workspace: Storage,
    *,
    title: str,
    settings: Mapping[str, Any],
    tracking_uri: str | None = None,
    facts: Mapping[str, str] | None = None,
) -> str:
    """Write `report.html` into the workspace and return its URL.

    `settings` is the recipe as plain nested data; `facts` are further lines on the run (times, ids, losses).
    """
    page = report_page(workspace, title, settings, tracking_uri, facts or {})
    workspace.write_bytes("report.html", page.encode())
    return f"{workspace.url}/report.html"


def report_page(
    workspace: Storage,
    title: str,
    settings: Mapping[str, Any],
    tracking_uri: str | None,
    facts: Mapping[str, str],
) -> str:
    """The page as HTML."""
    manifest = read_manifest(workspace / "dataset")
    sections = [_section(workspace / "evaluation", name) for name in _answered(workspace)]
    trainings = [_training(workspace / "training", name) for name in _trained(workspace)]
    hero = [figure for section in sections for figure in section.figures if figure.uri.startswith("data:image/gif")]
    for section in sections:
        section.figures = [figure for figure in section.figures if figure not in hero]
    metrics = {key: value for section in sections for key, value in section.metrics.items()}
    contents = [(section.anchor, section.title) for section in sections]
    contents += [("training", "Training")] if trainings else []
    contents += [("dataset", "Dataset")] if manifest else []
    contents += [("settings", "Settings")] if settings else []
    return _template().render(
        title=title,
        lede=_lede(manifest, trainings),
        contents=[*contents, ("run", "This run")],
        hero=hero,
        stats=_stats(metrics),
        questions=sections,
        trainings=trainings,
        dataset={"facts": _dataset_facts(manifest), "sheets": _sheets(workspace)} if manifest else None,
        settings=_grouped(settings),
        facts=[*facts.items(), *_run_facts(workspace, tracking_uri)],
        commands=_commands(tracking_uri),
    )


def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2")


def _json(storage: Storage, name: str) -> dict[str, Any]:
    if not storage.exists(name):
        return {}
    loaded = storage.read_json(name)
    return loaded if isinstance(loaded, dict) else {}


def _answered(workspace: Storage) -> list[str]:
    found = [name.rpartition("/")[0] for name in (workspace / "evaluation").list("summary.json")]
    order = list(QUESTIONS)
    return sorted(filter(None, found), key=lambda name: (order.index(name) if name in order else len(order), name))


def _trained(workspace: Storage) -> list[str]:
    found = (name.rpartition("/")[0] for name in (workspace / "training").list(SPEC_FILE))
    return sorted(filter(None, found))


def _section(evaluation: Storage, name: str) -> Section:
    folder = evaluation / name
    summary = _json(folder, "summary.json")
    question = str(summary.get("question", name))
    metrics = {str(key): float(value) for key, value in summary.get("metrics", {}).items()}
    figures = [
        _picture(folder, figure["file"], figure.get("title", name), figure.get("caption", ""))
        for figure in summary.get("figures", [])
        if folder.exists(figure["file"])
    ]
    title = QUESTIONS.get(question, question.replace("_", " ").capitalize())
    return Section(
        f"question-{name.replace('/', '-')}",
        title,
        summary.get("text", ""),
        figures,
        metrics_table(question, metrics),
        metrics,
    )


def _picture(folder: Storage, name: str, title: str, caption: str = "") -> Picture:
    data = folder.read_bytes(name)
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    mime = _MIME[Path(name).suffix.lower()]
    return Picture(f"data:{mime};base64,{base64.b64encode(data).decode()}", width, height, title, caption)


def _stats(metrics: Mapping[str, float]) -> list[dict[str, Any]]:
    stats = []
    for split, words in (("train", "training views"), ("unseen", "unseen views")):
        for name, label, unit in (("psnr_db", "PSNR", "dB"), ("mask_iou", "Mask IoU", "")):
            value = metrics.get(f"eval/reconstruction/{split}/{name}")
            if value is not None:
                text = {"name": f"{label}, {words}", "value": shown(name, value), "unit": unit}
                stats.append({**text, "unseen": split == "unseen"})
    return stats


def _training(training: Storage, name: str) -> Training:
    folder = training / name
    spec = GeneratorSpec.model_validate_json(folder.read_bytes(SPEC_FILE))
    history = pd.read_csv(folder.fetch("history.csv")) if folder.exists("history.csv") else pd.DataFrame()
    facts: list[tuple[str, object]] = [
        ("Network", f"{spec.architecture}, width × {spec.width:g}"),
        ("Pictures", f"{spec.size} × {spec.size} pixels"),
        ("Styles", len(spec.styles)),
        ("Steps", spec.steps),
        ("Augmentation", f"{spec.augment:g} of the paper's ranges" if spec.augment else "none"),
    ]
    if "images_per_s" in history:
        facts.append(("Speed", f"{history['images_per_s'].median():,.0f} pictures a second"))
    chart = Markup(training_chart(history))  # markup of our own making, from numbers alone
    return Training(name, spec.architecture, chart, _present(facts))


def _dataset_facts(manifest: Manifest) -> list[tuple[str, str]]:
    counts = Counter(style.class_name for style in manifest.styles)
    elevations = ", ".join(f"{angle:g}°" for angle in manifest.elevations_deg)
    megabytes = sum(shard.bytes for shard in manifest.shards) / 1e6
    failed = f"{manifest.failed_models:,} of the models, see {FAILURES}" if manifest.failed_models else None
    return _present(
        [
            ("Models", ", ".join(f"{counts[name]:,} {name}" for name in manifest.classes)),
            ("Views", manifest.views),
            ("Pictures", f"{manifest.size} × {manifest.size} pixels"),
            ("Azimuths", len(manifest.azimuths_deg)),
            ("Elevations", elevations),
            ("Shards", f"{len(manifest.shards):,}, {megabytes:,.1f} MB in all"),
            ("Not rendered", failed),
            ("Digest", manifest.digest),
            ("Rendered with", ", ".join(f"{name} {version}" for name, version in manifest.software.items())),
        ]
    )


def _sheets(workspace: Storage) -> list[Picture]:
    preview = workspace / "dataset" / "preview"
    return [_picture(preview, name, Path(name).stem.replace("_", " ")) for name in preview.list(".png")]


def _lede(manifest: Manifest | None, trainings: Sequence[Training]) -> str:
    parts = []
    if manifest:
        classes = " and ".join(filter(None, (", ".join(manifest.classes[:-1]), manifest.classes[-1])))
        parts.append(f"{len(manifest.styles):,} models ({classes}), {manifest.views:,} rendered views")
    if trainings:
        parts.append(f"drawn again by {', '.join(sorted({training.architecture for training in trainings}))}")
    return ", ".join(parts) + "." if parts else "Nothing is made yet."


def _grouped(settings: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    plain = [(key, _text(value)) for key, value in settings.items() if not isinstance(value, Mapping)]
    groups = [("general", plain)] if plain else []
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            groups.append((name, [(key, _text(each)) for key, each in flatten(value).items()]))
    return groups


def _text(value: object) -> str:
    if value is None or value == {}:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) or not isinstance(value, Iterable):
        return str(value)
    return ", ".join(_text(item) for item in value) or "–"


def _run_facts(workspace: Storage, tracking_uri: str | None) -> list[tuple[str, str]]:
    facts = [("Workspace", workspace.url)]
    if tracking_uri and urlsplit(tracking_uri).scheme in ("http", "https"):
        facts.append(("MLflow", _without_password(tracking_uri)))
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {importlib.metadata.version(name)}" for name in _VERSIONS]
    return [
        *facts,
        ("Versions", ", ".join(versions)),
        ("Machine", f"{platform.system()} {platform.machine()}"),
    ]


def _commands(tracking_uri: str | None) -> list[tuple[str, str]]:
    if not tracking_uri or urlsplit(tracking_uri).scheme in ("http", "https"):
        return []
    own = ".venv/bin/mlflow"  # from the repository's root, without activating anything
    program = own if (Path(__file__).parents[1] / own).exists() else "mlflow"
    return [("Open MLflow", f"{program} ui --backend-store-uri '{_without_password(tracking_uri)}'")]


def _without_password(uri: str) -> str:
    parts = urlsplit(uri)
    return uri.replace(f":{parts.password}@", ":…@") if parts.password else uri


def _present(facts: Iterable[tuple[str, object]]) -> list[tuple[str, str]]:
    return [
        (name, f"{value:,}" if isinstance(value, int) else str(value))
        for name, value in facts
        if value not in (None, "")
    ]
