"""Do the packet filters of both clouds let pings through?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from twinspan.network.aws_filters import network_acl_filter, security_group_filter
from twinspan.network.azure_filters import (
    AZURE_DIRECTIONS,
    application_security_group_members,
    network_security_group_filter,
)
from twinspan.network.filters import ECHO_REPLY, ECHO_REQUEST, ICMP, Direction, Filter, Traffic, judge
from twinspan.network.model import AwsSubnet, AzureSubnet, NetworkAcl, NetworkSecurityGroup, SecurityGroup
from twinspan.network.ranges import ANYWHERE
from twinspan.results import Finding, Outcome
from twinspan.rules.observed.facts import Facts
from twinspan.rules.shell import aws_ec2, group_and_name

_WAYS: tuple[Direction, Direction] = ("ingress", "egress")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Denial:
    """Why a range is kept out, in whole or in part.

    Attributes:
        rule: What denies, by the name its cloud gives it.
        number: Its number or priority; None if no rule matches.
        peer: The range.
        way: Seen from the filter's own side.
        sure: Whether that is certain.
    """

    rule: str
    number: int | None
    peer: IPv4Network
    way: Direction
    sure: bool

    @property
    def text(self) -> str:
        """One phrase about it."""
        denies = "denies" if self.sure else "may deny"
        return f"{self.rule} {denies} pings {'from' if self.way == 'ingress' else 'to'} {self.peer}"


def _denials(
    by: Filter, way: Direction, peers: Iterable[IPv4Network], own: IPv4Network, *, otherwise: str
) -> Iterator[_Denial]:
    """Yield what of pings a filter denies, or may deny; of their answers, too, unless it keeps state.

    Args:
        by: The filter of one direction.
        way: That direction.
        peers: Ranges of the remote side, all of which must pass.
        own: What it protects.
        otherwise: What denies if no rule matches.
    """
    for peer in peers:
        for kind in (ECHO_REQUEST,) if by.stateful else (ECHO_REQUEST, ECHO_REPLY):
            source, destination = (peer, own) if way == "ingress" else (own, peer)
            pings = Traffic(
                source=source, destination=destination, protocol=ICMP, icmp_type=kind, icmp_code=0
            )
            answer = judge([by], pings)
            part = answer.first(passes=False) or answer.first(passes=None)
            if part is not None:
                rule = part.rule
                yield _Denial(
                    rule=rule.name if rule else otherwise,
                    number=rule.number if rule else None,
                    peer=peer,
                    way=way,
                    sure=part.passes is False,
                )
                break


def security_group_admits(facts: Facts) -> Iterator[Finding]:
    """FLT-11: security groups of hosts in private subnets let pings from and to every Azure subnet through.

    They are those of the machines there; without one those that Terraform made for the purpose or that admit
    the remote side, those of an EKS cluster, or the VPC's default group.
    """
    groups = facts.network.aws.security_groups if facts.network.aws else ()
    there = {group.id: group for group in groups}
    chosen = {host_groups.branch: host_groups for host_groups in facts.host_groups.values()}
    for host_groups in chosen.values():
        missing = [identifier for identifier in host_groups.ids if identifier not in there]
        if missing:
            yield _no_group(facts, missing[0], host_groups.branch)
        else:
            yield _security_groups(
                facts,
                [there[identifier] for identifier in host_groups.ids],
                facts.azure_subnets,
                why=host_groups.why,
            )
    if not chosen:
        yield Finding(
            subject="security group of the workloads",
            outcome=Outcome.SKIPPED,
            evidence="no private subnet is shown, or no group of its VPC",
        )


def _no_group(facts: Facts, missing: str, branch: str) -> Finding:
    return Finding(
        subject=missing,
        outcome=Outcome.FAIL,
        evidence="AWS shows no such security group",
        command=aws_ec2(
            "describe-security-groups", f"--group-ids {missing}", region=facts.region_of(missing)
        ),
        remedy="Build it with `twinspan apply`",
        branch=branch,
    )


def _security_groups(
    facts: Facts, groups: Sequence[SecurityGroup], subnets: Sequence[AzureSubnet], *, why: str = ""
) -> Finding:
    """Judge groups that one interface has, of which each admits what it admits."""
    peers = [prefix for subnet in subnets for prefix in subnet.address_prefixes]
    denials = [
        denial
        for way in _WAYS
        for denial in _denials(
            security_group_filter(groups, way),
            way,
            peers,
            ANYWHERE,
            otherwise=f"no {way} rule admits it, so the group",
        )
    ]
    remedies = [
        aws_ec2(
            f"authorize-security-group-{denial.way}",
            f"--group-id {groups[0].id}",
            f"--ip-permissions 'IpProtocol=icmp,FromPort=-1,ToPort=-1,IpRanges=[{{CidrIp={denial.peer}}}]'",
            region=facts.region_of(groups[0].id),
        )
        for denial in denials
    ]
    evidence = _evidence(peers, denials)
    return Finding(
        subject=", ".join(f"{group.name} ({group.id})" if group.name else group.id for group in groups),
        outcome=_outcome(peers, denials),
        evidence=f"{evidence} ({why})" if denials and why else evidence,
        command=aws_ec2(
            "describe-security-groups",
            f"--group-ids {' '.join(group.id for group in groups)}",
            region=facts.region_of(groups[0].id),
            query="SecurityGroups[].[IpPermissions,IpPermissionsEgress]",
        ),
        remedy=f"Admit the remote side: {'; '.join(remedies)}" if denials else "",
        branch=" ".join(group.id for group in groups),
    )


def cluster_security_groups_admit(facts: Facts) -> Iterator[Finding]:
    """FLT-04: the security group that EKS puts on its nodes lets pings from and to AKS's subnets through."""
    groups = facts.network.aws.security_groups if facts.network.aws else ()
    subnets = facts.cluster_subnets or facts.azure_subnets
    for cluster in facts.clusters:
        group_id = cluster.security_group_id
        group = next((group for group in groups if group_id and group.id == group_id), None)
        if group is not None:
            yield _security_groups(facts, [group], subnets)
        elif cluster.side == "aws":
            yield _no_group(facts, group_id or f"cluster security group of {cluster.name}", cluster.branch)
    if not any(cluster.side == "aws" for cluster in facts.clusters):
        yield Finding(subject="EKS", outcome=Outcome.SKIPPED, evidence="AWS has no cluster")


def cluster_network_security_groups_admit(facts: Facts) -> Iterator[Finding]:
    """FLT-05: the network security groups of AKS's nodes and pods let pings from and to AWS through."""
    groups = facts.network.azure.network_security_groups if facts.network.azure else ()
    for subnet in facts.cluster_subnets:
        group_id = (subnet.network_security_group_id or "").lower()
        yield _nsg(facts, subnet, next((group for group in groups if group.id.lower() == group_id), None))
    if not facts.cluster_subnets:
        yield Finding(subject="AKS", outcome=Outcome.SKIPPED, evidence="Azure has no cluster in the VNet")


def network_acls_admit(facts: Facts) -> Iterator[Finding]:
    """FLT-12: the network ACL of every private subnet lets pings and their answers through, both ways."""
    acls = facts.network.aws.network_acls if facts.network.aws else ()
    peers = [prefix for subnet in facts.azure_subnets for prefix in subnet.address_prefixes]
    for subnet in facts.private_subnets:
        acl = next((acl for acl in acls if subnet.id in acl.subnet_ids), None)
        denials = [
            denial
            for way in _WAYS
            if acl
            for denial in _denials(
                network_acl_filter(acl, way, subnet=subnet.cidr_block),
                way,
                peers,
                subnet.cidr_block,
                otherwise=f"{way} rule * (no other matches)",
            )
        ]
        yield _network_acl(facts, subnet, acl, peers, denials)


def _network_acl(
    facts: Facts,
    subnet: AwsSubnet,
    acl: NetworkAcl | None,
    peers: Sequence[IPv4Network],
    denials: Sequence[_Denial],
) -> Finding:
    remedies = [
        aws_ec2(
            "delete-network-acl-entry",
            f"--network-acl-id {acl.id if acl else ''} --rule-number {denial.number} --{denial.way}",
            region=facts.region_of(subnet.id),
        )
        for denial in denials
        if denial.number is not None
    ]
    otherwise = "Add rules that allow Azure's ranges, both ingress and egress: a network ACL keeps no state"
    return Finding(
        subject=f"{acl.id if acl else 'no network ACL'} of {subnet.name or subnet.id}",
        outcome=_outcome(peers if acl else (), denials),
        evidence=_evidence(peers if acl else (), denials),
        command=aws_ec2(
            "describe-network-acls",
            f"--filters Name=association.subnet-id,Values={subnet.id}",
            region=facts.region_of(subnet.id),
            query="NetworkAcls[].Entries",
        ),
        remedy=("; ".join(dict.fromkeys(remedies)) or otherwise) if denials else "",
        branch=subnet.id,
    )


def network_security_groups_admit(facts: Facts) -> Iterator[Finding]:
    """FLT-13: the network security groups of Azure's subnets, and of machines in them, let pings through.

    From and to AWS, both ways.
    """
    groups = facts.network.azure.network_security_groups if facts.network.azure else ()
    by_id = {group.id.lower(): group for group in groups}
    for subnet in facts.azure_subnets:
        yield _nsg(facts, subnet, by_id.get((subnet.network_security_group_id or "").lower()))
    for placed in facts.azure_machines:
        for identifier in placed.interface.security_group_ids:
            if group := by_id.get(identifier.lower()):
                yield _nsg_finding(
                    facts,
                    group,
                    of=f"machine {placed.machine.name}",
                    prefixes=[IPv4Network(placed.address)],
                    branch=placed.interface.subnet_id.lower(),
                )


def _nsg(facts: Facts, subnet: AzureSubnet, group: NetworkSecurityGroup | None) -> Finding:
    branch = subnet.id.lower()
    if group is None:
        return Finding(
            subject=subnet.name,
            outcome=Outcome.PASS,
            evidence="no network security group, so nothing is filtered",
            command="az network nsg list --output table",
            branch=branch,
        )
    return _nsg_finding(facts, group, of=subnet.name, prefixes=subnet.address_prefixes, branch=branch)


def _nsg_finding(
    facts: Facts, group: NetworkSecurityGroup, *, of: str, prefixes: Sequence[IPv4Network], branch: str
) -> Finding:
    connected = (*facts.azure_prefixes, *facts.vpc_prefixes)
    azure = facts.network.azure
    members = application_security_group_members(azure) if azure is not None else None
    peers = [private_subnet.cidr_block for private_subnet in facts.private_subnets]
    denials = [
        denial
        for way in _WAYS
        for own in prefixes
        for denial in _denials(
            network_security_group_filter(group, way, connected=connected, members=members),
            way,
            peers,
            own,
            otherwise="",
        )
    ]
    resource_group, name = group_and_name(group.id)
    at = f"-g {resource_group} --nsg-name {name}"
    denying = {(AZURE_DIRECTIONS[refusal.way], refusal.number) for refusal in denials}
    names = [rule.name for rule in group.security_rules if (rule.direction, rule.priority) in denying]
    delete = [f"az network nsg rule delete {at} -n {rule_name}" for rule_name in dict.fromkeys(names)]
    admit = f"Add a rule of a lower priority number that allows the VPC: az network nsg rule create {at}"
    return Finding(
        subject=f"{group.name} of {of}",
        outcome=_outcome(peers, denials),
        evidence=_evidence(peers, denials),
        command=f"az network nsg rule list {at} --include-default --output table",
        remedy=("; ".join(delete) or admit) if denials else "",
        branch=branch,
    )


def _outcome(peers: Sequence[IPv4Network], denials: Sequence[_Denial]) -> Outcome:
    # A filter of which nothing was asked has not let anything through.
    if not peers:
        return Outcome.INCONCLUSIVE
    if any(denial.sure for denial in denials):
        return Outcome.FAIL
    return Outcome.INCONCLUSIVE if denials else Outcome.PASS


def _evidence(peers: Sequence[IPv4Network], denials: Sequence[_Denial]) -> str:
    """Return each rule with all that it keeps out, or that nothing is."""
    if not peers:
        return "it is not known what should pass: the remote side's subnets or the filter are not shown"
    return "; ".join(dict.fromkeys(denial.text for denial in denials)) or "pings pass both ways"
