"""What a model does to its Blender costs that model; what others do to it costs nobody. Against real processes."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from infra.storage import FolderStorage, open_storage
from render.catalog import Model, ShardPlan
from render.child import Blender, BlenderDied, BlenderKilled, ModelFailure, scratch_folder
from render.config import RenderConfig
from render.dataset import decode_shard
from render.turntables import Count, ShardPart, render_shard
from tests.conftest import box_obj

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, str(ROOT / "tests/render/misbehaving.py"))
CONFIG = RenderConfig(size=16, azimuths=4, elevations=[0], samples=1, timeout_s=3, memory_gb=0.3, threads=1)


def order(name: str) -> dict[str, object]:
    return {"path": name, "views": [[view, 0.0, 0.0] for view in range(4)], "size": 16}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("eater", r"over the memory limit of 0\.3 GB \(0\.\d+ GB\)"),
        ("parent", r"over the memory limit of 0\.3 GB \(0\.\d+ GB\)"),
        ("endless", r"over the time limit of 3 s"),
        ("crash", r"Blender ended with signal 11"),
    ],
)
def test_a_death_is_said_with_its_reason_and_the_next_model_is_served(name: str, reason: str, tmp_path: Path) -> None:
    with Blender(0.3, 50, COMMAND) as blender:
        start = time.monotonic()
        with pytest.raises(BlenderDied, match=reason) as death:
            list(blender.shoot(order(f"{name}.obj"), timeout_s=3))
        assert time.monotonic() - start < 10
        assert not isinstance(death.value, BlenderKilled)
        assert "importing" in death.value.log
        assert len(list(blender.shoot(order("good.obj"), timeout_s=3))) == 5


def test_a_signal_from_outside_is_told_apart_from_a_crash() -> None:
    with Blender(1, 50, COMMAND) as blender:
        for number in (signal.SIGKILL, signal.SIGTERM):
            list(blender.shoot(order("good.obj"), timeout_s=3))
            assert blender.pid is not None
            killer = threading.Timer(0.3, os.kill, (blender.pid, number))
            killer.start()
            with pytest.raises(BlenderKilled, match=rf"killed from outside \(signal {int(number)}\)"):
                list(blender.shoot(order("endless.obj"), timeout_s=3))
            killer.join()


def test_a_process_is_replaced_after_so_many_models_and_when_it_stays_large() -> None:
    def served(names: list[str], **limits: float) -> list[int | None]:
        with Blender(limits.get("memory_gb", 8), int(limits.get("recycle", 50)), COMMAND) as blender:
            pids = []
            for name in names:
                list(blender.shoot(order(f"{name}.obj"), timeout_s=5))
                pids.append(blender.pid)
            return pids

    first, second, third, fourth = served(["a", "b", "c", "d"], recycle=2)
    assert first == second != third == fourth
    first, second, third = served(["fat", "b", "c"], memory_gb=0.35)
    assert first != second == third


def test_who_leaves_in_the_middle_of_a_model_does_not_disturb_the_next() -> None:
    with Blender(1, 50, COMMAND) as blender:
        answers = blender.shoot(order("left.obj"), timeout_s=3)
        assert next(answers)[0] == {"model": {}, "bytes": 0}
        views = [header["view"] for header, _ in blender.shoot(order("good.obj"), timeout_s=3) if "view" in header]
        assert views == [0, 1, 2, 3]


def test_nothing_is_left_in_memory_by_a_blender_that_was_killed() -> None:
    def scratch_of(pid: int | None) -> Path:
        return Path(psutil.Process(pid).environ()["TURNERY_SCRATCH"])

    with Blender(1, 50, COMMAND) as blender:
        list(blender.shoot(order("good.obj"), timeout_s=3))
        scratch = scratch_of(blender.pid)
        (scratch / "of-the-child").mkdir()
        (scratch / "of-the-child/view.png").write_bytes(b"half")
        with pytest.raises(BlenderDied):
            list(blender.shoot(order("crash.obj"), timeout_s=3))
        assert list(scratch.iterdir()) == []
        list(blender.shoot(order("good.obj"), timeout_s=3))
        assert scratch_of(blender.pid) == scratch
    assert not scratch.exists()


def test_scratch_folders_of_killed_owners_go_after_a_day(tmp_path: Path) -> None:
    left, others = scratch_folder("test", tmp_path), tmp_path / "turnery-s3-0"
    others.mkdir()
    for path in (Path(left.name), others):
        os.utime(path, (0, 0))
    with scratch_folder("test", tmp_path) as mine, scratch_folder("test", tmp_path):
        assert not Path(left.name).exists()
        assert Path(mine).is_dir()
        assert others.is_dir()


def test_a_refused_model_leaves_the_process_as_it_is() -> None:
    with Blender(1, 50, COMMAND) as blender:
        list(blender.shoot(order("good.obj"), timeout_s=3))
        pid = blender.pid
        with pytest.raises(ModelFailure, match="no mesh in it") as failure:
            list(blender.shoot(order("refused.obj"), timeout_s=3))
        assert not isinstance(failure.value, BlenderDied)
        list(blender.shoot(order("good.obj"), timeout_s=3))
        assert blender.pid == pid


def plan(folder: Path, names: list[str]) -> ShardPlan:
    for name in names:
        (folder / f"{name}.obj").write_text(box_obj(1, 1, 1))
    models = [Model(name, "thing", "f", file=str(folder / f"{name}.obj")) for name in names]
    return ShardPlan("thing-000000", tuple(enumerate(models)))


def shard(folder: Path, names: list[str], storage: FolderStorage) -> tuple[ShardPart, list[Count]]:
    counts: list[Count] = []
    part = render_shard(plan(folder, names), CONFIG, storage, counts.append, COMMAND)
    return part, counts


def test_deaths_cost_their_model_its_retries_and_then_a_row(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "store")
    names = ["good-1", "eater", "crash", "shaky", "endless", "refused", "good-2"]
    part, counts = shard(tmp_path, names, storage)
    reasons = {row["model"]: row["reason"] for row in part.failures}
    assert list(reasons) == ["eater", "crash", "endless", "refused"]
    assert reasons["eater"].startswith("over the memory limit of 0.3 GB")
    assert reasons["crash"] == "Blender ended with signal 11"
    assert reasons["endless"] == "over the time limit of 3 s"
    assert reasons["refused"] == "ValueError: no mesh in it"
    assert "importing crash.obj" in next(row["log"] for row in part.failures if row["model"] == "crash")
    keys, _ = decode_shard(storage.fetch("shards/thing-000000.tar"), 16)
    assert keys == [f"thing_{name}_v{view:03d}" for name in ("good-1", "shaky", "good-2") for view in range(4)]
    assert (counts[-1].views, counts[-1].expected, counts[-1].models, counts[-1].failed) == (12, 12, 3, 4)
    assert counts[0].expected == 7 * 4


def test_kills_from_outside_cost_nothing_and_leave_the_bytes_as_they_would_have_been(tmp_path: Path) -> None:
    names = ["good", "killed-1", "shaky", "killed-2"]
    part, _ = shard(tmp_path, names, FolderStorage(tmp_path / "store"))
    undisturbed, _ = shard(tmp_path, names, FolderStorage(tmp_path / "undisturbed"))  # killed the first time alone
    assert part.failures == []
    assert part == undisturbed
    stored = (tmp_path / "store/shards/thing-000000.tar").read_bytes()
    assert hashlib.sha256(stored).hexdigest() == undisturbed.shard.sha256


def test_a_model_whose_blender_is_always_killed_is_left_out_after_all(tmp_path: Path) -> None:
    part, _ = shard(tmp_path, ["good", "doomed"], FolderStorage(tmp_path / "store"))
    (row,) = part.failures
    assert (row["model"], row["reason"]) == ("doomed", "Blender was killed from outside (signal 9)")


def test_a_full_scratch_folder_ends_in_one_line_and_blames_no_model(tmp_path: Path) -> None:
    """In a process whose files may grow to 20 kB and no more, as on a disk that is full."""
    for name in ("a", "b", "c"):
        (tmp_path / f"good-{name}.obj").write_text(box_obj(1, 1, 1))
    script = f"""
from pathlib import Path
from infra.errors import guarded
from infra.storage import open_storage
from tests.render.test_supervision import shard
guarded(lambda: shard(Path({str(tmp_path)!r}), ["good-a", "good-b", "good-c"], open_storage({str(tmp_path / "s")!r})))
"""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    line = f"turnery: no room left in {scratch}; free some or set TMPDIR to another folder, then run the same command"
    assert (done.returncode, done.stderr.strip()) == (2, f"{line} again")
    assert open_storage(tmp_path / "s").list() == []
    assert os.listdir(scratch) == []
