"""The EC2 actions on VPC endpoints. Source of each: EC2 API, the action of that name."""

from collections.abc import Mapping

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError

from twinspan.twin.aws.ec2.base_response import ExactResult
from twinspan.twin.aws.ec2.endpoint_views import ENDPOINTS, SERVICES, endpoint_view, service_views
from twinspan.twin.aws.ec2.endpoints import GATEWAY, INTERFACE
from twinspan.twin.aws.ec2.errors import unsupported
from twinspan.twin.aws.ec2.filters import select
from twinspan.twin.aws.ec2.interface_responses import InterfaceActions


class EndpointActions(InterfaceActions):
    """VPC endpoints, and what there are endpoints for."""

    def create_vpc_endpoint(self) -> ActionResult:
        """CreateVpcEndpoint, of the two types that lead to AWS's own services."""
        params = self._get_params()
        kind = params.get("VpcEndpointType") or GATEWAY
        if kind not in {GATEWAY, INTERFACE}:
            raise unsupported(f"The twin cannot do this: VpcEndpointType {kind}; it has no such endpoints")
        if not any((kind, params["ServiceName"]) == pair for pair in self._pairs()):
            raise _no_service(params["ServiceName"])
        endpoint = self.machines.add_endpoint(params, self.tags_for("vpc-endpoint"))
        return ExactResult({"VpcEndpoint": endpoint_view(endpoint)})

    def modify_vpc_endpoint(self) -> ActionResult:
        """ModifyVpcEndpoint."""
        self.machines.modify_endpoint(self._get_param("VpcEndpointId"), self._get_params())
        return ExactResult({"Return": True})

    def delete_vpc_endpoints(self) -> ActionResult:
        """DeleteVpcEndpoints; those that are not there are named in the answer."""
        failed = []
        for name in dict.fromkeys(self._get_param("VpcEndpointIds")):
            try:
                self.machines.delete_endpoint(name)
            except EC2ClientError as error:
                failed.append({"ResourceId": name, "Error": {"Code": error.code, "Message": error.message}})
        return ExactResult({"Unsuccessful": failed})

    def describe_vpc_endpoints(self) -> ActionResult:
        """DescribeVpcEndpoints."""
        names = self._get_param("VpcEndpointIds") or list(self.machines.endpoints)
        endpoints = select(ENDPOINTS, [self.machines.endpoint(name) for name in names], self.filters())
        return ExactResult({"VpcEndpoints": [endpoint_view(endpoint) for endpoint in endpoints]})

    def describe_vpc_endpoint_services(self) -> ActionResult:
        """DescribeVpcEndpointServices: AWS's own."""
        views, names = list(self._services()), self._get_param("ServiceNames") or []
        for name in names:
            if all(view["ServiceName"] != name for view in views):
                raise _no_service(name)
        named = [view for view in views if not names or view["ServiceName"] in names]
        services = select(SERVICES, named, self.filters())
        listed = sorted({str(view["ServiceName"]) for view in services})
        return ExactResult({"ServiceNames": listed, "ServiceDetails": services})

    def _services(self) -> list[dict[str, object]]:
        zones = [zone.name for zone in self.machines.describe_availability_zones()]
        return list(service_views(self.region, zones))

    def _pairs(self) -> list[tuple[str, object]]:
        return [
            (str(kind["ServiceType"]), view["ServiceName"])
            for view in self._services()
            for kind in (view["ServiceType"] if isinstance(view["ServiceType"], list) else [])
            if isinstance(kind, Mapping)
        ]


def _no_service(name: str) -> EC2ClientError:
    return EC2ClientError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
