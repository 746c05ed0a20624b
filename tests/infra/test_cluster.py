"""Nodes that an autoscaler brings are asked for, waited for within a bound, and let go."""

from __future__ import annotations

from typing import Any

import pytest
import ray
import ray.autoscaler.sdk

from infra import cluster
from infra.cluster import nodes_for
from train.config import TrainConfig
from train.job import _bundle

GPU = {"CPU": 2.0, "GPU": 1.0}


class Cloud:
    """A cluster that grows by one node with a GPU at every look, up to `most`, once it was asked."""

    def __init__(self, most: int) -> None:
        self.most, self.nodes, self.asked = most, 0, list[list[dict[str, float]]]()

    def request_resources(self, bundles: list[dict[str, float]]) -> None:
        self.asked.append(bundles)

    def cluster_resources(self) -> dict[str, float]:
        wanted = len(self.asked[-1]) if self.asked else 0
        self.nodes = min(self.nodes + 1, self.most, max(wanted, self.nodes))
        return {"CPU": 8.0 + 4 * self.nodes, **({"GPU": float(self.nodes)} if self.nodes else {})}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    found = Cloud(most=4)
    monkeypatch.setattr(ray, "cluster_resources", found.cluster_resources)
    monkeypatch.setattr(ray.autoscaler.sdk, "request_resources", found.request_resources)
    monkeypatch.setattr(cluster, "LOOK_S", 0.01)
    return found


def test_all_are_asked_for_and_those_that_must_be_are_waited_for(cloud: Cloud) -> None:
    with nodes_for(GPU, count=4, needed=2, wait_s=30):
        assert cloud.asked == [[GPU] * 4]
        assert cloud.nodes >= 2
    assert cloud.asked[-1] == []


def test_the_wait_ends_where_nothing_grows(cloud: Cloud) -> None:
    cloud.most = 0
    with nodes_for(GPU, count=1, needed=1, wait_s=0.05):
        assert cloud.nodes == 0
    assert cloud.asked == [[GPU], []]


def test_they_are_let_go_when_the_work_fails(cloud: Cloud) -> None:
    with pytest.raises(ZeroDivisionError), nodes_for(GPU, count=1, needed=1, wait_s=30):
        raise ZeroDivisionError
    assert cloud.asked[-1] == []


@pytest.mark.parametrize(("bundle", "wait_s"), [(GPU, 0.0), ({"CPU": 4.0}, 30.0)])
def test_nothing_is_asked_without_a_wait_or_where_all_is_there(
    bundle: dict[str, float], wait_s: float, cloud: Cloud
) -> None:
    with nodes_for(bundle, count=2, needed=2, wait_s=wait_s):
        assert cloud.asked == []


@pytest.mark.parametrize(
    ("settings", "bundle"),
    [
        ({"device": "cuda"}, {"CPU": 1, "GPU": 1}),
        ({"device": "cuda", "threads": 4}, {"CPU": 4, "GPU": 1}),
        ({"device": "auto"}, {"CPU": 1}),
    ],
)
def test_only_a_training_that_names_cuda_waits_for_gpus(settings: dict[str, Any], bundle: dict[str, float]) -> None:
    assert _bundle(TrainConfig(**settings)) == bundle


def test_a_wait_is_no_input_of_a_training() -> None:
    assert TrainConfig(wait_s=60).inputs() == TrainConfig().inputs()
