"""What a state plans of an object whose members may be written inside it."""

from typing import Any

import pytest

from twinspan.project.state import State, StateResource
from twinspan.verify.planned import planned_settings

INTERNET = {"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}
GROUP = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network"


def resource(address: str, **values: Any) -> StateResource:
    return StateResource(address=address, type=address.partition(".")[0], values=values)


@pytest.mark.parametrize(
    ("inside", "other", "apart"),
    [
        (
            resource("aws_route_table.edge", id="rtb-1", route=[INTERNET]),
            resource("aws_route_table.spoke", id="rtb-2", route=[INTERNET]),
            resource("aws_route.spoke", route_table_id="rtb-2", destination_cidr_block="10.1.0.0/16"),
        ),
        (
            resource("aws_security_group.one", id="sg-1", ingress=[{"protocol": "-1"}]),
            resource("aws_security_group.two", id="sg-2", ingress=[{"protocol": "-1"}]),
            resource("aws_vpc_security_group_ingress_rule.two", security_group_id="sg-2"),
        ),
        (
            resource("azurerm_route_table.one", id=f"{GROUP}/routeTables/one", route=[{"name": "a"}]),
            resource("azurerm_route_table.two", id=f"{GROUP}/routeTables/two", route=[{"name": "b"}]),
            resource("azurerm_route.two", id=f"{GROUP}/routeTables/two/routes/b"),
        ),
    ],
)
def test_members_apart_from_another_object_say_nothing_of_this_one(
    inside: StateResource, other: StateResource, apart: StateResource
) -> None:
    owned = planned_settings(State(resources=(inside, other, apart))).owned
    assert inside.address not in owned.values()
    assert other.address in owned.values()


def test_propagation_that_is_written_inside_a_table_is_planned() -> None:
    table = resource("aws_route_table.edge", id="rtb-1", route=[], propagating_vgws=["vgw-1"])
    planned = planned_settings(State(resources=(table,))).values
    assert [(key.object, key.name) for key in planned] == [("rtb-1", "propagation: vgw-1")]
