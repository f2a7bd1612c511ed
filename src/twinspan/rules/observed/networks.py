"""Do the two networks and their gateways exist?"""

from collections.abc import Iterator

from twinspan.results import Finding, Outcome
from twinspan.rules.observed.facts import Facts
from twinspan.rules.shell import aws_ec2, az_network, group_and_name

APPLY = "Build it with `twinspan apply`, or name the environment that was built"


def vpc_exists(facts: Facts) -> Iterator[Finding]:
    """NET-01: the VPC is there."""
    command = aws_ec2("describe-vpcs", region=facts.region, query="Vpcs[].[VpcId,State,CidrBlock]")
    for vpc in facts.vpcs:
        blocks = ", ".join(map(str, vpc.cidr_blocks))
        yield Finding(
            subject=_named(vpc.name, vpc.id), outcome=Outcome.PASS, evidence=blocks, command=command
        )
    if not facts.vpcs:
        configured = facts.network.aws is not None
        expected_vpcs = ", ".join(facts.expected.vpc_ids) or "a VPC with a virtual private gateway"
        evidence = (
            f"AWS shows {len(facts.network.aws.vpcs)} VPCs, but not {expected_vpcs}"
            if facts.network.aws
            else ""
        )
        yield Finding(
            subject=", ".join(facts.expected.vpc_ids) or "AWS",
            outcome=Outcome.FAIL if configured else Outcome.INCONCLUSIVE,
            evidence=evidence or "no AWS endpoint was given",
            command=command,
            remedy=APPLY,
        )


def virtual_network_exists(facts: Facts) -> Iterator[Finding]:
    """NET-02: the VNet is there."""
    command = "az network vnet list --output table"
    for vnet in facts.virtual_networks:
        yield Finding(
            subject=vnet.name,
            outcome=Outcome.PASS,
            evidence=", ".join(map(str, vnet.address_space)),
            command=az_network("vnet show", vnet.id),
        )
    if not facts.virtual_networks:
        azure = facts.network.azure
        names = ", ".join(_last(vnet_id) for vnet_id in facts.expected.virtual_network_ids)
        expected_vnets = names or "a VNet with a VPN gateway"
        seen = f"Azure shows {len(azure.virtual_networks)} VNets, but not {expected_vnets}" if azure else ""
        yield Finding(
            subject=names or "Azure",
            outcome=Outcome.FAIL if azure else Outcome.INCONCLUSIVE,
            evidence=seen or "no Azure endpoint was given",
            command=command,
            remedy=APPLY,
        )


def vpn_gateway_attached(facts: Facts) -> Iterator[Finding]:
    """GW-21: the virtual private gateway is attached to the VPC."""
    for gateway in facts.vpn_gateways:
        right = gateway.vpc_id is not None and gateway.vpc_id in {vpc.id for vpc in facts.vpcs}
        yield Finding(
            subject=_named(gateway.name, gateway.id),
            outcome=Outcome.PASS if right else Outcome.FAIL,
            evidence=f"attached to {gateway.vpc_id}"
            if gateway.vpc_id
            else "attached to no VPC, so AWS has nothing to advertise",
            command=aws_ec2(
                "describe-vpn-gateways",
                f"--vpn-gateway-ids {gateway.id}",
                region=facts.region_of(gateway.id),
                query="VpnGateways[].VpcAttachments",
            ),
            remedy="" if right else _attach(facts, gateway.id),
        )
    if not facts.vpn_gateways:
        yield Finding(
            subject=", ".join(facts.expected.vpn_gateway_ids) or "virtual private gateway",
            outcome=Outcome.FAIL,
            evidence="AWS shows no such gateway",
            command=aws_ec2("describe-vpn-gateways", region=facts.region),
            remedy=APPLY,
        )


def azure_gateway_ready(facts: Facts) -> Iterator[Finding]:
    """GW-22: the Azure gateway is provisioned, and each instance has a public address."""
    for gateway in facts.azure_gateways:
        addresses = [i.public_ip_address for i in gateway.instances]
        problems = [
            text
            for bad, text in (
                (
                    gateway.provisioning_state != "Succeeded",
                    f"provisioning state {gateway.provisioning_state}",
                ),
                (not addresses or None in addresses, "an instance has no public address"),
            )
            if bad
        ]
        mode = "active-active" if gateway.active_active else "active-standby"
        yield Finding(
            subject=gateway.name,
            outcome=Outcome.FAIL if problems else Outcome.PASS,
            evidence="; ".join(problems) or f"{gateway.sku}, {mode}, {len(addresses)} instances",
            command=az_network("vnet-gateway show", gateway.id),
            remedy="Correct the gateway in Terraform and apply; a new gateway takes Azure 45 minutes or more"
            if problems
            else "",
        )
    if not facts.azure_gateways:
        expected = facts.expected.virtual_network_gateway_ids
        group = next((group_and_name(gateway_id)[0] for gateway_id in expected), "")
        yield Finding(
            subject=", ".join(_last(gateway_id) for gateway_id in expected) or "Azure VPN gateway",
            outcome=Outcome.FAIL,
            evidence="Azure shows no such gateway",
            command=f"az network vnet-gateway list -g {group or 'GROUP'}",
            remedy=APPLY,
        )


def _attach(facts: Facts, gateway_id: str) -> str:
    vpc = facts.vpcs[0].id if facts.vpcs else "VPC"
    return "Attach it: " + aws_ec2(
        "attach-vpn-gateway",
        f"--vpn-gateway-id {gateway_id} --vpc-id {vpc}",
        region=facts.region_of(gateway_id),
    )


def _last(resource_id: str) -> str:
    return resource_id.rpartition("/")[2]


def _named(name: str, identifier: str) -> str:
    return f"{name} ({identifier})" if name and name != identifier else identifier
