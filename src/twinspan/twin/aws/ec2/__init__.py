"""EC2 of the twin: moto's, extended from outside with what its VPN model lacks."""

from types import SimpleNamespace

import moto.ec2.urls
from moto.core.responses import ActionResult

from twinspan.twin.aws.ec2.base_response import BOARD_KEY, ExactResult
from twinspan.twin.aws.ec2.dependents import DependentsBackend
from twinspan.twin.aws.ec2.endpoint_responses import EndpointActions
from twinspan.twin.aws.ec2.errors import invalid_value
from twinspan.twin.aws.ec2.flow_logs import FlowLogActions
from twinspan.twin.aws.ec2.instance_responses import InstanceActions

__all__ = ["BOARD_KEY", "TwinEC2Backend", "TwinEC2Response"]


class TwinEC2Response(FlowLogActions, EndpointActions, InstanceActions):
    """All EC2 actions of the twin."""

    def allocate_address(self) -> ActionResult:
        """AllocateAddress; EC2-Classic, the other domain, has been retired."""
        if self._get_param("Domain") == "standard":
            raise invalid_value("Domain", "standard", "Valid values: vpc")
        return super().allocate_address()

    def describe_instance_types(self) -> ActionResult:
        """DescribeInstanceTypes; moto's answer is in the API's own words already."""
        return ExactResult(super().describe_instance_types().result)

    def describe_instance_type_offerings(self) -> ActionResult:
        """DescribeInstanceTypeOfferings; nobody has an Outpost here."""
        if self._get_param("LocationType") == "outpost":
            return ExactResult({"InstanceTypeOfferings": []})
        return ExactResult(super().describe_instance_type_offerings().result)


class TwinEC2Backend(DependentsBackend):
    """The EC2 state of one region of the twin."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self.propagations = {}
        super().__init__(region_name, account_id)

    def _load_amis(self) -> None:
        """Leave out moto's machine images: `images` has them, without a volume and a snapshot each."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours lead to our own response class."""
        return SimpleNamespace(
            url_bases=moto.ec2.urls.url_bases, url_paths={"{0}/": TwinEC2Response.dispatch}
        )
