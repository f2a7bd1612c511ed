"""The commands that show a user what a rule looks at, ready to paste.

For a twin, after `eval "$(twinspan twin env)"`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twinspan.rules.parts import Tunnel


def aws_ec2(operation: str, *arguments: str, region: str, query: str = "") -> str:
    """Return an `aws ec2` command line.

    Args:
        operation: E.g. `describe-vpn-connections`.
        arguments: Further arguments, each already safe for a shell.
        region: The AWS region.
        query: A JMESPath expression without double quotes; empty for the whole answer.
    """
    words = ["aws", "ec2", operation, *arguments, "--region", region]
    if query:
        words += ["--query", f'"{query}"']
    return " ".join(words)


def az_network(command: str, resource_id: str, *arguments: str) -> str:
    """Return an `az network COMMAND -g GROUP -n NAME` line for a resource id.

    Args:
        command: E.g. `vpn-connection show`.
        resource_id: The full id of the resource.
        arguments: Further arguments, each already safe for a shell.
    """
    group, name = group_and_name(resource_id)
    return " ".join(["az", "network", command, "-g", group, "-n", name, *arguments])


def tunnel_options(tunnel: "Tunnel", members: str, *, region: str) -> str:
    """Return the `aws` line that shows members of a tunnel's options.

    Args:
        tunnel: One that exists.
        members: JMESPath of them, e.g. `Phase1DHGroupNumbers` or `PreSharedKey`.
        region: The AWS region.
    """
    outside = tunnel.options.outside_ip_address
    return aws_ec2(
        "describe-vpn-connections",
        f"--vpn-connection-ids {tunnel.connection.id}",
        region=region,
        query=f"VpnConnections[].Options.TunnelOptions[?OutsideIpAddress=='{outside}'][].[{members}]",
    )


def show_customer_gateway(identifier: object, *, region: str) -> str:
    """Return the `aws` line that shows a customer gateway."""
    return aws_ec2("describe-customer-gateways", f"--customer-gateway-ids {identifier}", region=region)


def show_static_routes(vpn_connection: str, *, region: str) -> str:
    """Return the `aws` line that shows the static routes of a VPN connection."""
    arguments = f"--vpn-connection-ids {vpn_connection}"
    return aws_ec2("describe-vpn-connections", arguments, region=region, query="VpnConnections[].Routes")


def add_static_route(vpn_connection: str, cidr: object, *, region: str) -> str:
    """Return the remedy that adds a static route to a VPN connection."""
    arguments = f"--vpn-connection-id {vpn_connection} --destination-cidr-block {cidr}"
    return "Add it: " + aws_ec2("create-vpn-connection-route", arguments, region=region)


def show_bgp_settings(local_gateway: str) -> str:
    """Return the `az` line that shows the BGP settings of a local network gateway."""
    return az_network("local-gateway show", local_gateway, "--query bgpSettings")


def correct_local_gateway(local_gateway: str, arguments: str) -> str:
    """Return the remedy that changes a local network gateway."""
    return "Correct it: " + az_network("local-gateway update", local_gateway, arguments)


def group_and_name(resource_id: str) -> tuple[str, str]:
    """Return the resource group and the last name of an Azure resource id; empty group if it has none."""
    parts = resource_id.strip("/").split("/")
    lowered = [part.lower() for part in parts]
    position = lowered.index("resourcegroups") + 1 if "resourcegroups" in lowered else len(parts)
    return (parts[position] if position < len(parts) else ""), parts[-1]
