# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""Data sources."""

from twinspan.twin.providers.aws.base import filters
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import State
from twinspan.twin.providers.resource import DataSource


class AvailabilityZones(DataSource[AwsCloud]):
    """`aws_availability_zones`."""

    type_name = "aws_availability_zones"

    def read(self, cloud: AwsCloud, config: State) -> State:
        """DescribeAvailabilityZones."""
        zone_filters = [{"Name": item["name"], "Values": item["values"]} for item in config["filter"] or []]
        if config["state"]:
            zone_filters += filters(state=config["state"])
        answer = cloud.call(
            "ec2",
            "describe_availability_zones",
            Filters=zone_filters or None,
            AllAvailabilityZones=config["all_availability_zones"],
        )
        barred = {*(config["exclude_names"] or []), *(config["exclude_zone_ids"] or [])}
        zones = [
            zone
            for zone in answer["AvailabilityZones"]
            if zone["ZoneName"] not in barred and zone.get("ZoneId") not in barred
        ]
        zones.sort(key=lambda zone: str(zone["ZoneName"]))
        return {
            "id": cloud.region,
            "region": cloud.region,
            "names": [zone["ZoneName"] for zone in zones],
            "zone_ids": [zone.get("ZoneId", "") for zone in zones],
            "group_names": sorted({zone.get("GroupName", cloud.region) for zone in zones}),
        }


class CallerIdentity(DataSource[AwsCloud]):
    """`aws_caller_identity`."""

    type_name = "aws_caller_identity"

    def read(self, cloud: AwsCloud, config: State) -> State:
        """GetCallerIdentity."""
        caller = cloud.call("sts", "get_caller_identity")
        return {
            "account_id": caller["Account"],
            "arn": caller["Arn"],
            "id": caller["Account"],
            "user_id": caller["UserId"],
        }


class Region(DataSource[AwsCloud]):
    """`aws_region`."""

    type_name = "aws_region"

    def read(self, cloud: AwsCloud, config: State) -> State:
        """Return the region calls go to; no call is needed."""
        name = config["region"] or config["name"] or cloud.region
        return {
            "id": name,
            "name": name,
            "region": name,
            "description": "",
            "endpoint": f"ec2.{name}.amazonaws.com",
        }
