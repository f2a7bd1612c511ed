"""Whether a cluster's cloud enforces NetworkPolicies: without an engine they do nothing. Pure."""

import yaml

VPC_CNI = "vpc-cni"
EKS_SWITCH = "enableNetworkPolicy"
"""Member of the configuration values of the add-on `vpc-cni`: a text with a truth value, false by default.

Source: Amazon EKS user guide, "Restrict Pod network traffic"; the schema of DescribeAddonConfiguration."""
TRUE, FALSE = (
    frozenset({"1", "t", "T", "TRUE", "true", "True"}),
    frozenset({"0", "f", "F", "FALSE", "false", "False"}),
)
"""Source: Go, strconv.ParseBool."""
AKS_ENGINES = frozenset({"azure", "calico", "cilium"})
"""Source: ARM, ContainerServiceNetworkProfile.networkPolicy."""


def eks_enforces(configuration_values: str) -> bool:
    """Return whether the configuration values of a cluster's `vpc-cni` turn the engine on."""
    try:
        values = yaml.safe_load(configuration_values or "{}")
    except yaml.YAMLError:
        return False
    return isinstance(values, dict) and values.get(EKS_SWITCH) in TRUE


def aks_enforces(network_policy: str) -> bool:
    """Return whether a network profile's `networkPolicy` names an engine."""
    return network_policy.lower() in AKS_ENGINES
