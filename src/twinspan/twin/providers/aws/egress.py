"""The way of private subnets to the internet: elastic addresses and NAT gateways."""

from collections.abc import Iterator
from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.base import (
    TIMEOUT_S,
    AwsResource,
    find,
    gone_is_fine,
    retry_while,
    tag_specifications,
    tags_of,
)
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Problem, Record, one_of
from twinspan.wait import wait_until

_ADDRESS = {
    "allocation_id": "AllocationId",
    "association_id": "AssociationId",
    "carrier_ip": "CarrierIp",
    "customer_owned_ip": "CustomerOwnedIp",
    "customer_owned_ipv4_pool": "CustomerOwnedIpv4Pool",
    "domain": "Domain",
    "instance": "InstanceId",
    "network_border_group": "NetworkBorderGroup",
    "network_interface": "NetworkInterfaceId",
    "private_ip": "PrivateIpAddress",
    "public_ip": "PublicIp",
    "public_ipv4_pool": "PublicIpv4Pool",
}
_HOLDERS = ("instance", "network_interface")
_NOT_OFFLINE = ("address", "associate_with_private_ip", "customer_owned_ipv4_pool")


def _public_name(address: str, region: str) -> str:
    """Return the name that AWS gives an address. Source: Amazon VPC, DNS attributes for your VPC."""
    domain = "compute-1" if region == "us-east-1" else f"{region}.compute"
    return f"ec2-{address.replace('.', '-')}.{domain}.amazonaws.com"


class ElasticAddress(AwsResource):
    """`aws_eip`: an address of its own, given to whatever names it."""

    type_name = "aws_eip"
    facts = Facts(
        force_new=frozenset(
            {"region", "address", "customer_owned_ipv4_pool", "domain", "ipam_pool_id"}
            | {"network_border_group", "public_ipv4_pool"}
        )
    )
    rules: ClassVar = {"domain": one_of("vpc", "standard")}

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse what this offline provider does not do with an address."""
        for name in _NOT_OFFLINE:
            if config[name] is not None:
                detail = f"The offline provider allocates addresses without {name}; use the real one."
                yield Problem(summary=f"{name} is not supported offline", detail=detail, path=name)

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """AllocateAddress."""
        made = cloud.call(
            "ec2",
            "allocate_address",
            Domain=planned["domain"] if isinstance(planned["domain"], str) else None,
            TagSpecifications=tag_specifications("elastic-ip", planned["tags_all"]),
        )
        identity: str = made["AllocationId"]
        record(identity)
        self._associate(cloud, identity, planned)
        return identity

    def _associate(self, cloud: AwsCloud, identity: str, planned: State) -> None:
        """AssociateAddress with what the configuration names, if anything."""
        named = {name: planned.get(name) for name in _HOLDERS}
        chosen = {name: value for name, value in named.items() if isinstance(value, str) and value}
        if chosen:
            cloud.call(
                "ec2",
                "associate_address",
                AllocationId=identity,
                InstanceId=chosen.get("instance"),
                NetworkInterfaceId=chosen.get("network_interface"),
            )

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeAddresses."""
        address = find(cloud, "describe_addresses", "Addresses", AllocationIds=[state["id"]])
        if address is None:
            return None
        return {
            **{name: address.get(member, "") for name, member in _ADDRESS.items()},
            "arn": cloud.arn("ec2", f"elastic-ip/{state['id']}"),
            "public_dns": _public_name(address["PublicIp"], cloud.region),
            "region": cloud.region,
            **self.tag_state(cloud, tags_of(address), state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Who has the address, and tags."""
        moved = {name: planned[name] for name in _HOLDERS if planned[name] != prior[name]}
        if moved:
            self._disassociate(cloud, prior)
            self._associate(cloud, prior["id"], moved)
        self.update_tags(cloud, prior["id"], prior, planned)
        return {}

    def _disassociate(self, cloud: AwsCloud, state: State) -> None:
        if state["association_id"]:
            with gone_is_fine():
                cloud.call("ec2", "disassociate_address", AssociationId=state["association_id"])

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """Take the address from what the configuration gave it to; release it when nothing uses it."""
        if state["instance"] or state["network_interface"]:
            self._disassociate(cloud, state)
        with gone_is_fine():
            retry_while(
                "InvalidIPAddress.InUse",
                lambda: cloud.call("ec2", "release_address", AllocationId=state["id"]),
                what=f"elastic address {state['id']} unused",
            )


class NatGateway(AwsResource):
    """`aws_nat_gateway` in one zone, with one address."""

    type_name = "aws_nat_gateway"
    facts = Facts(
        defaults={"connectivity_type": "public"},
        force_new=frozenset(
            {"region", "allocation_id", "availability_mode", "connectivity_type", "private_ip", "subnet_id"}
            | {"vpc_id"}
        ),
    )
    rules: ClassVar = {
        "availability_mode": one_of("zonal"),
        "connectivity_type": one_of("public", "private"),
    }

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse regional gateways and further addresses."""
        further = ("secondary_allocation_ids", "secondary_private_ip_address_count")
        for name in ("availability_zone_address", *further, "secondary_private_ip_addresses", "vpc_id"):
            if config[name] not in (None, []):
                detail = f"The offline provider makes NAT gateways without {name}; use the real one."
                yield Problem(summary=f"{name} is not supported offline", detail=detail, path=name)

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateNatGateway, and wait until it is available."""
        private = planned["private_ip"]
        made = cloud.call(
            "ec2",
            "create_nat_gateway",
            AllocationId=planned["allocation_id"],
            ConnectivityType=planned["connectivity_type"],
            PrivateIpAddress=private if isinstance(private, str) else None,
            SubnetId=planned["subnet_id"],
            TagSpecifications=tag_specifications("natgateway", planned["tags_all"]),
        )
        identity: str = made["NatGateway"]["NatGatewayId"]
        record(identity)
        wait_until(
            lambda: self._state(cloud, identity),
            lambda state: state == "available",
            what=f"NAT gateway {identity} available",
            timeout_s=TIMEOUT_S,
        )
        return identity

    def _find(self, cloud: AwsCloud, identity: str) -> dict[str, Any] | None:
        gateway = find(cloud, "describe_nat_gateways", "NatGateways", NatGatewayIds=[identity])
        return None if gateway is None or gateway["State"] == "deleted" else gateway

    def _state(self, cloud: AwsCloud, identity: str) -> str:
        gateway = self._find(cloud, identity) or {}
        if gateway.get("State") == "failed":
            raise CloudRefusedError(
                operation=f"waiting for NAT gateway {identity} to be available",
                code=str(gateway.get("FailureCode", "failed")),
                message=str(gateway.get("FailureMessage", "no reason given")),
            )
        return str(gateway.get("State", "gone"))

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeNatGateways."""
        gateway = self._find(cloud, state["id"])
        if gateway is None or gateway["State"] == "deleting":
            return None
        addresses = gateway.get("NatGatewayAddresses") or [{}]
        return {
            "allocation_id": addresses[0].get("AllocationId", ""),
            "association_id": addresses[0].get("AssociationId", ""),
            "availability_mode": gateway.get("AvailabilityMode", "zonal"),
            "connectivity_type": gateway.get("ConnectivityType", "public"),
            "network_interface_id": addresses[0].get("NetworkInterfaceId", ""),
            "private_ip": addresses[0].get("PrivateIp", ""),
            "public_ip": addresses[0].get("PublicIp", ""),
            "region": cloud.region,
            "subnet_id": gateway["SubnetId"],
            "vpc_id": gateway.get("VpcId", ""),
            **self.tag_state(cloud, tags_of(gateway), state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Tags are all that can change."""
        self.update_tags(cloud, prior["id"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteNatGateway, and wait until it is gone."""
        with gone_is_fine():
            cloud.call("ec2", "delete_nat_gateway", NatGatewayId=state["id"])
        wait_until(
            lambda: self._find(cloud, state["id"]),
            lambda gateway: gateway is None,
            what=f"NAT gateway {state['id']} deleted",
            timeout_s=TIMEOUT_S,
        )
