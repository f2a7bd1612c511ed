"""The layers of a network, in the order in which a packet depends on them."""

from enum import StrEnum


class Section(StrEnum):
    """A heading of the catalogue."""

    ACCOUNTS = "Accounts"
    NETWORKS_AND_GATEWAYS = "Networks and gateways"
    ADDRESSES = "Addresses"
    IKE = "IKE"
    IPSEC = "IPsec"
    BGP = "BGP"
    ROUTES = "Routes"
    FILTERS = "Filters"
    PACKETS = "Packets"
    CLUSTERS = "Clusters"
    PODS = "Pods"
    REDUNDANCY = "Redundancy"
    QUOTAS_AND_COSTS = "Quotas and costs"
    CHANGES = "Changes"
    DRIFT = "Drift"
    """What differs from the plan; it may be why something else is broken, or harmless."""
