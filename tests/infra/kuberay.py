"""KubeRay's RayCluster and RayJob (ray.io/v1), the fields that Turnery sets, written from KubeRay's documentation.

The one idea: unknown keys are refused at every level, and a pod's template is handed on to Kubernetes' own models.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=47)]
"""KubeRay makes names of pods and services from it, and keeps 16 of Kubernetes' 63 letters for itself."""


class Part(BaseModel):
    """Of a manifest: refuses what it does not know, and takes no number for a text."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Metadata(Part):
    """Of a manifest."""

    name: Name
    namespace: str


class AuthOptions(Part):
    """Who may speak to the cluster."""

    mode: Literal["token", "disabled"] = "token"


class AutoscalerOptions(Part):
    """The autoscaler's container in the head's pod."""

    version: Literal["v1", "v2"]
    upscalingMode: Literal["Default", "Aggressive", "Conservative"]
    idleTimeoutSeconds: int = Field(ge=1)
    resources: dict[str, dict[str, str]]
    securityContext: dict[str, Any]


class HeadGroup(Part):
    """The head's pod."""

    rayStartParams: dict[str, str]
    serviceType: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    template: dict[str, Any]


class WorkerGroup(Part):
    """Pods of one kind."""

    groupName: Name
    replicas: int = Field(ge=0)
    minReplicas: int = Field(ge=0)
    maxReplicas: int = Field(ge=0)
    rayStartParams: dict[str, str]
    template: dict[str, Any]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.minReplicas <= self.replicas <= self.maxReplicas:
            raise ValueError(f"{self.groupName}: minReplicas <= replicas <= maxReplicas does not hold")
        return self


class ClusterSpec(Part):
    """A Ray cluster."""

    rayVersion: str
    authOptions: AuthOptions
    enableInTreeAutoscaling: bool
    autoscalerOptions: AutoscalerOptions
    headGroupSpec: HeadGroup
    workerGroupSpecs: list[WorkerGroup]


class JobSpec(Part):
    """A job on a cluster of its own."""

    entrypoint: str
    runtimeEnvYAML: str
    submissionMode: Literal["K8sJobMode", "HTTPMode", "SidecarMode", "InteractiveMode"]
    suspend: bool
    backoffLimit: int = Field(ge=0)
    activeDeadlineSeconds: int = Field(ge=1)
    shutdownAfterJobFinishes: bool
    ttlSecondsAfterFinished: int = Field(ge=0)
    submitterPodTemplate: dict[str, Any]
    rayClusterSpec: ClusterSpec

    @model_validator(mode="after")
    def _as_kuberay_asks(self) -> Self:
        if self.ttlSecondsAfterFinished and not self.shutdownAfterJobFinishes:
            raise ValueError("ttlSecondsAfterFinished needs shutdownAfterJobFinishes")
        if self.suspend and not self.shutdownAfterJobFinishes:
            raise ValueError("suspend needs shutdownAfterJobFinishes")
        return self


class RayCluster(Part):
    """A cluster that stays."""

    apiVersion: Literal["ray.io/v1"]
    kind: Literal["RayCluster"]
    metadata: Metadata
    spec: ClusterSpec


class RayJob(Part):
    """A job and its cluster."""

    apiVersion: Literal["ray.io/v1"]
    kind: Literal["RayJob"]
    metadata: Metadata
    spec: JobSpec
