"""The resource types that the twin has, one module each."""

from collections.abc import Mapping

from twinspan.twin.azure.types.action_groups import ACTION_GROUPS
from twinspan.twin.azure.types.agent_pools import AGENT_POOLS
from twinspan.twin.azure.types.application_security_groups import APPLICATION_SECURITY_GROUPS
from twinspan.twin.azure.types.availability_sets import AVAILABILITY_SETS
from twinspan.twin.azure.types.base import ResourceType
from twinspan.twin.azure.types.connections import CONNECTIONS
from twinspan.twin.azure.types.local_network_gateways import LOCAL_NETWORK_GATEWAYS
from twinspan.twin.azure.types.machine_disks import DISKS
from twinspan.twin.azure.types.managed_clusters import MANAGED_CLUSTERS
from twinspan.twin.azure.types.metric_alerts import METRIC_ALERTS
from twinspan.twin.azure.types.network_interfaces import NETWORK_INTERFACES
from twinspan.twin.azure.types.network_security_groups import NETWORK_SECURITY_GROUPS, SECURITY_RULES
from twinspan.twin.azure.types.public_ip_addresses import PUBLIC_IP_ADDRESSES
from twinspan.twin.azure.types.route_tables import ROUTE_TABLES, ROUTES
from twinspan.twin.azure.types.scale_set_instances import INSTANCES, INTERFACES
from twinspan.twin.azure.types.scale_sets import SCALE_SETS
from twinspan.twin.azure.types.ssh_public_keys import SSH_PUBLIC_KEYS
from twinspan.twin.azure.types.subnets import SUBNETS
from twinspan.twin.azure.types.user_assigned_identities import USER_ASSIGNED_IDENTITIES
from twinspan.twin.azure.types.virtual_machines import VIRTUAL_MACHINES
from twinspan.twin.azure.types.virtual_network_gateways import VIRTUAL_NETWORK_GATEWAYS
from twinspan.twin.azure.types.virtual_networks import VIRTUAL_NETWORKS
from twinspan.twin.azure.types.workbooks import WORKBOOKS
from twinspan.twin.azure.types.workspaces import WORKSPACES

RESOURCE_TYPES: Mapping[str, ResourceType] = {
    resource_type.type.lower(): resource_type
    for resource_type in (
        VIRTUAL_NETWORKS,
        SUBNETS,
        PUBLIC_IP_ADDRESSES,
        ROUTE_TABLES,
        ROUTES,
        NETWORK_SECURITY_GROUPS,
        SECURITY_RULES,
        VIRTUAL_NETWORK_GATEWAYS,
        LOCAL_NETWORK_GATEWAYS,
        CONNECTIONS,
        APPLICATION_SECURITY_GROUPS,
        NETWORK_INTERFACES,
        AVAILABILITY_SETS,
        DISKS,
        SSH_PUBLIC_KEYS,
        VIRTUAL_MACHINES,
        SCALE_SETS,
        MANAGED_CLUSTERS,
        AGENT_POOLS,
        USER_ASSIGNED_IDENTITIES,
        ACTION_GROUPS,
        METRIC_ALERTS,
        WORKBOOKS,
        WORKSPACES,
    )
}
"""Lower-case full type -> its rules."""

SERVICE_TYPES: Mapping[str, ResourceType] = {
    resource_type.type.lower(): resource_type for resource_type in (INSTANCES, INTERFACES)
}
"""The same of what a resource makes by itself: no request does."""
ALL_TYPES = {**RESOURCE_TYPES, **SERVICE_TYPES}

ALWAYS_EMPTY = frozenset({"microsoft.operationalinsights/deletedworkspaces"})
"""Lower-case full types of lists with nothing in them: a workspace that is deleted is gone for good here.

Source: Log Analytics REST API, Deleted Workspaces - List, List By Resource Group."""
