"""Managed add-ons. Source: EKS API, CreateAddon; EKS User Guide, "Amazon EKS add-ons"."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import yaml

from twinspan.network.policy_engines import EKS_SWITCH, FALSE, TRUE, VPC_CNI
from twinspan.twin.aws.eks import placement, views
from twinspan.twin.aws.eks.call import Call
from twinspan.twin.aws.eks.errors import in_use, invalid_parameter
from twinspan.twin.aws.eks.records import Addon, EksClusterRecord
from twinspan.twin.aws.eks.versions import ADDONS, builds, default_build

_SCHEMA_URL = "http://json-schema.org/draft-06/schema#"
_DAEMON_SET = {"affinity", "nodeSelector", "podAnnotations", "podLabels", "resources", "tolerations"}
_MEMBERS: Mapping[str, frozenset[str]] = {
    VPC_CNI: frozenset(
        _DAEMON_SET
        | {
            "cniConfig",
            "enableNetworkPolicy",
            "enableWindowsIpam",
            "enableWindowsPrefixDelegation",
            "env",
            "eniConfig",
            "init",
            "livenessProbeTimeoutSeconds",
            "nodeAgent",
            "originalMatchLabels",
            "readinessProbeTimeoutSeconds",
        }
    ),
    "coredns": frozenset(
        _DAEMON_SET
        | {
            "autoScaling",
            "computeType",
            "corefile",
            "podDisruptionBudget",
            "replicaCount",
            "topologySpreadConstraints",
        }
    ),
    "kube-proxy": frozenset(_DAEMON_SET | {"ipvs", "mode"}),
}
"""Members that each add-on's configuration has. Source: the schemas of DescribeAddonConfiguration."""

_TYPES: Mapping[str, dict[str, str]] = {EKS_SWITCH: {"format": "boolean", "type": "string"}}
_CIDR_LIST = "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"
_SWITCHES = ("AWS_VPC_K8S_CNI_EXTERNALSNAT",)


def create(call: Call) -> dict[str, Any]:
    """CreateAddon."""
    cluster = call.ready_cluster()
    name: str = call.get("addonName")
    _check_name(name)
    existing = cluster.addons.get(name)
    if existing is not None:
        if call.get("clientRequestToken") == existing.token:
            return {"addon": views.addon(call, cluster, existing)}
        raise in_use("Addon already exists.", clusterName=cluster.name, addonName=name)
    version = _version(name, call.get("addonVersion"), cluster)
    values = call.get("configurationValues", "")
    check_configuration(name, values)
    if call.get("serviceAccountRoleArn"):
        placement.check_role(call, call.get("serviceAccountRoleArn"), "serviceAccountRoleArn")
    made = Addon(
        name=name,
        arn=call.arn(f"addon/{cluster.name}/{name}/{uuid4()}"),
        version=version,
        configuration_values=values,
        service_account_role_arn=call.get("serviceAccountRoleArn", ""),
        created_at=call.now,
        modified_at=call.now,
        tags=call.tags(),
        token=call.get("clientRequestToken", ""),
    )
    cluster.addons[name] = made
    return {"addon": views.addon(call, cluster, made)}


def describe(call: Call) -> dict[str, Any]:
    """DescribeAddon."""
    cluster = call.cluster()
    return {"addon": views.addon(call, cluster, call.addon(cluster))}


def list_names(call: Call) -> dict[str, Any]:
    """ListAddons."""
    return call.page(call.cluster().addons, "addons")


def update(call: Call) -> dict[str, Any]:
    """UpdateAddon."""
    cluster = call.ready_cluster()
    addon = call.addon(cluster)
    version = _version(addon.name, call.get("addonVersion", addon.version), cluster)
    values = call.get("configurationValues", addon.configuration_values)
    check_configuration(addon.name, values)
    role = call.get("serviceAccountRoleArn", addon.service_account_role_arn)
    if role:
        placement.check_role(call, role, "serviceAccountRoleArn")
    addon.version, addon.configuration_values, addon.service_account_role_arn = version, values, role
    addon.modified_at = call.now
    params = {
        "AddonVersion": version,
        "ResolveConflicts": call.get("resolveConflicts"),
        "ConfigurationValues": values or None,
    }
    return {"update": views.update(call.record(cluster, "AddonUpdate", params, addon=addon.name))}


def delete(call: Call) -> dict[str, Any]:
    """DeleteAddon: gone at once; the last answer shows it as being deleted."""
    cluster = call.cluster()
    addon = call.addon(cluster)
    shown = views.addon(call, cluster, addon) | {"status": "DELETING"}
    del cluster.addons[addon.name]
    return {"addon": shown}


def describe_versions(call: Call) -> dict[str, Any]:
    """DescribeAddonVersions."""
    name, kubernetes = call.get("addonName"), call.get("kubernetesVersion")
    if name is not None:
        _check_name(name)
    page = call.page([addon for addon in ADDONS if name in {None, addon}], "addons")
    page["addons"] = [_offered(addon, kubernetes) for addon in page["addons"]]
    return page


def _offered(name: str, kubernetes: str | None) -> dict[str, Any]:
    return {
        "addonName": name,
        "type": "networking",
        "addonVersions": [
            {
                "addonVersion": build,
                "architecture": ["amd64", "arm64"],
                "computeTypes": ["ec2"],
                "compatibilities": [
                    {
                        "clusterVersion": version,
                        "platformVersions": ["*"],
                        "defaultVersion": default_build(name, version) == build,
                    }
                    for version in versions
                    if kubernetes in {None, version}
                ],
                "requiresConfiguration": False,
                "requiresIamPermissions": name == VPC_CNI,
            }
            for build, versions in builds(name).items()
            if kubernetes is None or kubernetes in versions
        ],
        "publisher": "eks",
        "owner": "aws",
        "defaultNamespace": "kube-system",
    }


def describe_configuration(call: Call) -> dict[str, Any]:
    """DescribeAddonConfiguration."""
    name, version = call.get("addonName"), call.get("addonVersion")
    _check_name(name)
    if version not in builds(name):
        raise invalid_parameter(f"Addon version {version} of {name} is not supported", addonName=name)
    schema = {
        "$schema": _SCHEMA_URL,
        "type": "object",
        "additionalProperties": False,
        "properties": {member: _TYPES.get(member, {}) for member in sorted(_MEMBERS[name])},
    }
    return {"addonName": name, "addonVersion": version, "configurationSchema": json.dumps(schema)}


def check_configuration(name: str, values: str) -> None:
    """Check configuration values: JSON or YAML, and of the add-on's schema.

    Raises:
        EksError: InvalidParameterException; says which member is wrong.
    """
    if not values.strip():
        return
    try:
        document = yaml.safe_load(values)
    except yaml.YAMLError as error:
        raise invalid_parameter("ConfigurationValue provided is not JSON or YAML", addonName=name) from error
    if not isinstance(document, dict):
        raise invalid_parameter("ConfigurationValue provided is not a JSON object", addonName=name)
    for member in document:
        if member not in _MEMBERS[name]:
            raise _misfit(name, str(member), f"no such member in the configuration schema of {name}")
    if name == VPC_CNI:
        _check_switch(EKS_SWITCH, document.get(EKS_SWITCH, "false"))
        _check_environment(document.get("env") or {})


def _check_switch(member: str, value: object) -> None:
    """Refuse what is no truth value as text. Source: the schema's `"type": "string", "format": "boolean"`."""
    if not isinstance(value, str):
        raise _misfit(VPC_CNI, member, f"must be a string, not {value!r}")
    if value not in TRUE | FALSE:
        raise _misfit(VPC_CNI, member, f"must be true or false, not {value}")


def _check_environment(env: object) -> None:
    if not isinstance(env, dict):
        raise _misfit(VPC_CNI, "env", "must be an object")
    for variable, value in env.items():
        if not isinstance(value, str):
            raise _misfit(VPC_CNI, f"env.{variable}", f"must be a string, not {value!r}")
    for variable in _SWITCHES:
        if variable in env:
            _check_switch(f"env.{variable}", env[variable])
    for text in filter(None, env.get(_CIDR_LIST, "").split(",")):
        placement.network(text.strip(), f"env.{_CIDR_LIST}")


def _misfit(name: str, member: str, why: str) -> Exception:
    return invalid_parameter(
        f"ConfigurationValue provided in request is not supported: {member}: {why}", addonName=name
    )


def _check_name(name: str) -> None:
    if name not in ADDONS:
        raise invalid_parameter(
            f"Addon {name} specified is not supported; the twin has {', '.join(ADDONS)}", addonName=name
        )


def _version(name: str, given: str | None, cluster: EksClusterRecord) -> str:
    if given is None:
        return default_build(name, cluster.version)
    fitting = [build for build, versions in builds(name).items() if cluster.version in versions]
    if given not in fitting and given not in builds(name):
        raise invalid_parameter(
            f"Addon version specified is not supported: {given}; for Kubernetes {cluster.version}: "
            f"{', '.join(fitting)}",
            clusterName=cluster.name,
            addonName=name,
        )
    return given
