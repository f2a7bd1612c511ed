"""Every name that a user has for a tunnel leads to it."""

from dataclasses import replace

import pytest
from test_drill_parts import link

from twinspan.drill.in_use import choose
from twinspan.drill.tunnel_names import names_of, tunnel_named
from twinspan.errors import DesignError

VPN, CONNECTION = 'module.a.aws_vpn_connection.to["b"]', "azurerm_virtual_network_gateway_connection.aws[0]"
FIRST = replace(link(1), key="aws[0]", addresses=(f"{VPN}.tunnel1", CONNECTION, VPN))
SECOND = replace(link(2), key="aws[1]", addresses=(f"{VPN}.tunnel2", f"{CONNECTION[:-2]}1]", VPN))


@pytest.mark.parametrize(
    "name",
    [
        "aws[0]",
        f"{VPN}.tunnel1",
        f"{VPN}.tunnel1".replace('"', ""),
        CONNECTION,
        "dev-tunnel1",
        "DEV-tunnel1",
        "203.0.113.1",
        "vpn-0a/1",
    ],
)
def test_a_tunnel_goes_by_all_its_names(name: str) -> None:
    links = [FIRST, replace(SECOND, vpn_connection=replace(SECOND.vpn_connection, id="vpn-0b"))]  # type: ignore[type-var]

    assert tunnel_named(links, name).key == "aws[0]"
    assert choose(links, name, carrying="aws[1]").key == "aws[0]"


@pytest.mark.parametrize(("name", "problem"), [(VPN, "2 tunnels"), ("nobody", "no tunnel nobody")])
def test_a_name_of_none_or_of_several_is_refused_with_those_that_there_are(name: str, problem: str) -> None:
    with pytest.raises(DesignError) as refused:
        tunnel_named([FIRST, SECOND], name)

    assert problem in refused.value.problem
    assert "aws[0]" in refused.value.remedy
    assert f"{VPN}.tunnel2" in refused.value.remedy


def test_names_are_told_once_each_the_key_first() -> None:
    names = names_of(FIRST)

    assert names[0] == "aws[0]"
    assert len(names) == len(set(names))
