"""Which rights each step needs, in both clouds' words.

Sources: Service Authorization Reference (AWS), Azure resource provider operations; what the modules of
this project create, read, change and remove.
"""

from collections.abc import Mapping

AWS_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "network": (
        "ec2:CreateVpc",
        "ec2:DeleteVpc",
        "ec2:CreateSubnet",
        "ec2:DeleteSubnet",
        "ec2:CreateInternetGateway",
        "ec2:AttachInternetGateway",
        "ec2:CreateRouteTable",
        "ec2:AssociateRouteTable",
        "ec2:CreateRoute",
        "ec2:CreateSecurityGroup",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:CreateTags",
        "ec2:DescribeVpcs",
        "ec2:DescribeRouteTables",
    ),
    "VPN": (
        "ec2:CreateCustomerGateway",
        "ec2:DeleteCustomerGateway",
        "ec2:CreateVpnGateway",
        "ec2:AttachVpnGateway",
        "ec2:DetachVpnGateway",
        "ec2:DeleteVpnGateway",
        "ec2:EnableVgwRoutePropagation",
        "ec2:CreateVpnConnection",
        "ec2:DeleteVpnConnection",
        "ec2:ModifyVpnTunnelOptions",
        "ec2:DescribeVpnConnections",
    ),
    "clusters": (
        "eks:CreateCluster",
        "eks:DescribeCluster",
        "eks:DeleteCluster",
        "eks:CreateNodegroup",
        "eks:CreateAddon",
        "eks:CreateAccessEntry",
        "iam:CreateRole",
        "iam:AttachRolePolicy",
        "iam:PassRole",
        "iam:DeleteRole",
    ),
    "monitoring": (
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DeleteAlarms",
        "cloudwatch:PutDashboard",
        "cloudwatch:DeleteDashboards",
        "sns:CreateTopic",
        "sns:Subscribe",
        "sns:DeleteTopic",
    ),
    "logs": ("logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:DeleteLogGroup"),
    "state": ("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
    "monitor": ("cloudwatch:GetMetricData",),
    "drills": ("ec2:ReplaceVpnTunnel", "ec2:GetVpnTunnelReplacementStatus"),
}
"""Step -> IAM actions."""

AZURE_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "network": (
        "Microsoft.Resources/subscriptions/resourceGroups/write",
        "Microsoft.Resources/subscriptions/resourceGroups/delete",
        "Microsoft.Network/virtualNetworks/write",
        "Microsoft.Network/virtualNetworks/subnets/write",
        "Microsoft.Network/routeTables/write",
        "Microsoft.Network/networkSecurityGroups/write",
        "Microsoft.Network/publicIPAddresses/write",
    ),
    "VPN": (
        "Microsoft.Network/virtualNetworkGateways/write",
        "Microsoft.Network/localNetworkGateways/write",
        "Microsoft.Network/connections/write",
        "Microsoft.Network/connections/sharedKey/action",
        "Microsoft.Network/virtualNetworkGateways/getBgpPeerStatus/action",
    ),
    "clusters": (
        "Microsoft.ContainerService/managedClusters/write",
        "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
        "Microsoft.ManagedIdentity/userAssignedIdentities/write",
        "Microsoft.Authorization/roleAssignments/write",
    ),
    "monitoring": (
        "Microsoft.Insights/actionGroups/write",
        "Microsoft.Insights/metricAlerts/write",
        "Microsoft.Insights/diagnosticSettings/write",
        "Microsoft.Insights/workbooks/write",
        "Microsoft.OperationalInsights/workspaces/write",
    ),
    "monitor": (
        "Microsoft.Insights/metricDefinitions/read",
        "Microsoft.Insights/metrics/read",
        "Microsoft.Network/virtualNetworkGateways/getLearnedRoutes/action",
        "Microsoft.Network/virtualNetworkGateways/getAdvertisedRoutes/action",
    ),
    "drills": ("Microsoft.Network/virtualNetworkGateways/reset/action",),
}
"""Step -> Azure operations."""


def denied_by_azure(permissions: list[dict[str, list[str]]], action: str) -> bool:
    """Return whether no permission of a list grants an operation.

    A permission grants what one of its `actions` matches and none of its `notActions`; `*` is any text.
    Source: Azure role-based access control, "Understand Azure role definitions".
    """
    return not any(
        any(_matches(pattern, action) for pattern in permission.get("actions") or [])
        and not any(_matches(pattern, action) for pattern in permission.get("notActions") or [])
        for permission in permissions
    )


def _matches(pattern: str, action: str) -> bool:
    parts = pattern.lower().split("*")
    text = action.lower()
    if not text.startswith(parts[0]):
        return False
    if len(parts) == 1:
        return text == parts[0]
    text = text[len(parts[0]) :]
    for part in parts[1:-1]:
        place = text.find(part)
        if place < 0:
            return False
        text = text[place + len(part) :]
    return text.endswith(parts[-1])
