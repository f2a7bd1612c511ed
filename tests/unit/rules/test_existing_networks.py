"""Routes, filters and clusters of networks that exist: what AWS makes of its own accord, and what is idle."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import healthy_network as vn
import pytest
from verified_names import GROUP, PRIVATE_A, PRIVATE_B, VNET_CIDR

from twinspan.network import model
from twinspan.network.aws_defaults import default_entries, last_entries, permissions_of_its_own
from twinspan.results import Finding, Severity
from twinspan.rules import filters, kubernetes, routes
from twinspan.rules.catalogue import CONFIGURATION
from twinspan.rules.design import Design
from twinspan.rules.rule import Rule

AWS, AZURE = vn.aws_network(), vn.azure_network()
TABLE, PUBLIC_TABLE = AWS.route_tables[0], AWS.route_tables[-1]
LOCAL, LEARNED = TABLE.routes
WORKLOAD_GROUP = AWS.security_groups[0]
ACL = replace(AWS.network_acls[0], entries=(*default_entries(), *last_entries()))
DENIAL = model.NetworkAclEntry(egress=False, rule_number=90, protocol="-1", allow=False, cidr_block=VNET_CIDR)
MAIN = next(table for table in AWS.route_tables if table.main)
CLOSED = replace(AZURE.route_tables[0], id="/idle", bgp_route_propagation_enabled=False, routes=())
DENYING = replace(
    AZURE.network_security_groups[0],
    id="/idle",
    security_rules=(
        replace(
            AZURE.network_security_groups[0].security_rules[0],
            name="no",
            access="Deny",
            destination_address_prefixes=("*",),
        ),
    ),
)
RULES = [
    candidate
    for candidate in CONFIGURATION
    if candidate.severity is not Severity.INFO and not candidate.id.startswith("RED")
]


def design(**aws: Any) -> Design:
    """Return a good network of which some things of AWS are others."""
    default = model.SecurityGroup(
        id="sg-default", name="default", vpc_id="vpc-0a", permissions=permissions_of_its_own("sg-default")
    )
    apart = model.Vpc(id="vpc-apart", name="", cidr_blocks=(IPv4Network("10.9.0.0/16"),))
    good = replace(
        AWS,
        vpcs=(*AWS.vpcs, apart),
        subnets=(
            *AWS.subnets,
            replace(AWS.subnets[0], id="subnet-apart", vpc_id=apart.id, cidr_block=apart.cidr_blocks[0]),
        ),
        route_tables=(*AWS.route_tables, replace(MAIN, id="rtb-apart", vpc_id=apart.id)),
        security_groups=(*AWS.security_groups, default),
        network_acls=(ACL, replace(ACL, id="acl-idle", subnet_ids=(), entries=(DENIAL, *last_entries()))),
    )
    return Design(network=model.Network(aws=replace(good, **aws), azure=azure()))


def azure(**changes: Any) -> model.AzureNetwork:
    (cluster,) = AZURE.aks_clusters
    stopped = replace(cluster.node_pools[0], count=0)
    good = replace(
        AZURE,
        route_tables=(*AZURE.route_tables, CLOSED),
        network_security_groups=(*AZURE.network_security_groups, DENYING),
        aks_clusters=(replace(cluster, node_pools=(stopped,), outbound_type="userDefinedRouting"),),
    )
    return replace(good, **changes)


def said(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(finding.subject, finding.evidence) for finding in findings]


@pytest.mark.parametrize("check", RULES, ids=lambda check: check.id)
def test_what_nobody_writes_and_what_is_idle_is_no_fault(check: Rule[Design]) -> None:
    assert said(check.examine(design())) == []


def test_the_main_table_counts_as_soon_as_a_subnet_has_no_other() -> None:
    tables = AWS.route_tables[1:]
    assert said(routes.private_tables_propagate(design(route_tables=tables))) == [
        (MAIN.id, "the gateway propagates no routes into it, and it has none of its own to Azure")
    ]


@pytest.mark.parametrize(("state", "findings"), [("active", 0), ("blackhole", 1)])
def test_a_route_of_its_own_leads_to_azure_as_long_as_its_gateway_is_there(state: Any, findings: int) -> None:
    own = replace(LEARNED, origin="CreateRoute", state=state)
    tables = (replace(TABLE, propagating_vgw_ids=(), routes=(LOCAL, own)), *AWS.route_tables[1:])
    assert len(said(routes.private_tables_propagate(design(route_tables=tables)))) == findings


def test_a_group_that_admits_its_own_members_admits_nothing_of_azure() -> None:
    closed = replace(WORKLOAD_GROUP, name="own", permissions=permissions_of_its_own(WORKLOAD_GROUP.id)[:1])
    assert said(filters.security_group_admits(design(security_groups=(closed,)))) == [
        ("dev-vnet address_space", "no security group admits 10.1.0.0/16 (sg-0a)")
    ]


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ((*default_entries(), DENIAL, *last_entries()), "rule 90 denies what comes from 10.1.0.0/16"),
        (last_entries(), "no rule admits what comes from 10.1.0.0/16"),
    ],
)
def test_a_network_acl_is_judged_in_the_order_of_its_numbers(entries: Any, why: str) -> None:
    acl = replace(ACL, subnet_ids=(PRIVATE_A, PRIVATE_B), entries=entries)
    assert said(filters.network_acls_admit(design(network_acls=(acl,)))) == [("acl-0a", why)]


def test_a_network_security_group_on_a_subnet_is_named_by_its_id() -> None:
    group = replace(DENYING, id=f"{GROUP}/networksecuritygroups/dev-nsg")
    groups = (group, *AZURE.network_security_groups[1:])
    broken = Design(network=model.Network(aws=AWS, azure=azure(network_security_groups=groups)))
    evidence = dict(said(filters.network_security_group_admits(broken)))
    assert evidence["dev-nsg"].startswith("rule no (priority 100) denies all that comes from 10.2.")


def test_the_route_table_of_a_clusters_nodes_must_let_learned_routes_in() -> None:
    nodes = replace(AZURE.route_tables[1], bgp_route_propagation_enabled=False)
    broken = Design(network=model.Network(aws=AWS, azure=azure(route_tables=(AZURE.route_tables[0], nodes))))
    assert [subject for subject, _ in said(kubernetes.aks_routes_kept(broken))] == [
        f"{nodes.name} bgp_route_propagation_enabled"
    ]
