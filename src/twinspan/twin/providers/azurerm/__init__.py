# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""The offline provider for hashicorp/azurerm."""

from twinspan.twin.providers import schema
from twinspan.twin.providers.azurerm import (
    agent_pools,
    connection,
    diagnostics,
    identity,
    interfaces,
    kubernetes,
    kubernetes_data,
    machines,
    monitor,
    network,
    security,
    vpn,
)
from twinspan.twin.providers.azurerm.cloud import ArmCloud, connect
from twinspan.twin.providers.engine import State
from twinspan.twin.providers.provider import Definition, by_name
from twinspan.twin.providers.resource import DataSource
from twinspan.twin.providers.warning import offline_warning

_RESOURCES = (
    agent_pools.NodePool,
    connection.VirtualNetworkGatewayConnection,
    diagnostics.DiagnosticSetting,
    identity.RoleAssignment,
    identity.UserAssignedIdentity,
    interfaces.ApplicationSecurityGroup,
    interfaces.InterfaceApplicationGroupAssociation,
    interfaces.InterfaceSecurityGroupAssociation,
    interfaces.NetworkInterface,
    kubernetes.KubernetesCluster,
    machines.LinuxVirtualMachine,
    monitor.ActionGroup,
    monitor.MetricAlert,
    monitor.Workbook,
    monitor.Workspace,
    network.PublicIp,
    network.ResourceGroup,
    network.Route,
    network.RouteTable,
    network.Subnet,
    network.SubnetNetworkSecurityGroupAssociation,
    network.SubnetRouteTableAssociation,
    network.VirtualNetwork,
    security.NetworkSecurityGroup,
    security.NetworkSecurityRule,
    vpn.LocalNetworkGateway,
    vpn.VirtualNetworkGateway,
)


class ClientConfig(DataSource[ArmCloud]):
    """`azurerm_client_config`."""

    type_name = "azurerm_client_config"

    def read(self, cloud: ArmCloud, config: State) -> State:
        """Return who is signed in; no call is needed."""
        who = cloud.credentials
        return {
            "client_id": who.client_id,
            "id": f"{who.client_id}-{who.subscription_id}",
            "subscription_id": who.subscription_id,
            "tenant_id": who.tenant_id,
        }


def _scope(cloud: ArmCloud, _: State) -> ArmCloud:
    return cloud


def definition(version: str = schema.VERSIONS["azurerm"]) -> Definition[ArmCloud]:
    """Return what makes this provider, which Terraform knows by a version."""
    served = schema.load("azurerm")
    return Definition(
        schema=served,
        resources=by_name(_RESOURCES),
        data_sources={item.type_name: item() for item in (ClientConfig, kubernetes_data.ClusterData)},
        connect=connect,
        scope=_scope,
        warning=offline_warning(served, version),
    )
