"""The first rule that lets AWS in, in the workload's network security group, is made to deny."""

from twinspan.cloud.azure import read_azure
from twinspan.cloud.azure.act import put_rule, read_rule
from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import HostError
from twinspan.faults.api_changes import ApiChange, azure_of
from twinspan.faults.api_fault import ApiFault
from twinspan.faults.definition import IN_USE, Drill, FaultType, Step
from twinspan.faults.expectations import harmless
from twinspan.network.links import TunnelLink
from twinspan.target.target import Target

_ID = "nsg-deny"


def _set_rule(change: ApiChange, endpoints: Endpoints) -> None:
    put_rule(azure_of(endpoints), change.target, change.also["rule"], access=change.also["access"])


def _make(target: Target, _link: TunnelLink) -> ApiFault:
    azure = read_azure(target.endpoints.azure)[0] if target.endpoints.azure else None
    expected = (
        {subnet_id.lower() for subnet_id in target.expected.azure_subnet_ids} if target.expected else set()
    )
    used = {
        (subnet.network_security_group_id or "").lower()
        for network in (azure.virtual_networks if azure else ())
        for subnet in network.subnets
        if not expected or subnet.id.lower() in expected
    }
    allowing = [
        (rule.priority, group.id, rule.name)
        for group in (azure.network_security_groups if azure else ())
        for rule in group.security_rules
        if group.id.lower() in used and rule.direction == "Inbound" and rule.access == "Allow"
    ]
    if target.endpoints.azure is None or not allowing:
        raise HostError(
            problem="no network security group of a workload subnet has a rule of its own that allows",
            remedy="Run `twinspan verify`",
        )
    _, group, name = min(allowing)
    rule = read_rule(target.endpoints.azure, group, name)
    deny, allow = (
        ApiChange(fault=_ID, act="set-rule", target=group, also={"rule": rule, "access": access})
        for access in ("Deny", "Allow")
    )
    return ApiFault(target.endpoints, f"rule {name} of {group.split('/')[-1]}", (deny,), (allow,))


FAULT = FaultType(id=_ID, make=_make, acts={"set-rule": _set_rule}, breaks_tunnel=False)
FAULTS = (FAULT,)
DRILLS = (
    Drill(
        name="nsg-deny",
        breaks="The first rule that lets AWS in, in the workload's network security group, is made to deny.",
        steps=(Step(fault=FAULT),),
        places=("twin", "cloud"),
        aws=harmless("Azure, Network security groups: a changed rule affects new connections only"),
        azure=harmless("as for AWS"),
        broken_s=5.0,
        targets=(IN_USE,),
        destroys=True,
    ),
)
