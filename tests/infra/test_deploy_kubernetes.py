"""The manifests say what KubeRay, Kubernetes and Ray understand, and ask for what the jobs ask for."""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from ray.autoscaler._private.kuberay.autoscaling_config import _derive_autoscaling_config_from_ray_cr
from ray.runtime_env import RuntimeEnv

from infra.errors import UserError
from infra.settings import parse
from pipeline.config import Recipe
from render.config import RenderConfig
from tests.infra.deployment import DEPLOY, PINNED, ROOT, SECRET, TARGETS, loaded, urls_with_credentials
from tests.infra.kuberay import RayCluster, RayJob

Document = dict[str, Any]
GIB = 1 << 30
IN_IMAGES = "/opt/turnery/"
"""Where the images hold the repository (infra/deploy/Dockerfile)."""


@pytest.fixture
def cluster() -> Document:
    document: Document = loaded("kubernetes/raycluster.yaml")
    return document


@pytest.fixture
def job() -> Document:
    document: Document = loaded("kubernetes/rayjob.yaml")
    return document


@pytest.fixture
def settings() -> dict[str, Document]:
    """The documents of settings.yaml by their kind."""
    documents = yaml.safe_load_all((DEPLOY / "kubernetes" / "settings.yaml").read_text())
    return {document["kind"]: document for document in documents}


def pods_of(document: Document) -> Iterator[tuple[str, Document]]:
    """Every pod template below a manifest, by its place."""

    def below(value: Any, place: str) -> Iterator[tuple[str, Document]]:
        if isinstance(value, dict):
            if "containers" in value.get("spec", {}):
                yield place, value
            for key, item in value.items():
                yield from below(item, f"{place}.{key}")
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from below(item, f"{place}[{index}]")

    return below(document, document["kind"])


def node_types(document: Document) -> dict[str, Document]:
    """Groups as Ray's autoscaler reads them: resources, fewest and most."""
    found: dict[str, Document] = _derive_autoscaling_config_from_ray_cr(document)["available_node_types"]
    return found


def test_kuberay_knows_every_field(cluster: Document, job: Document) -> None:
    RayCluster.model_validate(cluster)
    RayJob.model_validate(job)


@pytest.mark.parametrize(
    ("path", "planted"),
    [
        (["spec", "shutdownAfterJobFinish"], True),
        (["spec", "shutdownAfterJobFinishes"], False),
        (["spec", "rayClusterSpec", "headGroupSpec", "rayStartParams"], {"num-cpus": 0}),
        (["spec", "rayClusterSpec", "workerGroupSpecs", 1, "maxReplicas"], -1),
        (["spec", "rayClusterSpec", "workerGroupSpecs", 0, "replicas"], 9),
        (["metadata", "name"], "Turnery_Demo"),
        (["apiVersion"], "ray.io/v1alpha1"),
    ],
)
def test_a_planted_fault_is_refused(path: list[str | int], planted: object, job: Document) -> None:
    place: Any = job
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = planted
    with pytest.raises(ValidationError):
        RayJob.model_validate(job)


def test_a_job_brings_up_the_same_cluster_that_stays_elsewhere(cluster: Document, job: Document) -> None:
    assert job["spec"]["rayClusterSpec"] == cluster["spec"]


def test_kubernetes_own_models_know_every_field_of_the_pods(
    cluster: Document, job: Document, settings: dict[str, Document]
) -> None:
    models = pytest.importorskip("kubernetes.client.models", reason="pip install kubernetes: its models of pods")
    for document in (cluster, job):
        for place, pod in pods_of(document):
            assert unknown(models, "V1PodTemplateSpec", pod, place) == []
    assert unknown(models, "V1ConfigMap", settings["ConfigMap"], "ConfigMap") == []
    assert unknown(models, "V1Namespace", settings["Namespace"], "Namespace") == []
    assert unknown(models, "V1ServiceAccount", settings["ServiceAccount"], "ServiceAccount") == []
    broken = copy.deepcopy(job["spec"]["submitterPodTemplate"])
    broken["spec"]["securityContext"]["runAsNonroot"] = True
    broken["spec"]["containers"][0]["resources"]["limits"]["cpu"] = 1
    places = ["pod.spec.securityContext.runAsNonroot", "pod.spec.containers[0].resources.limits.cpu"]
    assert sorted(fault.partition(":")[0] for fault in unknown(models, "V1PodTemplateSpec", broken, "pod")) == sorted(
        places
    )


def unknown(models: Any, kind: str, value: Any, place: str) -> list[str]:
    """What Kubernetes' models (their names of fields and types) do not know or hold for another type."""
    inner = re.fullmatch(r"([Ll]ist\[|[Dd]ict[(\[]str, )(.+)[\])]", kind)
    if inner is not None:
        listed = kind.lower().startswith("list")
        pairs = enumerate(value) if listed else value.items()
        form = "{}[{}]" if listed else "{}.{}"
        return [fault for key, item in pairs for fault in unknown(models, inner[2], item, form.format(place, key))]
    plain = {"str": str, "int": int, "bool": bool}.get(kind)
    if plain is not None:
        return [] if type(value) is plain else [f"{place}: {value!r} is no {kind}"]
    if kind in ("object", "datetime"):
        return []
    model = getattr(models, kind)
    field_of = {name: field for field, name in model.attribute_map.items()}
    faults = [f"{place}.{name}: unknown" for name in value if name not in field_of]
    for name in field_of.keys() & value.keys():
        faults += unknown(models, model.openapi_types[field_of[name]], value[name], f"{place}.{name}")
    return faults


def unsafe(pod: Document) -> list[str]:
    """What a pod may do beyond its own folder: Kubernetes' 'restricted' standard."""
    spec, faults = pod["spec"], []
    context = spec.get("securityContext", {})
    if not (context.get("runAsNonRoot") and context.get("runAsUser")):
        faults.append("runs as root")
    if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        faults.append("any system call")
    if any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
        faults.append("the host's name spaces")
    if any("hostPath" in volume for volume in spec.get("volumes", [])):
        faults.append("the host's files")
    for container in spec["containers"]:
        own = container.get("securityContext", {})
        if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
            faults.append(f"{container['name']} may become more than it is")
        if own.get("capabilities") != {"drop": ["ALL"]}:
            faults.append(f"{container['name']} has capabilities")
        if not {"cpu", "memory"} <= set(container.get("resources", {}).get("limits", {})):
            faults.append(f"{container['name']} has no limits")
    return faults


def test_pods_run_without_rights_and_within_limits(cluster: Document, job: Document) -> None:
    pods = [pod for document in (cluster, job) for _, pod in pods_of(document)]
    assert len(pods) == 3 + 4
    assert [unsafe(pod) for pod in pods] == [[]] * len(pods)
    options = cluster["spec"]["autoscalerOptions"]["securityContext"]
    assert options == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


@pytest.mark.parametrize(
    "plant",
    [
        lambda spec: spec["securityContext"].pop("runAsNonRoot"),
        lambda spec: spec.update(hostNetwork=True),
        lambda spec: spec.update(volumes=[{"name": "root", "hostPath": {"path": "/"}}]),
        lambda spec: spec["containers"][0].pop("securityContext"),
        lambda spec: spec["containers"][0].pop("resources"),
    ],
)
def test_a_right_too_many_is_found(plant: Callable[[Document], object], job: Document) -> None:
    pod = copy.deepcopy(job["spec"]["submitterPodTemplate"])
    plant(pod["spec"])
    assert unsafe(pod) != []


def written_secrets(document: Document) -> list[str]:
    """Secrets whose value stands in a manifest."""
    faults = urls_with_credentials(document)
    for place, pod in pods_of(document):
        for container in pod["spec"]["containers"]:
            for variable in container.get("env", []):
                reference = variable.get("valueFrom", {}).get("secretKeyRef", {})
                if SECRET.search(variable["name"]) and not {"name", "key"} <= set(reference):
                    faults.append(f"{place}: {variable['name']}")
    return faults + [key for key in document.get("data", {}) if SECRET.search(key)]


def test_secrets_come_from_kubernetes_and_the_token_from_kuberay(
    cluster: Document, job: Document, settings: dict[str, Document]
) -> None:
    for document in (cluster, job, settings["ConfigMap"]):
        assert written_secrets(document) == []
    assert cluster["spec"]["authOptions"] == {"mode": "token"}
    referred = {
        (reference["name"], reference["key"])
        for _, pod in pods_of(cluster)
        for variable in pod["spec"]["containers"][0]["env"]
        for reference in [variable["valueFrom"]["secretKeyRef"]]
        if not reference.get("optional")
    }
    told = (DEPLOY / "kubernetes" / "settings.yaml").read_text()
    assert {name for name, _ in referred} == {"turnery-s3"}
    assert all(f'--from-literal={key}="$AWS_' in told for _, key in referred)


def test_a_secret_in_plain_is_found(cluster: Document, settings: dict[str, Document]) -> None:
    container = cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "AWS_SECRET_ACCESS_KEY", "value": "abc"}]
    assert written_secrets(cluster) != []
    config = settings["ConfigMap"]
    config["data"]["MLFLOW_TRACKING_URI"] = "http://me:abc@mlflow"
    assert written_secrets(config) == ["data.MLFLOW_TRACKING_URI"]


def test_versions_and_images_are_those_that_are_tested_with(cluster: Document, job: Document) -> None:
    assert cluster["spec"]["rayVersion"] == PINNED["ray"]
    images = {name: pod["spec"]["containers"][0]["image"] for name, pod in pods_of(job)}
    gpus = {name for name, pod in pods_of(job) if "nvidia.com/gpu" in str(pod)}
    assert set(images.values()) == {TARGETS["cpu"], TARGETS["cuda"]}
    assert {name for name, image in images.items() if image == TARGETS["cuda"]} == gpus


def test_every_name_that_is_referred_to_is_made(
    cluster: Document, job: Document, settings: dict[str, Document]
) -> None:
    for document in (cluster, job):
        assert document["metadata"]["namespace"] == settings["Namespace"]["metadata"]["name"]
        for _, pod in pods_of(document):
            account = pod["spec"].get("serviceAccountName")
            assert account in (None, settings["ServiceAccount"]["metadata"]["name"])
            mounted = {mount["name"] for mount in pod["spec"]["containers"][0].get("volumeMounts", [])}
            assert mounted == {volume["name"] for volume in pod["spec"].get("volumes", [])}
            for source in pod["spec"]["containers"][0].get("envFrom", []):
                assert source["configMapRef"]["name"] == settings["ConfigMap"]["metadata"]["name"]


def test_ray_reads_groups_that_grow_from_what_they_should(cluster: Document) -> None:
    groups = node_types(cluster)
    assert groups["headgroup"]["resources"]["CPU"] == 0
    assert "GPU" not in groups["render"]["resources"]
    assert groups["train"]["resources"]["GPU"] == 1
    # A render group of none would leave the number of a Blender's threads to guesses (render/job.py, placed).
    assert groups["render"]["min_workers"] >= 1
    assert groups["train"]["min_workers"] == 0


def test_a_render_pod_holds_as_many_blenders_as_it_has_processors_for(cluster: Document) -> None:
    group, config = node_types(cluster)["render"]["resources"], RenderConfig()
    blenders = group["CPU"] // 2  # render.threads by default (render/shooting.py, threads_of)
    shared = cluster["spec"]["workerGroupSpecs"][0]["template"]["spec"]["volumes"][0]["emptyDir"]["sizeLimit"]
    assert group["memory"] >= blenders * config.memory_gb * 1e9 + int(shared.removesuffix("Gi")) * GIB


def test_the_job_runs_a_recipe_that_takes_its_settings_on_the_groups_that_are_there(job: Document) -> None:
    words = shlex.split(job["spec"]["entrypoint"])
    assert words[0] == "python"
    assert (ROOT / words[1].removeprefix(IN_IMAGES)).is_file()
    assert words[1].startswith(IN_IMAGES)
    recipe = parse(Recipe, words[2:], "python pipeline/run.py")
    assert recipe.workspace is not None
    assert recipe.workspace.startswith("s3://")
    groups = node_types({**job, "spec": job["spec"]["rayClusterSpec"]})
    assert recipe.render.device == "cpu"  # no GPU is held while it renders
    assert recipe.train.device == "cuda"
    assert recipe.train.workers <= groups["train"]["max_workers"] * groups["train"]["resources"]["GPU"]
    assert recipe.train.wait_s > 0  # the group is empty until a training asks
    with pytest.raises(UserError):
        parse(Recipe, [*words[2:], "--train.wrokers", "4"], "python pipeline/run.py")


def test_ray_takes_the_runtime_environment_and_it_names_nothing_secret(job: Document) -> None:
    environment = yaml.safe_load(job["spec"]["runtimeEnvYAML"])
    assert RuntimeEnv(**environment).env_vars() == environment["env_vars"]
    assert [name for name in environment["env_vars"] if SECRET.search(name)] == []
