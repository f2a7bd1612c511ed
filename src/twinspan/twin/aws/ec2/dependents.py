"""What is in use is not deleted, and what belongs to something goes with it, over moto's.

Sources: EC2 API, the Delete operations, ReleaseAddress, DisassociateAddress; error codes of the EC2 API. The
words are those that public reports quote: lianghong/delete_vpc issue 10, gruntwork-io/cloud-nuke issues 345
and 753, saltstack/salt issue 60140, hashicorp/terraform issue 497, terraform-aws-modules/terraform-aws-vpc
issue 64.
"""

from collections.abc import Iterator
from typing import Any

from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.network_acls import NetworkAcl
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPC
from moto.eks.models import eks_backends

from twinspan.twin.aws.ec2.machines import MachineBackend
from twinspan.twin.aws.eks.records import EksClusterRecord


class DependentsBackend(MachineBackend):
    """EC2 that refuses to delete what something else needs."""

    def delete_vpc(self, vpc_id: str) -> VPC:
        """Delete a VPC, and with it what EC2 made for it: the main table, the default group and ACL.

        Raises:
            EC2ClientError: DependencyViolation, something of a user's is in it.
        """
        vpc = self.get_vpc(vpc_id)
        tables = self.describe_route_tables(filters={"vpc-id": vpc_id})
        groups = list(self.groups[vpc_id].values())
        acls = [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id]
        gateways = [gateway for gateway in self.internet_gateways.values() if gateway.vpc is vpc]
        attached = [
            gateway
            for gateway in self.vpn_gateways.values()
            if vpc_id in gateway.attachments and gateway.attachments[vpc_id].state == "attached"
        ]
        subnets = self.describe_subnets(filters={"vpc-id": vpc_id})
        endpoints = [endpoint for endpoint in self.endpoints.values() if endpoint.vpc_id == vpc_id]
        inside = [*subnets, *gateways, *attached, *endpoints]
        if inside or max(len(tables), len(groups), len(acls)) > 1:
            raise _in_use("vpc", vpc_id)
        for table in tables:
            super().delete_route_table(table.id)
        for acl in acls:
            super().delete_network_acl(acl.id)
        for group in groups:
            super().delete_security_group(group_id=group.id)
        return self.vpcs.pop(vpc_id)

    def delete_subnet(self, subnet_id: str) -> Subnet:
        """Delete a subnet, and with it its associations with a route table and a network ACL.

        Raises:
            EC2ClientError: DependencyViolation, an interface, a cluster or its nodes are in it.
        """
        self.get_subnet(subnet_id)
        taken = {interface.subnet_id for interface in self.enis.values()} | set(self._subnets_of_clusters())
        if subnet_id in taken:
            raise _in_use("subnet", subnet_id)
        for table in self.route_tables.values():
            kept = {name: of for name, of in table._associations.items() if of != subnet_id}  # noqa: SLF001 - moto's only place
            table._associations = kept  # noqa: SLF001 - as above
        for acl in self.network_acls.values():
            used = acl._associations.items()  # noqa: SLF001 - as above
            acl._associations = {name: of for name, of in used if of.subnet_id != subnet_id}  # noqa: SLF001 - as above
        return super().delete_subnet(subnet_id)

    def delete_security_group(self, name: str | None = None, group_id: str | None = None) -> None:
        """Delete a group.

        Raises:
            EC2ClientError: It is a VPC's default one; or a rule, an interface or a cluster has it.
        """
        group = self.get_security_group_from_id(group_id or "")
        if group is None:
            return super().delete_security_group(name, group_id)  # which raises EC2's error
        if group.is_default:
            raise EC2ClientError(
                "CannotDelete",
                f'the specified group: "{group.id}" name: "{group.name}" cannot be deleted by a user',
            )
        named = {
            rule.source_group.get("GroupId")
            for groups in self.groups.values()
            for other in groups.values()
            for rule in (*other.ingress_rules, *other.egress_rules)
            if other is not group and rule.source_group
        }
        used = {used_group.id for interface in self.enis.values() for used_group in interface._group_set}  # noqa: SLF001 - as above
        if group.id in named | used | set(self._groups_of_clusters()):
            raise DependencyViolationError(f"resource {group.id} has a dependent object")
        return super().delete_security_group(group_id=group.id)

    def delete_route_table(self, route_table_id: str) -> None:
        """Delete a route table. DependencyViolation: subnets use it, or it is a VPC's main one."""
        table = self.get_route_table(route_table_id)
        if table.main_association_id is not None or table._associations:  # noqa: SLF001 - as above
            raise _in_use("routeTable", route_table_id)
        super().delete_route_table(route_table_id)

    def delete_network_acl(self, network_acl_id: str) -> NetworkAcl:
        """Delete a network ACL. DependencyViolation: subnets use it; a VPC's default one is never deleted."""
        acl = self.get_network_acl(network_acl_id)
        if acl.default:
            raise EC2ClientError(
                "InvalidParameterValue", f"cannot delete default network ACL {network_acl_id}"
            )
        if acl._associations:  # noqa: SLF001 - as above
            raise _in_use("networkAcl", network_acl_id)
        return super().delete_network_acl(network_acl_id)

    def delete_internet_gateway(self, internet_gateway_id: str) -> None:
        """Delete an internet gateway. DependencyViolation: it is attached."""
        if self.get_internet_gateway(internet_gateway_id).vpc:
            raise _in_use("internetGateway", internet_gateway_id)
        super().delete_internet_gateway(internet_gateway_id)

    def detach_internet_gateway(self, internet_gateway_id: str, vpc_id: str) -> None:
        """Detach an internet gateway. DependencyViolation: an address in the VPC is mapped."""
        if any(interface.vpc_id == vpc_id and interface.public_ip for interface in self.enis.values()):
            raise DependencyViolationError(
                f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es)"
                " before detaching the gateway."
            )
        super().detach_internet_gateway(internet_gateway_id, vpc_id)

    def delete_dhcp_options_set(self, options_id: str | None) -> None:
        """Delete a set of DHCP options. DependencyViolation: a VPC uses it."""
        options = self.dhcp_options_sets.get(options_id or "")
        if options is not None:
            if any(vpc.dhcp_options is options for vpc in self.vpcs.values()):
                raise _in_use("dhcpOptions", options.id)
            options.vpc = None
        super().delete_dhcp_options_set(options_id)

    def release_address(self, address: str | None = None, allocation_id: str | None = None) -> None:
        """Give back an elastic address. InvalidIPAddress.InUse: something has it."""
        addresses = (
            self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id or ""])
        )
        if addresses[0].association_id is not None:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {addresses[0].public_ip} is in use.")
        super().release_address(address, allocation_id)

    def disassociate_address(self, address: str | None = None, association_id: str | None = None) -> None:
        """Take an elastic address from what has it. AuthFailure: that is a NAT gateway."""
        addresses = (
            self.address_by_ip([address]) if address else self.address_by_association([association_id or ""])
        )
        places = [place for gateway in self._nat_gateways() for place in gateway.address_set]
        if addresses[0].allocation_id in {place.get("allocationId") for place in places}:
            raise EC2ClientError(
                "AuthFailure", "You do not have permission to access the specified resource."
            )
        super().disassociate_address(address, association_id)

    def _nat_gateways(self) -> list[NatGateway]:
        return [gateway for gateway in self.nat_gateways.values() if gateway.state != "deleted"]

    def _clusters(self) -> list[EksClusterRecord]:
        backend: Any = eks_backends[self.account_id][self.region_name]
        return list(backend.clusters.values())

    def _subnets_of_clusters(self) -> Iterator[str]:
        for cluster in self._clusters():
            yield from cluster.subnet_ids
            for nodes in cluster.nodegroups.values():
                yield from nodes.subnets

    def _groups_of_clusters(self) -> Iterator[str]:
        for cluster in self._clusters():
            yield cluster.cluster_security_group_id
            yield from cluster.security_group_ids


def _in_use(kind: str, name: str) -> DependencyViolationError:
    return DependencyViolationError(f"The {kind} '{name}' has dependencies and cannot be deleted.")
