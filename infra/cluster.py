"""One door to Ray: the cluster of the job that this runs in, a named one, or a small one on this machine."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from infra.errors import UserError
from infra.settings import ClusterConfig

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds the five floors."""

LOOK_S = 2.0
"""Between two looks at a cluster that is to grow."""

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_TRAIN_V2_ENABLED", "1")
# Ray hides accelerators from tasks that ask for none by this; the coming default, without the warning.
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")


def in_ray_job() -> bool:
    """Whether this process was started by `ray job submit`."""
    return "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ


@contextmanager
def connected(config: ClusterConfig) -> Iterator[None]:
    """Ray, connected for the length of the block (and left as found when it was connected already)."""
    import ray

    if ray.is_initialized():
        yield
        return
    # Ray says at every start that its token authentication is on, as it should be.
    logging.getLogger("ray._private.authentication.authentication_token_setup").setLevel(logging.ERROR)
    quiet: dict[str, Any] = {"logging_level": logging.WARNING, "log_to_driver": False}
    try:
        if in_ray_job():
            ray.init(**quiet)
        elif config.address is not None:
            # `ray job submit` ships the floors itself; a driver that connects from outside ships them here.
            excludes = [".venv", ".git", "workspace", "docs", "tests", "*.png", "*.gif"]
            environment = {"working_dir": str(ROOT), "excludes": excludes}
            ray.init(address=config.address, runtime_env=environment, **quiet)
        else:
            with _on_loopback():
                ray.init(
                    address="local",
                    num_cpus=config.cpus or len(os.sched_getaffinity(0)),
                    object_store_memory=_object_store_bytes(),
                    include_dashboard=False,
                    runtime_env={"env_vars": {"PYTHONPATH": _python_path()}},
                    **quiet,
                )
    except ConnectionError as error:
        raise UserError(f"no Ray cluster at '{config.address}': {error}; start one with `ray start --head`") from None
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _on_loopback() -> Iterator[None]:
    """A Ray that starts in the block is reached from this machine alone.

    Its servers listen on loopback only where the node's address is loopback, and Ray replaces that by the address that
    other machines reach, whoever asks for it, unless clusters are switched off, as they are on laptops.
    """
    from ray._private import ray_constants

    name, before = ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR, ray_constants.ENABLE_RAY_CLUSTER
    said = os.environ.get(name)
    ray_constants.ENABLE_RAY_CLUSTER, os.environ[name] = False, "0"
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before
        if said is None:
            del os.environ[name]
        else:
            os.environ[name] = said


def _python_path() -> str:
    """Workers import the floors from where the driver did, from whichever folder it was started."""
    return os.pathsep.join([str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))])


def _object_store_bytes() -> int:
    """A tenth of the memory (0.3-4 GB): blocks of decoded pictures pass through it, nothing stays in it."""
    return int(min(max(psutil.virtual_memory().total * 0.1, 3e8), 4e9))


@contextmanager
def nodes_for(bundle: Mapping[str, float], count: int, needed: int, wait_s: float) -> Iterator[None]:
    """Ask an autoscaler for nodes that hold `count` bundles, and wait for those of `needed`, `wait_s` seconds at most.

    They are asked for as long as the block lasts, so that none of them is taken for idle before work has it. With
    wait_s 0, or where all is there, nothing is asked; where nothing grows, the wait ends and the block finds what is
    there.
    """
    import ray
    from ray.autoscaler.sdk import request_resources

    from infra.progress import console

    def lacking(bundles: int) -> bool:
        have = ray.cluster_resources()
        return any(have.get(name, 0) < amount * bundles for name, amount in bundle.items())

    if wait_s <= 0 or not lacking(count):
        yield
        return
    console.print(f"asked for nodes with {count} times {dict(bundle)}; {needed} will do, for {wait_s:g} s at most")
    request_resources(bundles=[dict(bundle) for _ in range(count)])
    try:
        deadline = time.monotonic() + wait_s
        while lacking(needed) and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        yield
    finally:
        request_resources(bundles=[])


class Tally:
    """Counts that workers put and the driver reads while tasks run; travels to workers as it is."""

    def __init__(self) -> None:
        import ray

        self._actor: Any = ray.remote(num_cpus=0, max_restarts=-1)(_Counts).remote()

    def put(self, name: str, counts: Any) -> None:
        """Replace what is known under a name; never waits."""
        self._actor.put.remote(name, counts)

    def counts(self) -> dict[str, Any]:
        """All that is known; empty after the keeper was lost with its node."""
        import ray

        try:
            return dict(ray.get(self._actor.counts.remote(), timeout=5))
        except (ray.exceptions.RayActorError, ray.exceptions.GetTimeoutError):
            return {}


class _Counts:
    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def put(self, name: str, counts: Any) -> None:
        self._known[name] = counts

    def counts(self) -> dict[str, Any]:
        return self._known
