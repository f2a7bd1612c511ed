"""The clouds' packet filters as nftables text: security groups, network ACLs, NSGs.

Every function is pure. The text is for `nft -f -` and replaces the filter's own table in one transaction.
"""

from twinspan.twin.dataplane.filters_aws import (
    SECURITY_GROUP_TABLE,
    network_acl_ruleset,
    network_acl_table,
    security_group_ruleset,
)
from twinspan.twin.dataplane.filters_nsg import AT_INTERFACE, NSG_TABLE, nsg_ruleset
from twinspan.twin.dataplane.filters_text import Edge

__all__ = [
    "AT_INTERFACE",
    "NSG_TABLE",
    "SECURITY_GROUP_TABLE",
    "Edge",
    "network_acl_ruleset",
    "network_acl_table",
    "nsg_ruleset",
    "security_group_ruleset",
]
