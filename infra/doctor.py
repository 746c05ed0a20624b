"""`make doctor`: looks at everything a run stands on and prints a table of what it found and how to mend it.

The one idea: a check is a small function that returns `Check` rows and never raises. Nothing but the standard
library is imported at the top, so the doctor also works where nothing is installed yet, and says so.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infra import preflight
from infra.credentials import refuse_credentials, refuse_credentials_of_endpoints
from infra.errors import UserError

OK, WARNING, MISSING = "OK", "warning", "missing"
TIMEOUT_S = 5.0
GIB = preflight.GIB


@dataclass(frozen=True)
class Check:
    """One row: what was looked at, its state, what was found, and how to mend it (empty: nothing to do)."""

    name: str
    state: str
    found: str
    mend: str = ""


def check_python() -> list[Check]:
    """The interpreter itself."""
    problem = preflight.python_problem()
    found = f"{platform.python_version()} at {sys.executable}"
    return [Check("Python", MISSING, found, problem) if problem else Check("Python", OK, found)]


def check_libraries() -> list[Check]:
    """The system libraries that Blender loads."""
    problem = preflight.machine_problem() or preflight.libraries_problem()
    if problem:
        found, _, mend = problem.partition(": ")
        return [Check("System libraries", MISSING, found, mend)]
    return [Check("System libraries", OK, f"all {len(preflight.BLENDER_LIBRARIES)} that Blender loads")]


def check_packages(constraints: Path | None = None) -> list[Check]:
    """Installed packages against the pinned ones. A build tag (torch's +cpu, +cu130) does not count."""
    pinned = pinned_versions(preflight.ROOT / "constraints.txt" if constraints is None else constraints)
    missing, other = [], []
    for name, version in pinned.items():
        try:
            installed = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if installed != version:
            other.append(f"{name} {installed} (pinned {version})")
    if missing:
        some = ", ".join(missing[:4]) + (", ..." if len(missing) > 4 else "")
        return [Check("Packages", MISSING, f"{len(missing)} of {len(pinned)} not installed: {some}", "make setup")]
    if other:
        some = ", ".join(other[:3]) + (", ..." if len(other) > 3 else "")
        return [Check("Packages", WARNING, f"{len(other)} at other versions: {some}", "make clean setup")]
    return [Check("Packages", OK, f"all {len(pinned)} at their pinned versions")]


def pinned_versions(constraints: Path) -> dict[str, str]:
    """`{package: version}` of a constraints file."""
    lines = (line.partition("#")[0].strip() for line in constraints.read_text().splitlines())
    return dict(line.split("==", 1) for line in lines if line)


def check_blender() -> list[Check]:
    """Whether bpy imports, tried in a process of its own."""
    try:
        importlib.metadata.version("bpy")
    except importlib.metadata.PackageNotFoundError:
        return [Check("Blender", MISSING, "bpy is not installed", "make setup")]
    command = [sys.executable, "-c", "import bpy; print(bpy.app.version_string)"]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return [Check("Blender", MISSING, "bpy did not import within two minutes", "try again on an idle machine")]
    if child.returncode == 0:
        return [Check("Blender", OK, f"{child.stdout.split()[0]}, bpy imports")]
    reason = (child.stderr.strip().splitlines() or [f"exit status {child.returncode}"])[-1]
    mend = preflight.libraries_problem() or "make clean setup"
    return [Check("Blender", MISSING, reason, mend.rpartition(": ")[2])]


def check_processor() -> list[Check]:
    """Cores that this process may use, and whether the CPU multiplies bf16 itself."""
    cores = preflight.usable_cores()
    flags = preflight.processor_flags()
    bf16 = sorted(flags & {"avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16"})
    found = f"{cores} core{'s' if cores != 1 else ''}, " + (f"bf16 by {bf16[0]}" if bf16 else "no bf16 instructions")
    if cores < 2:
        return [Check("Processor", WARNING, found, "two cores or more make the demo's eight minutes")]
    return [Check("Processor", OK, found)]


def check_memory() -> list[Check]:
    """Memory, and the shared memory that Ray keeps its objects in."""
    memory = preflight.memory_bytes()
    rows = []
    if problem := preflight.memory_problem():
        rows.append(Check("Memory", MISSING, f"{memory / GIB:.1f} GiB", problem.rpartition(": ")[2]))
    else:
        rows.append(Check("Memory", OK, f"{memory / GIB:.1f} GiB" if memory else "unknown"))
    if sys.platform == "linux":
        rows.append(check_shared_memory(Path("/dev/shm"), memory))
    return rows


def check_shared_memory(folder: Path, memory: int) -> Check:
    """Ray's object store wants up to 30 % of the memory there, and turns to the slower disk without it."""
    if not folder.is_dir():
        return Check("Shared memory", WARNING, f"no {folder}", "mount a tmpfs there; Ray is slower without")
    free = shutil.disk_usage(folder).free
    found = f"{free / GIB:.1f} GiB free in {folder}"
    if free < min(2 * GIB, 0.3 * memory):
        return Check("Shared memory", WARNING, found, "docker run --shm-size=2g; Ray is slower without")
    return Check("Shared memory", OK, found)


def check_disk(workspace: str | None = None) -> list[Check]:
    """Room for datasets and checkpoints where the workspace will be, and the right to write there."""
    if workspace and "://" in workspace:
        return []
    folder = Path(workspace).expanduser().absolute() if workspace else preflight.ROOT / "workspace"
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / GIB
    found = f"{free:.0f} GiB free in {folder}"
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return [Check("Disk", MISSING, f"{folder}: {error.strerror}", "--workspace with a folder you may write")]
    if free < 2:
        return [Check("Disk", WARNING, found, "free some room: a dataset of a million views takes tens of GiB")]
    return [Check("Disk", OK, found)]


def check_gpu() -> list[Check]:
    """GPUs that torch sees. None is fine, unless the machine has one and torch was built without."""
    driver = shutil.which("nvidia-smi") is not None
    try:
        import torch
    except ImportError:
        return [Check("GPU", WARNING, "unknown, torch is not installed", "make setup")]
    if torch.cuda.is_available():
        cards = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
        names = ", ".join(f"{card.name} {card.total_memory / GIB:.0f} GiB" for card in cards)
        return [Check("GPU", OK, f"{names} (torch {torch.__version__})")]
    if driver:
        mend = "install a CUDA build of torch: pip install --force-reinstall torch from its CUDA index"
        return [Check("GPU", WARNING, f"the machine has one, torch {torch.__version__} does not see it", mend)]
    return [Check("GPU", OK, "none; training uses the processor")]


def check_ray() -> list[Check]:
    """Ray's version; nothing is started."""
    try:
        version = importlib.metadata.version("ray")
    except importlib.metadata.PackageNotFoundError:
        return [Check("Ray", MISSING, "not installed", "make setup")]
    address = os.environ.get("RAY_ADDRESS")
    return [Check("Ray", OK, f"{version}, " + (f"cluster {address}" if address else "on this machine"))]


def check_s3(workspace: str | None, environment: Mapping[str, str]) -> list[Check]:
    """The bucket of an s3:// workspace, or the credentials alone where only those are set."""
    bucket = urlsplit(workspace).netloc if workspace and workspace.startswith("s3://") else ""
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    if not (bucket or endpoint or environment.get("AWS_ACCESS_KEY_ID") or environment.get("AWS_PROFILE")):
        return []
    try:
        refuse_credentials(workspace or "", "the workspace's URL")
        refuse_credentials_of_endpoints(environment)
    except UserError as error:
        return [Check("S3", MISSING, *_halves(error))]
    where = f"s3://{bucket}" if bucket else "S3"
    where += f" at {endpoint}" if endpoint else ""
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        return [Check("S3", MISSING, f"{where}: boto3 is not installed", "make setup")]
    config = Config(connect_timeout=TIMEOUT_S, read_timeout=TIMEOUT_S, retries={"total_max_attempts": 1})
    try:
        client = boto3.Session().client("s3", endpoint_url=endpoint, config=config)
        if bucket:
            client.head_bucket(Bucket=bucket)
        else:
            client.list_buckets()
    except ClientError as error:
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return [Check("S3", *_s3_refusal(where, bucket, status))]
    except (BotoCoreError, ValueError) as error:
        mend = "check AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION"
        return [Check("S3", MISSING, f"{where}: {_one_line(error)}", mend)]
    return [Check("S3", OK, f"{where} answers")]


def _s3_refusal(where: str, bucket: str, status: int) -> tuple[str, str, str]:
    if status == 404:
        return MISSING, f"{where}: no such bucket", f"aws s3 mb s3://{bucket}"
    if status in (401, 403) and not bucket:
        return OK, f"{where} answers (it does not list buckets)", ""
    if status in (400, 401, 403):
        return (
            MISSING,
            f"{where}: access denied ({status})",
            "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    return MISSING, f"{where}: status {status}", "see the server's log"


def check_mlflow(environment: Mapping[str, str]) -> list[Check]:
    """The tracking server or database that the environment names; nothing where it names none."""
    uri = environment.get("TURNERY_TRACKING__URI") or environment.get("MLFLOW_TRACKING_URI") or ""
    parts = urlsplit(uri)
    if not uri:
        return []
    if parts.scheme == "sqlite":
        folder = Path(uri[len("sqlite:///") :]).absolute().parent
        if os.access(folder, os.W_OK):
            return [Check("MLflow", OK, uri)]
        return [Check("MLflow", MISSING, f"{uri}: cannot write in {folder}", "create the folder")]
    try:
        refuse_credentials(uri, "the tracking URI")
    except UserError as error:
        return [Check("MLflow", MISSING, *_halves(error))]
    if parts.scheme not in ("http", "https"):
        reached = not parts.hostname or _connects(parts.hostname, parts.port or 5432)
        return [Check("MLflow", OK if reached else MISSING, uri, "" if reached else "start the database")]
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=TIMEOUT_S) as answer:
            return [Check("MLflow", OK, f"{uri} answers ({answer.status})")]
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            mend = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
            return [Check("MLflow", WARNING, f"{uri} answers {error.code}", mend)]
        return [Check("MLflow", MISSING, f"{uri}/health answers {error.code}", "check MLFLOW_TRACKING_URI")]
    except OSError as error:
        mend = "start it (mlflow server), or unset MLFLOW_TRACKING_URI for a local database"
        return [Check("MLflow", MISSING, f"{uri}: {_one_line(getattr(error, 'reason', error))}", mend)]


def examine(workspace: str | None = None, environment: Mapping[str, str] | None = None) -> list[Check]:
    """Every check, in the order of the table."""
    surroundings = os.environ if environment is None else environment
    workspace = workspace or surroundings.get("TURNERY_WORKSPACE")
    checks: list[Callable[[], list[Check]]] = [
        check_python,
        check_libraries,
        check_packages,
        check_blender,
        check_processor,
        check_memory,
        lambda: check_disk(workspace),
        check_gpu,
        check_ray,
        lambda: check_s3(workspace, surroundings),
        lambda: check_mlflow(surroundings),
    ]
    return [row for check in checks for row in check()]


def show(rows: Sequence[Check]) -> None:
    """Print the table, with rich where it is installed."""
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        for row in rows:
            print(f"{row.state:8} {row.name:17} {row.found}")
            if row.mend:
                print(f"{'':8} {'':17} -> {row.mend}")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("", "What", "Found", "Mend"):
        table.add_column(title, overflow="fold")
    colours = {OK: "green", WARNING: "yellow", MISSING: "red"}
    for row in rows:
        table.add_row(
            f"[{colours[row.state]}]{row.state}[/]",
            *(_plain(text) for text in (row.name, row.found, row.mend)),
        )
    Console().print(table)


def main(arguments: Sequence[str] | None = None) -> int:
    """Status 1 when something needed is missing, else 0."""
    parser = argparse.ArgumentParser(prog="python -m infra.doctor", description="Check this machine for Turnery.")
    parser.add_argument("--workspace", help="folder or s3://bucket/prefix to check (default TURNERY_WORKSPACE)")
    options = parser.parse_args(arguments)
    rows = examine(options.workspace)
    show(rows)
    return 1 if any(row.state == MISSING for row in rows) else 0


def _connects(host: str | None, port: int) -> bool:
    try:
        with socket.create_connection((host or "localhost", port), timeout=TIMEOUT_S):
            return True
    except OSError:
        return False


def _halves(error: UserError) -> tuple[str, str]:
    """What is wrong, and its mend."""
    wrong, _, mend = str(error).partition("; ")
    return wrong, mend


def _one_line(error: object) -> str:
    return " ".join(str(error).split())


def _plain(text: str) -> str:
    return text.replace("[", r"\[")  # rich reads square brackets as markup


if __name__ == "__main__":
    raise SystemExit(main())
