"""The cluster on AWS: Ray's schema, EC2's own description of instances, roles that allow what is called and no more."""

from __future__ import annotations

import ast
import copy
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import botocore.session
import jsonschema
import pytest
import yaml
from botocore.validate import ParamValidator
from ray.autoscaler._private.util import prepare_config, validate_config

from tests.infra.deployment import DEPLOY, ROOT, SECRET, TARGETS, head_comment, loaded, ray_start, texts

Document = dict[str, Any]
TEMPLATE = DEPLOY / "aws" / "cloudformation.yaml"
OF_NO_RESOURCE = {"ec2:DescribeInstances"}
"""Actions that AWS lets nobody narrow to a resource."""
ACTIONS = {
    "get_object": {"s3:GetObject"},
    "head_object": {"s3:GetObject"},
    "download_file": {"s3:GetObject"},
    "put_object": {"s3:PutObject"},
    "upload_file": {"s3:PutObject", "s3:AbortMultipartUpload"},
    "delete_object": {"s3:DeleteObject"},
    "list_objects_v2": {"s3:ListBucket"},
    "list_multipart_uploads": {"s3:ListBucketMultipartUploads"},
    "abort_multipart_upload": {"s3:AbortMultipartUpload"},
    "list_parts": {"s3:ListMultipartUploadParts"},
}
"""The right that each call of boto3 needs (the API reference of S3, "Permissions")."""


class Template(yaml.SafeLoader):
    """YAML with CloudFormation's short functions, which become {"Fn": [name, argument]}."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Document:
    if isinstance(node, yaml.ScalarNode):
        return {"Fn": [suffix, loader.construct_scalar(node)]}
    if isinstance(node, yaml.SequenceNode):
        return {"Fn": [suffix, loader.construct_sequence(node, deep=True)]}
    raise TypeError(suffix)


Template.add_multi_constructor("!", _function)


@pytest.fixture
def ray() -> Document:
    document: Document = loaded("aws/ray.yaml")
    return document


@pytest.fixture
def template() -> Document:
    loader = Template(TEMPLATE.read_text())
    document: Document = loader.get_single_data()
    return document


def test_ray_takes_the_cluster(ray: Document) -> None:
    filled = prepare_config(copy.deepcopy(ray))
    validate_config(filled)
    assert filled["head_setup_commands"] == []  # not Ray's own defaults, which install things


@pytest.mark.parametrize(
    ("key", "planted", "error"),
    [
        ("idle_timeout_minute", 5, jsonschema.ValidationError),
        ("upscaling_speed", "fast", jsonschema.ValidationError),
        ("head_node_type", "heads", ValueError),
        ("max_workers", 0, ValueError),
    ],
)
def test_ray_refuses_a_planted_fault(key: str, planted: object, error: type[Exception], ray: Document) -> None:
    with pytest.raises(error):
        validate_config(prepare_config({**ray, key: planted}))


def ec2_faults(node_config: Document) -> list[str]:
    """What EC2's description of RunInstances in botocore says of a node, and of the name of its type."""
    model = botocore.session.get_session().get_service_model("ec2")
    shape = model.operation_model("RunInstances").input_shape
    report = ParamValidator().validate({**node_config, "MinCount": 1, "MaxCount": 1}, shape)
    faults = [report.generate_report()] if report.has_errors() else []
    if node_config["InstanceType"] not in model.shape_for("InstanceType").enum:
        faults.append(f"no instance type {node_config['InstanceType']}")
    return faults


def test_ec2_knows_every_field_of_every_node(ray: Document) -> None:
    for node in ray["available_node_types"].values():
        assert ec2_faults(node["node_config"]) == []
    broken = copy.deepcopy(ray["available_node_types"]["render"]["node_config"])
    broken["InstanceMarketOption"] = broken.pop("InstanceMarketOptions")
    broken["InstanceType"] = "r7i.tiny"
    assert len(ec2_faults(broken)) == 2


def test_rendering_is_on_spot_nodes_and_only_training_has_gpus(ray: Document) -> None:
    nodes = ray["available_node_types"]
    market = {
        name: node["node_config"].get("InstanceMarketOptions", {}).get("MarketType") for name, node in nodes.items()
    }
    assert market == {"head": None, "render": "spot", "train": None}
    assert {name: node["resources"].get("GPU", 0) for name, node in nodes.items()} == {
        "head": 0,
        "render": 0,
        "train": 1,
    }
    assert nodes["head"]["resources"]["CPU"] == 0
    assert (nodes["train"]["min_workers"], nodes["render"]["min_workers"]) == (0, 1)
    assert ray["max_workers"] >= sum(node.get("max_workers", 0) for node in nodes.values())


def test_images_are_those_of_the_dockerfile(ray: Document) -> None:
    images = [ray["docker"]["head_image"], ray["docker"]["worker_image"]]
    images.append(ray["available_node_types"]["train"]["docker"]["worker_image"])
    assert [image.partition("/")[2] for image in images] == [TARGETS["cpu"], TARGETS["cpu"], TARGETS["cuda"]]


def test_ray_knows_its_commands_and_its_dashboard_is_for_the_head_alone(ray: Document) -> None:
    head = ray_start(shlex.split(ray["head_start_ray_commands"][-1]))
    worker = ray_start(shlex.split(ray["worker_start_ray_commands"][-1]))
    assert head["dashboard_host"] == "127.0.0.1"
    assert worker["address"] == f"$RAY_HEAD_IP:{head['port']}"


def test_nodes_ask_for_a_token_and_hold_no_keys(ray: Document) -> None:
    assert "--env RAY_AUTH_MODE=token" in ray["docker"]["run_options"]
    assert ray["file_mounts"] == {"/home/turnery/.ray/auth_token": "~/.ray/auth_token"}
    assert [text for _, text in texts(ray) if SECRET.search(text) and text not in _NO_SECRETS] == []
    for node in ray["available_node_types"].values():
        assert node["node_config"]["MetadataOptions"]["HttpTokens"] == "required"
        assert all(disk["Ebs"]["Encrypted"] for disk in node["node_config"]["BlockDeviceMappings"])


_NO_SECRETS = {"--env RAY_AUTH_MODE=token", "~/.ray/auth_token"}
"""A mode, and the place of a file."""


def test_what_is_put_in_by_hand_is_named_in_the_head(ray: Document) -> None:
    text = (DEPLOY / "aws" / "ray.yaml").read_text()
    head = head_comment(DEPLOY / "aws" / "ray.yaml")
    for name in ("sg-00000000000000000", "registry.example", "mlflow.example"):
        assert name in head
        assert text.count(name) > head.count(name)


def test_the_nodes_roles_are_those_of_the_template(ray: Document, template: Document) -> None:
    default = template["Parameters"]["ClusterName"]["Default"]
    assert ray["cluster_name"] == default
    names = {
        resource["Properties"]["InstanceProfileName"]["Fn"][1].replace("${ClusterName}", default)
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::InstanceProfile"
    }
    given = {
        name: node["node_config"]["IamInstanceProfile"]["Name"] for name, node in ray["available_node_types"].items()
    }
    assert given == {"head": f"{default}-head", "render": f"{default}-worker", "train": f"{default}-worker"}
    assert set(given.values()) == names


def allowed(template: Document) -> list[Document]:
    """Every statement of the template that allows something."""
    found: list[Document] = []

    def below(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("Effect") == "Allow":
                found.append(value)
            for item in value.values():
                below(item)
        elif isinstance(value, list):
            for item in value:
                below(item)

    below(template)
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def too_wide(template: Document) -> list[str]:
    """Rights to all actions of a kind, to every resource where AWS knows narrower ones, or for everyone."""
    faults = []
    for statement in allowed(template):
        actions = as_list(statement["Action"])
        faults += [f"action {action}" for action in actions if "*" in action]
        if "*" in as_list(statement.get("Resource", "")) and not set(actions) <= OF_NO_RESOURCE:
            faults.append(f"every resource for {actions}")
        if statement.get("Principal") in ("*", {"AWS": "*"}):
            faults.append(f"everyone for {actions}")
        faults += [key for key in ("NotAction", "NotResource", "NotPrincipal") if key in statement]
    for name, resource in template["Resources"].items():
        faults += [
            f"{name}: {arn}" for arn in resource["Properties"].get("ManagedPolicyArns", []) if isinstance(arn, str)
        ]
    return faults


def test_no_right_is_wider_than_it_must_be(template: Document) -> None:
    assert too_wide(template) == []


@pytest.mark.parametrize(
    ("key", "planted"),
    [
        ("Action", "s3:*"),
        ("Action", ["s3:GetObject", "s3:Get*"]),
        ("Resource", "*"),
        ("Principal", "*"),
        ("NotAction", "s3:DeleteBucket"),
    ],
)
def test_a_right_too_wide_is_found(key: str, planted: object, template: Document) -> None:
    policy = template["Resources"]["WorkspacePolicy"]["Properties"]["PolicyDocument"]
    policy["Statement"][0][key] = planted
    assert too_wide(template) != []


def called_of_s3(source: str) -> set[str]:
    """Methods of the S3 client that a module calls, and the names of the pages it asks for."""
    found = set()
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        match call:
            case ast.Call(ast.Attribute(ast.Name("client"), "get_paginator"), [ast.Constant(str(pages))]):
                found.add(pages)
            case ast.Call(ast.Attribute(ast.Name("client"), method)):
                found.add(method)
    return found


def test_nodes_may_do_in_the_bucket_what_the_code_does_and_nothing_else(template: Document) -> None:
    called = called_of_s3((ROOT / "infra" / "storage" / "s3.py").read_text())
    assert {"get_object", "list_objects_v2"} <= called
    needed = set().union(*(ACTIONS[name] for name in called))
    policy = template["Resources"]["WorkspacePolicy"]["Properties"]["PolicyDocument"]
    given = {action for statement in policy["Statement"] for action in as_list(statement["Action"])}
    assert given == needed
    files = next(statement for statement in policy["Statement"] if "s3:GetObject" in as_list(statement["Action"]))
    assert files["Resource"] == {"Fn": ["Sub", "${Bucket.Arn}/${WorkspacePrefix}/*"]}


def test_the_bucket_is_closed_encrypted_and_forgets(template: Document) -> None:
    bucket = template["Resources"]["Bucket"]
    properties = bucket["Properties"]
    assert bucket["DeletionPolicy"] == "Retain"
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {key: rule[key] for rule in properties["LifecycleConfiguration"]["Rules"] for key in rule}
    assert rules["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] >= 1
    assert rules["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Fn": ["Ref", "OldVersionDays"]}}
    # The lease of a running job and the parts of a slow upload are younger than any of these.
    assert "ExpirationInDays" not in rules


def test_only_ssh_is_open_and_only_for_addresses_that_are_named(template: Document) -> None:
    group = template["Resources"]["SecurityGroup"]["Properties"]
    (ssh,) = group["SecurityGroupIngress"]
    assert (ssh["FromPort"], ssh["ToPort"], ssh["CidrIp"]) == (22, 22, {"Fn": ["Ref", "SshCidr"]})
    parameter = template["Parameters"]["SshCidr"]
    assert "Default" not in parameter
    assert re.fullmatch(parameter["AllowedPattern"], "203.0.113.7/32")
    assert not re.fullmatch(parameter["AllowedPattern"], "0.0.0.0/0")


def linted(path: Path) -> tuple[int, str]:
    program = "from cfnlint.runner import main; main()"
    command = [sys.executable, "-c", program, "--include-checks", "I", "--", str(path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.returncode, found.stdout + found.stderr


def test_cfn_lint_finds_nothing_in_the_template(tmp_path: Path) -> None:
    if find_spec("cfnlint") is None:
        pytest.skip("pip install cfn-lint: it checks templates against CloudFormation's schemas")
    assert linted(TEMPLATE) == (0, "")
    planted = tmp_path / "planted.yaml"
    planted.write_text(TEMPLATE.read_text().replace("BucketEncryption:", "BucketEncription:"))
    assert linted(planted)[0] != 0
