"""The report: one self-contained page with the pictures first, then claims, answers, trainings, dataset and settings.

The one idea: the page is drawn from the files of a workspace alone, so it can be made again at any time, and
a part that is not there yet leaves its section out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from evaluate.claims import Claim, read_claims
from evaluate.verdicts import tally
from infra.storage import Storage
from pipeline.report_answers import Picture, beside_published, moving_first, picture, sections
from pipeline.report_claims import claim_row, in_papers_order
from pipeline.report_numbers import shown
from pipeline.report_run import commands, present, run_facts, run_link, settings_groups
from pipeline.report_trainings import Training, comparison_chart, trainings
from render.dataset import FAILURES, Manifest, read_manifest

_TEMPLATES = Path(__file__).parent / "templates"
_OWN_TABLES = ("claims", "published")
"""Of the recipe's evaluate section, shown in tables of their own."""


def write_report(
    workspace: Storage, *, title: str, settings: Mapping[str, Any], run: Mapping[str, str] | None = None
) -> str:
    """Write `report.html` into the workspace and return its URL.

    `settings` is the recipe as plain nested data; `run` is the address of the MLflow run (`Run.address`).
    """
    workspace.write_bytes("report.html", report_page(workspace, title, settings, run).encode())
    return f"{workspace.url}/report.html"


def report_page(workspace: Storage, title: str, settings: Mapping[str, Any], run: Mapping[str, str] | None) -> str:
    """The page as HTML."""
    asked: Mapping[str, Any] = settings.get("evaluate", {})
    manifest = read_manifest(workspace / "dataset")
    claims = in_papers_order(read_claims(workspace / "evaluation"))
    answers = sections(workspace, claims, asked.get("seeds", ()))
    trained = trainings(workspace, settings.get("train", {}).get("name", ""), answers)
    hero = moving_first(answers)
    published = beside_published(asked.get("published", {}), answers, claims)
    contents = [("claims", "Claims")] if claims else []
    contents += [("published", "Beside the paper")] if published else []
    contents += [(section.anchor, section.title) for section in answers]
    contents += [("training", "Training")] if trained else []
    contents += [("dataset", "Dataset")] if manifest else []
    contents += [("settings", "Settings")] if settings else []
    metrics = {key: value for section in answers for key, value in section.metrics.items()}
    evaluated = {key: value for key, value in asked.items() if key not in _OWN_TABLES}
    return _template().render(
        title=title,
        lede=_lede(manifest, trained),
        contents=[*contents, ("run", "This run")],
        hero=hero,
        stats=_stats(metrics, claims),
        tally=tally(claims),
        claims=[claim_row(claim) for claim in claims],
        published=published,
        questions=answers,
        trainings=trained,
        comparison=comparison_chart(trained),
        dataset={"facts": _dataset_facts(manifest), "sheets": _sheets(workspace)} if manifest else None,
        settings=settings_groups({**settings, "evaluate": evaluated} if asked else settings),
        run=run_link(run),
        facts=run_facts(workspace),
        commands=commands(run),
    )


def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2")


def _stats(metrics: Mapping[str, float], claims: Sequence[Claim]) -> list[dict[str, Any]]:
    stats: list[dict[str, Any]] = []
    if claims:
        held = sum(claim.claim_holds == "holds" for claim in claims)
        stats.append({"name": "Claims that hold", "value": str(held), "unit": f"of {len(claims)}", "unseen": False})
    for split, words in (("train", "training views"), ("unseen", "unseen views")):
        for name, label, unit in (("psnr_db", "PSNR", "dB"), ("mask_iou", "Mask IoU", "")):
            value = metrics.get(f"eval/reconstruction/{split}/{name}")
            if value is not None:
                text = {"name": f"{label}, {words}", "value": shown(name, value), "unit": unit}
                stats.append({**text, "unseen": split == "unseen"})
    return stats


def _dataset_facts(manifest: Manifest) -> list[tuple[str, str]]:
    counts = Counter(style.class_name for style in manifest.styles)
    elevations = ", ".join(f"{angle:g}°" for angle in manifest.elevations_deg)
    megabytes = sum(shard.bytes for shard in manifest.shards) / 1e6
    failed = f"{manifest.failed_models:,} of the models, see {FAILURES}" if manifest.failed_models else None
    return present(
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
    return [picture(preview, name, Path(name).stem.replace("_", " ")) for name in preview.list(".png")]


def _lede(manifest: Manifest | None, trained: Sequence[Training]) -> str:
    parts = []
    if manifest:
        classes = " and ".join(filter(None, (", ".join(manifest.classes[:-1]), manifest.classes[-1])))
        parts.append(f"{len(manifest.styles):,} models ({classes}), {manifest.views:,} rendered views")
    if trained:
        parts.append(f"drawn again by {', '.join(sorted({each.spec.architecture for each in trained}))}")
    return ", ".join(parts) + "." if parts else "Nothing is made yet."
