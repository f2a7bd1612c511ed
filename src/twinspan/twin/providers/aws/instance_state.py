"""An instance as `aws_instance` keeps it, from what the EC2 API says of it."""

from typing import Any

from twinspan.twin.providers.aws.base import find, tags_of
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import State

_PRIMARY = 0
"""Device index of the interface that an instance was made with. Source: EC2 API, DeviceIndex."""

_NEVER_MADE = (
    "ebs_block_device",
    "ephemeral_block_device",
    "instance_market_options",
    "launch_template",
    "network_interface",
    "primary_network_interface",
)
"""Blocks that no instance of the offline provider has."""


def primary_interface(instance: dict[str, Any]) -> dict[str, Any]:
    """Return an instance's primary interface; empty while it is being terminated."""
    interfaces: list[dict[str, Any]] = instance.get("NetworkInterfaces", [])
    return next((item for item in interfaces if item["Attachment"]["DeviceIndex"] == _PRIMARY), {})


def instance_state(cloud: AwsCloud, instance: dict[str, Any], state: State) -> State:
    """Return the attributes of an instance, other than its tags."""
    identity = instance["InstanceId"]
    placement = instance.get("Placement", {})
    return {
        "ami": instance["ImageId"],
        "arn": cloud.arn("ec2", f"instance/{identity}"),
        "availability_zone": placement.get("AvailabilityZone", ""),
        "disable_api_stop": _attribute(cloud, identity, "disableApiStop"),
        "disable_api_termination": _attribute(cloud, identity, "disableApiTermination"),
        "ebs_optimized": instance.get("EbsOptimized", False),
        "get_password_data": state["get_password_data"],
        "hibernation": instance.get("HibernationOptions", {}).get("Configured", False),
        "host_id": placement.get("HostId", ""),
        "iam_instance_profile": instance.get("IamInstanceProfile", {}).get("Arn", "").rpartition("/")[2],
        "instance_initiated_shutdown_behavior": _attribute(
            cloud, identity, "instanceInitiatedShutdownBehavior"
        ),
        "instance_lifecycle": instance.get("InstanceLifecycle", ""),
        "instance_state": instance["State"]["Name"],
        "instance_type": instance["InstanceType"],
        "key_name": instance.get("KeyName", ""),
        "monitoring": instance.get("Monitoring", {}).get("State") in {"enabled", "pending"},
        "outpost_arn": "",
        "password_data": "",
        "placement_group": placement.get("GroupName", ""),
        "placement_group_id": placement.get("GroupId", ""),
        "placement_partition_number": placement.get("PartitionNumber", 0),
        "region": cloud.region,
        "spot_instance_request_id": "",
        "tenancy": placement.get("Tenancy", "default"),
        **_addresses(instance, state),
        **_blocks(cloud, instance),
    }


def _attribute(cloud: AwsCloud, identity: str, name: str) -> Any:  # noqa: ANN401 - of the attribute's type
    answer = cloud.call("ec2", "describe_instance_attribute", InstanceId=identity, Attribute=name)
    return answer.get(name[0].upper() + name[1:], {}).get("Value")


def _addresses(instance: dict[str, Any], state: State) -> State:
    primary = primary_interface(instance)
    address, public = instance.get("PrivateIpAddress", ""), instance.get("PublicIpAddress", "")
    asked = state.get("associate_public_ip_address")
    return {
        "associate_public_ip_address": asked if isinstance(asked, bool) else bool(primary.get("Association")),
        "enable_primary_ipv6": None,
        "ipv6_address_count": 0,
        "ipv6_addresses": [],
        "primary_network_interface_id": primary.get("NetworkInterfaceId", ""),
        "private_dns": instance.get("PrivateDnsName", ""),
        "private_ip": address,
        "public_dns": instance.get("PublicDnsName", ""),
        "public_ip": public,
        "secondary_private_ips": [
            item["PrivateIpAddress"]
            for item in primary.get("PrivateIpAddresses", [])
            if item["PrivateIpAddress"] != address
        ],
        "security_groups": [],
        "source_dest_check": primary.get("SourceDestCheck", True),
        "subnet_id": primary.get("SubnetId", ""),
        "vpc_security_group_ids": [group["GroupId"] for group in primary.get("Groups", [])],
    }


def _blocks(cloud: AwsCloud, instance: dict[str, Any]) -> State:
    cpu, metadata = instance.get("CpuOptions", {}), instance.get("MetadataOptions", {})
    names = instance.get("PrivateDnsNameOptions", {})
    capacity = instance.get("CapacityReservationSpecification", {})
    return {
        "capacity_reservation_specification": [
            {
                "capacity_reservation_preference": capacity.get("CapacityReservationPreference", ""),
                "capacity_reservation_target": [],
            }
        ],
        "cpu_options": [
            {
                "amd_sev_snp": cpu.get("AmdSevSnp", ""),
                "core_count": cpu.get("CoreCount", 0),
                "threads_per_core": cpu.get("ThreadsPerCore", 0),
            }
        ],
        "credit_specification": _credits(cloud, instance["InstanceId"]),
        "enclave_options": [{"enabled": instance.get("EnclaveOptions", {}).get("Enabled", False)}],
        "maintenance_options": [
            {"auto_recovery": instance.get("MaintenanceOptions", {}).get("AutoRecovery", "default")}
        ],
        "metadata_options": [
            {
                "http_endpoint": metadata.get("HttpEndpoint", ""),
                "http_protocol_ipv6": metadata.get("HttpProtocolIpv6", ""),
                "http_put_response_hop_limit": metadata.get("HttpPutResponseHopLimit", 0),
                "http_tokens": metadata.get("HttpTokens", ""),
                "instance_metadata_tags": metadata.get("InstanceMetadataTags", ""),
            }
        ],
        "private_dns_name_options": [
            {
                "enable_resource_name_dns_a_record": names.get("EnableResourceNameDnsARecord", False),
                "enable_resource_name_dns_aaaa_record": names.get("EnableResourceNameDnsAAAARecord", False),
                "hostname_type": names.get("HostnameType", ""),
            }
        ],
        "root_block_device": _root_disk(cloud, instance),
        **dict.fromkeys(_NEVER_MADE, ()),
    }


def _credits(cloud: AwsCloud, identity: str) -> list[State]:
    """Return how a burstable instance is paid; nothing for other types."""
    answer = cloud.call("ec2", "describe_instance_credit_specifications", InstanceIds=[identity])
    return [
        {"cpu_credits": item["CpuCredits"]}
        for item in answer["InstanceCreditSpecifications"]
        if item["InstanceId"] == identity
    ]


def _root_disk(cloud: AwsCloud, instance: dict[str, Any]) -> list[State]:
    root = instance.get("RootDeviceName")
    disks = {item["DeviceName"]: item["Ebs"] for item in instance.get("BlockDeviceMappings", [])}
    if root not in disks:
        return []
    volume = find(cloud, "describe_volumes", "Volumes", VolumeIds=[disks[root]["VolumeId"]]) or {}
    return [
        {
            "delete_on_termination": disks[root]["DeleteOnTermination"],
            "device_name": root,
            "encrypted": volume.get("Encrypted", False),
            "iops": volume.get("Iops", 0),
            "kms_key_id": volume.get("KmsKeyId", ""),
            "tags": tags_of(volume),
            "tags_all": tags_of(volume),
            "throughput": volume.get("Throughput", 0),
            "volume_id": disks[root]["VolumeId"],
            "volume_size": volume.get("Size", 0),
            "volume_type": volume.get("VolumeType", ""),
        }
    ]
