"""DHCP options, over moto's, which forgets their tags and what it does not know.

Source: EC2 API, CreateDhcpOptions.
"""

from typing import Any

from moto.core.responses import ActionResult

from twinspan.twin.aws.ec2.errors import invalid_value
from twinspan.twin.aws.ec2.security_groups import SecurityGroupActions

_OPTIONS = frozenset(
    {"domain-name", "domain-name-servers", "netbios-name-servers", "netbios-node-type", "ntp-servers"}
)


class DhcpActions(SecurityGroupActions):
    """Sets of DHCP options."""

    def create_dhcp_options(self) -> ActionResult:
        """CreateDhcpOptions, with tags; there are five options."""
        for option in self._get_param("DhcpConfigurations"):
            if option["Key"] not in _OPTIONS:
                raise invalid_value(
                    "DhcpConfiguration", option["Key"], f"Valid keys: {', '.join(sorted(_OPTIONS))}"
                )
        tags = self.tags_for("dhcp-options")
        result: Any = super().create_dhcp_options().result
        result["DhcpOptions"].add_tags(tags)
        return ActionResult(result)
