"""The commands that show a user what a check saw, ready to paste.

For a twin, after `eval "$(twinspan twin env)"`.
"""


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


def group_and_name(resource_id: str) -> tuple[str, str]:
    """Return the resource group and the last name of an Azure resource id; empty group if it has none."""
    parts = resource_id.strip("/").split("/")
    lowered = [part.lower() for part in parts]
    position = lowered.index("resourcegroups") + 1 if "resourcegroups" in lowered else len(parts)
    return (parts[position] if position < len(parts) else ""), parts[-1]
