"""Which of several networks that no tunnel joins a drill is about: its tunnels, and who sends there."""

from collections.abc import Sequence

from twinspan.drill.tunnel_names import links_named
from twinspan.network.links import TunnelLink
from twinspan.rules.observed.facts import Facts
from twinspan.verify.run import HostPair


def network_of(facts: Facts, tunnel: str) -> Facts:
    """Return the network with this tunnel; the first one if none has it, as for `in-use` and `unused`."""
    named = (part for part in facts.parts if links_named(part.all_links(), tunnel))
    return next(named, facts.parts[0])


def pair_in(network: Facts, pairs: Sequence[HostPair]) -> HostPair:
    """Return the pair of hosts in a network's subnets; the first one if none is."""
    own = {subnet.id for subnet in network.private_subnets}
    return next((pair for pair in pairs if pair[0].subnet_id in own), pairs[0])


def links_in(network: Facts, links: Sequence[TunnelLink]) -> Sequence[TunnelLink]:
    """Return those of all tunnels that are of a network, by its gateways."""
    own = {gateway for link in network.all_links() for gateway in link.gateways}
    return [link for link in links if own & link.gateways]
