"""What stands in the way of a destroy: things in the environment's groups and VPCs that its state lacks.

The real azurerm provider lists a group's resources for ten minutes before it says so.
Source: hashicorp/azurerm, `prevent_deletion_if_contains_resources`.
"""

from collections.abc import Iterator

from twinspan.cloud.contents import Held, held_by_group, held_by_vpc
from twinspan.cloud.endpoints import Endpoints
from twinspan.network.regions import arn_region
from twinspan.project.state import State


def leftovers(state: State, endpoints: Endpoints) -> Iterator[tuple[str, Held]]:
    """Yield the address of a resource group or VPC, and an object in it that the state lacks.

    Args:
        state: What Terraform will remove.
        endpoints: Where.

    Raises:
        CloudError: A cloud cannot be asked.
    """
    known = {str(resource.values.get("id", "")).lower() for resource in state.resources}

    def unknown(held: Held) -> bool:
        identity = held.id.lower()
        return not any(
            identity == managed_id or identity.startswith(f"{managed_id}/") for managed_id in known - groups
        )

    groups = {str(group.values.get("id", "")).lower() for group in state.of("azurerm_resource_group")}
    for resource in state.of("azurerm_resource_group", "aws_vpc"):
        identity = str(resource.values.get("id", ""))
        if resource.type == "aws_vpc":
            aws = endpoints.aws and endpoints.aws.in_region(arn_region(resource.values.get("arn")))
            unmanaged = held_by_vpc(aws, identity) if aws else ()
        else:
            unmanaged = held_by_group(endpoints.azure, identity) if endpoints.azure else ()
        yield from ((resource.address, held) for held in unmanaged if unknown(held))
