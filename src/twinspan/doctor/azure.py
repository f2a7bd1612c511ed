"""The Azure subscription: who asks, what it may do, where, and how much room is left."""

from collections.abc import Mapping
from typing import Any

from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.azure.rest import get, get_all
from twinspan.doctor.findings import AZURE, Check, bad, good, unneeded
from twinspan.doctor.needs import Needs
from twinspan.doctor.rights import AZURE_ACTIONS, denied_by_azure
from twinspan.errors import CloudRefusedError
from twinspan.results import CheckResult, Finding

CREDENTIALS = Check(
    id="AZ-01", title="the credentials are valid", section=AZURE, source="ARM, Subscriptions - Get"
)
PROVIDERS = Check(
    id="AZ-02", title="the resource providers are registered", section=AZURE, source="ARM, Providers - Get"
)
RIGHTS = Check(id="AZ-03", title="each step is allowed", section=AZURE, source="ARM, Permissions - List")
REGION = Check(
    id="AZ-04",
    title="the region has availability zones",
    section=AZURE,
    source="ARM, Subscriptions - List Locations; VPN gateway SKUs (AZ)",
)
QUOTAS = Check(id="AZ-05", title="the quotas suffice", section=AZURE, source="ARM, Network Usages - List")
OFFERED = Check(
    id="AZ-06",
    title="what the design names is offered here",
    section=AZURE,
    source="ARM, Compute Resource SKUs - List; Managed Clusters - List Kubernetes Versions",
)
CHECKS = (CREDENTIALS, PROVIDERS, RIGHTS, REGION, QUOTAS, OFFERED)

_SUBSCRIPTIONS = "2022-12-01"
_RESOURCES = "2021-04-01"
_AUTHORIZATION = "2022-04-01"
_NETWORK = "2024-05-01"
_COMPUTE = "2021-07-01"
_CONTAINER_SERVICE = "2025-01-01"
_NAMESPACES: Mapping[str, tuple[str, ...]] = {
    "Microsoft.Network": ("azurerm_virtual_network", "azurerm_virtual_network_gateway"),
    "Microsoft.ContainerService": ("azurerm_kubernetes_cluster",),
    "Microsoft.ManagedIdentity": ("azurerm_user_assigned_identity",),
    "Microsoft.Insights": ("azurerm_monitor_metric_alert", "azurerm_application_insights_workbook"),
    "Microsoft.OperationalInsights": ("azurerm_log_analytics_workspace",),
}
"""Resource provider -> the Terraform types that need it."""
_USAGES: Mapping[str, str] = {
    "VirtualNetworks": "azurerm_virtual_network",
    "NetworkSecurityGroups": "azurerm_network_security_group",
    "RouteTables": "azurerm_route_table",
    "StandardSkuPublicIpAddresses": "azurerm_public_ip",
}
"""Name in the network's usages -> Terraform type."""


def account(endpoint: AzureEndpoint, needs: Needs | None, *, built: bool) -> tuple[CheckResult, ...]:
    """Look at the subscription; without credentials all but the first are skipped.

    Args:
        endpoint: Which subscription, and as whom.
        needs: What the environment asks for; None if that is not known.
        built: Whether the environment exists already, so that what is in use is its own.
    """
    first = CREDENTIALS.guarded(
        lambda: _identity(endpoint),
        command="az account show",
        remedy="`az login`, then set ARM_SUBSCRIPTION_ID to a subscription that you may use",
    )
    if any(finding.bad for finding in first.findings):
        return (first, *(check.skipped("needs valid credentials") for check in CHECKS[1:]))
    ask = "Ask the subscription's owner for the Reader role at least"
    return (
        first,
        PROVIDERS.guarded(
            lambda: _providers(endpoint, needs), command="az provider list --output table", remedy=ask
        ),
        RIGHTS.guarded(lambda: _rights(endpoint), command="az role assignment list --all", remedy=ask),
        _placed(REGION, endpoint, needs, command="az account list-locations", remedy=ask, built=built),
        _placed(QUOTAS, endpoint, needs, command="az network list-usages", remedy=ask, built=built),
        _placed(OFFERED, endpoint, needs, command="az vm list-skus", remedy=ask, built=built),
    )


def _identity(endpoint: AzureEndpoint) -> tuple[Finding, ...]:
    subscription = get(endpoint, _subscription(endpoint), api_version=_SUBSCRIPTIONS)
    who = f"service principal {endpoint.client_id}" if endpoint.client_id else "the signed-in user"
    text = f"{who} in subscription {subscription.get('displayName')} ({subscription.get('subscriptionId')})"
    if subscription.get("state") == "Enabled":
        return (good("identity", text, command="az account show"),)
    return (
        bad(
            "subscription",
            f"{text} is {subscription.get('state')}",
            command="az account show",
            remedy="Enable it in the portal, or set ARM_SUBSCRIPTION_ID to another one",
        ),
    )


def _providers(endpoint: AzureEndpoint, needs: Needs | None) -> tuple[Finding, ...]:
    findings = []
    for namespace, types in _NAMESPACES.items():
        if needs is not None and not any(needs.counts[resource_type] for resource_type in types):
            findings.append(unneeded(namespace, "the plan has nothing of it"))
            continue
        path = f"{_subscription(endpoint)}/providers/{namespace}"
        state = get(endpoint, path, api_version=_RESOURCES).get("registrationState")
        command = f"az provider show --namespace {namespace} --query registrationState"
        if state == "Registered":
            findings.append(good(namespace, "registered", command=command))
        else:
            findings.append(
                bad(
                    namespace,
                    str(state),
                    command=command,
                    remedy=f"`az provider register --namespace {namespace} --wait`",
                )
            )
    return tuple(findings)


def _rights(endpoint: AzureEndpoint) -> tuple[Finding, ...]:
    path = f"{_subscription(endpoint)}/providers/Microsoft.Authorization/permissions"
    permissions = get_all(endpoint, path, api_version=_AUTHORIZATION)
    findings = []
    for step, actions in AZURE_ACTIONS.items():
        denied = [action for action in actions if denied_by_azure(permissions, action)]
        if denied:
            remedy = (
                "`az role assignment create --role Contributor --assignee ...`; roleAssignments/write needs"
                " Role Based Access Control Administrator"
            )
            findings.append(bad(step, f"not allowed: {', '.join(denied)}", remedy=remedy))
        else:
            findings.append(good(step, f"{len(actions)} operations allowed"))
    return tuple(findings)


def _placed(
    check: Check, endpoint: AzureEndpoint, needs: Needs | None, *, command: str, remedy: str, built: bool
) -> CheckResult:
    """Make one of the checks that need to know the region."""
    if needs is None or not needs.location:
        return check.skipped("the environment's plan is not known, or names no Azure region")
    looks = {
        REGION.id: lambda: _zones(endpoint, needs),
        QUOTAS.id: lambda: _usages(endpoint, needs, built=built),
        OFFERED.id: lambda: _offered(endpoint, needs),
    }
    return check.guarded(looks[check.id], command=command, remedy=remedy)


def _zones(endpoint: AzureEndpoint, needs: Needs) -> tuple[Finding, ...]:
    locations = get_all(endpoint, f"{_subscription(endpoint)}/locations", api_version=_SUBSCRIPTIONS)
    here = next((location for location in locations if location["name"] == _region(needs)), None)
    if here is None:
        return (
            bad(
                needs.location,
                "this subscription has no such region",
                remedy="Choose one of `az account list-locations`",
            ),
        )
    zones = here.get("availabilityZoneMappings") or []
    zonal = sorted(sku for sku in needs.gateway_skus if sku.endswith("AZ"))
    if zones:
        return (good(needs.location, f"{len(zones)} zones for {', '.join(zonal) or 'gateways'}"),)
    return (
        bad(
            needs.location,
            f"no availability zones for {', '.join(zonal)}",
            remedy="Choose a region with zones",
        ),
    )


def _usages(endpoint: AzureEndpoint, needs: Needs, *, built: bool) -> tuple[Finding, ...]:
    path = f"{_subscription(endpoint)}/providers/Microsoft.Network/locations/{_region(needs)}/usages"
    usages = {usage["name"]["value"]: usage for usage in get_all(endpoint, path, api_version=_NETWORK)}
    findings = []
    for name, kind in _USAGES.items():
        needed_count = 0 if built else needs.counts[kind]
        if name not in usages or not needs.counts[kind]:
            continue
        there, limit = usages[name]["currentValue"], usages[name]["limit"]
        text = f"{there} of {limit} in use, and {needed_count} more are needed"
        command = f"az network list-usages --location {_region(needs)}"
        if there + needed_count <= limit:
            findings.append(good(name, text, command=command))
        else:
            findings.append(
                bad(
                    name,
                    text,
                    command=command,
                    remedy="`az support tickets create`, or the portal's Quotas page",
                )
            )
    return tuple(findings) or (unneeded("usages", "the plan uses none of the quotas that are known"),)


def _offered(endpoint: AzureEndpoint, needs: Needs) -> tuple[Finding, ...]:
    if not needs.vm_sizes and not needs.aks_versions:
        return (unneeded("clusters", "the plan has none"),)
    path = f"{_subscription(endpoint)}/providers/Microsoft.Compute/skus"
    skus = get_all(
        endpoint, path, api_version=_COMPUTE, params={"$filter": f"location eq '{_region(needs)}'"}
    )
    sizes = {sku["name"]: sku for sku in skus if sku.get("resourceType") == "virtualMachines"}
    return (
        *(_size(name, sizes.get(name), needs) for name in sorted(needs.vm_sizes)),
        *_versions(endpoint, needs),
    )


def _size(name: str, sku: Mapping[str, Any] | None, needs: Needs) -> Finding:
    remedy = f"Name another size: `az vm list-skus --location {_region(needs)} --output table`"
    if sku is None:
        return bad(name, f"not offered in {needs.location}", remedy=remedy)
    reasons = [restriction.get("reasonCode", "") for restriction in sku.get("restrictions") or []]
    if reasons:
        return bad(name, f"not for this subscription: {', '.join(reasons)}", remedy=remedy)
    return good(name, f"offered in {needs.location}")


def _versions(endpoint: AzureEndpoint, needs: Needs) -> tuple[Finding, ...]:
    if not needs.aks_versions:
        return ()
    path = (
        f"{_subscription(endpoint)}/providers/Microsoft.ContainerService/locations/{_region(needs)}"
        "/kubernetesVersions"
    )
    try:
        answer = get(endpoint, path, api_version=_CONTAINER_SERVICE)
    except CloudRefusedError as error:
        return (bad("AKS versions", str(error), remedy="`az aks get-versions` shows the same"),)
    offered = {offer["version"] for offer in answer.get("values", [])}
    return tuple(
        good(f"AKS {version}", "offered")
        if ".".join(version.split(".")[:2]) in offered
        else bad(
            f"AKS {version}",
            f"offered: {', '.join(sorted(offered))}",
            remedy="Name one of these in terraform.tfvars",
        )
        for version in sorted(needs.aks_versions)
    )


def _region(needs: Needs) -> str:
    """Return a region's name as ARM has it in paths: small letters without spaces."""
    return needs.location.lower().replace(" ", "")


def _subscription(endpoint: AzureEndpoint) -> str:
    return f"/subscriptions/{endpoint.subscription_id}"
