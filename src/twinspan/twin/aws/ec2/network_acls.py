"""Network ACLs, over moto's. Source: EC2 API, DeleteNetworkAclEntry, ReplaceNetworkAclEntry."""

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.network_acls import NetworkAclEntry

from twinspan.twin.aws.ec2.routes import RouteBackend


class NetworkAclBackend(RouteBackend):
    """EC2 with network ACLs that say when there is no such entry."""

    def delete_network_acl_entry(
        self, network_acl_id: str, rule_number: int, egress: bool
    ) -> NetworkAclEntry:
        """Delete an entry. InvalidNetworkAclEntry.NotFound if there is none."""
        entries: list[Any] = self.get_network_acl(network_acl_id).network_acl_entries
        if not any((entry.egress, entry.rule_number) == (egress, rule_number) for entry in entries):
            side = "egress" if egress else "ingress"
            raise EC2ClientError(
                "InvalidNetworkAclEntry.NotFound",
                f"The {side} rule number '{rule_number}' does not exist in network ACL {network_acl_id}",
            )
        return super().delete_network_acl_entry(network_acl_id, rule_number, egress)
