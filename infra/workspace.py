"""One workspace holds everything of a run: where it is, and whose it is."""

from __future__ import annotations

from pathlib import Path

from infra.cluster import in_ray_job
from infra.errors import UserError
from infra.settings import JobSettings
from infra.storage import Storage, open_storage
from infra.storage.base import json_bytes

MARK = "workspace.json"


def place_of(job: JobSettings) -> Storage:
    """Where a job's workspace is; nothing is touched.

    By default `workspace/<recipe>` in this folder, and in the home folder for a Ray job, whose own folder is
    Ray's and goes.
    """
    base = Path.home() / "turnery" if in_ray_job() else Path("workspace")
    return open_storage(job.workspace or base / job.name)


def open_workspace(job: JobSettings) -> Storage:
    """The workspace of a job, writable and marked with its recipe's name.

    Raises `UserError` when it cannot be written or belongs to another recipe.
    """
    storage = place_of(job)
    storage.check_writable()
    if not storage.create(MARK, json_bytes({"recipe": job.name})):
        check_owner(storage, job)
    return storage


def check_owner(storage: Storage, job: JobSettings) -> None:
    """Raise `UserError` when a workspace that is there belongs to another recipe, or nobody can tell."""
    if not storage.exists(MARK):
        return
    try:
        owner = storage.read_json(MARK)["recipe"]
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{storage.url}/{MARK} is damaged; remove it, or choose another --workspace") from None
    if owner != job.name:
        raise UserError(f"{storage.url} was made by recipe '{owner}', not '{job.name}'; choose another --workspace")
