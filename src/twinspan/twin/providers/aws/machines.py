"""EC2 instances, their key pairs and the images that they are made of."""

import base64
import secrets
from collections.abc import Iterator
from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.base import (
    TIMEOUT_S,
    AwsResource,
    differs,
    find,
    gone_is_fine,
    tag_specifications,
    tags_of,
)
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.aws.instance_state import instance_state, primary_interface
from twinspan.twin.providers.aws.interfaces import modify_interface
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Change, Problem, Record, one_of
from twinspan.twin.providers.values import UNKNOWN, is_zero
from twinspan.wait import wait_until

_NOT_OFFLINE = (
    "capacity_reservation_specification",
    "cpu_options",
    "ebs_block_device",
    "enclave_options",
    "ephemeral_block_device",
    "get_password_data",
    "hibernation",
    "host_id",
    "host_resource_group_arn",
    "instance_market_options",
    "ipv6_address_count",
    "ipv6_addresses",
    "launch_template",
    "maintenance_options",
    "network_interface",
    "placement_group",
    "primary_network_interface",
    "private_dns_name_options",
    "secondary_private_ips",
    "security_groups",
    "volume_tags",
)
_IN_PLACE = frozenset(
    {"force_destroy", "instance_type", "source_dest_check", "tags", "tags_all", "vpc_security_group_ids"}
)
_METADATA = {
    "http_endpoint": "HttpEndpoint",
    "http_protocol_ipv6": "HttpProtocolIpv6",
    "http_put_response_hop_limit": "HttpPutResponseHopLimit",
    "http_tokens": "HttpTokens",
    "instance_metadata_tags": "InstanceMetadataTags",
}
_DISK = {
    "delete_on_termination": "DeleteOnTermination",
    "encrypted": "Encrypted",
    "iops": "Iops",
    "throughput": "Throughput",
    "volume_size": "VolumeSize",
    "volume_type": "VolumeType",
}


class Instance(AwsResource):
    """`aws_instance` of an image, with one interface and one disk."""

    type_name = "aws_instance"
    facts = Facts(
        defaults={
            "force_destroy": False,
            "get_password_data": False,
            "metadata_options.http_endpoint": "enabled",
            "metadata_options.http_protocol_ipv6": "disabled",
            "root_block_device.delete_on_termination": True,
            "source_dest_check": True,
            "user_data_replace_on_change": False,
        },
        force_new=frozenset(
            {"region", "ami", "associate_public_ip_address", "availability_zone", "ebs_optimized"}
            | {"key_name", "private_ip", "subnet_id", "tenancy"}
            | {"root_block_device.encrypted", "root_block_device.kms_key_id"}
        ),
        computed_blocks=frozenset(
            {"capacity_reservation_specification", "cpu_options", "credit_specification"}
            | {"ebs_block_device", "enclave_options", "ephemeral_block_device", "instance_market_options"}
            | {"maintenance_options", "metadata_options", "network_interface", "primary_network_interface"}
            | {"private_dns_name_options", "root_block_device"}
        ),
    )
    rules: ClassVar = {
        "metadata_options.http_tokens": one_of("optional", "required"),
        "tenancy": one_of("default", "dedicated", "host"),
    }

    def validate(self, config: State) -> Iterator[Problem]:
        """Refuse an instance of nothing, and what this offline provider does not do with one."""
        for name in ("ami", "instance_type"):
            if config[name] is None:
                detail = f"The offline provider makes instances of an AMI and a type: set {name}."
                yield Problem(summary=f"{name} is missing", detail=detail, path=name)
        for name in _NOT_OFFLINE:
            if config[name] is not UNKNOWN and not is_zero(config[name]):
                detail = f"The offline provider makes instances without {name}; use the real one."
                yield Problem(summary=f"{name} is not supported offline", detail=detail, path=name)

    def adjust(self, cloud: AwsCloud, change: Change) -> State:
        """Plan what a change of the type, for which an instance stops and starts, makes of it."""
        planned = super().adjust(cloud, change)
        if change.differs("instance_type"):
            planned |= dict.fromkeys(("public_dns", "public_ip", "instance_state"), UNKNOWN)
        return planned

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """RunInstances, and wait until it runs; then the source/destination check if it shall be off."""
        made = cloud.call("ec2", "run_instances", MinCount=1, MaxCount=1, **_launch(cloud, planned))
        identity: str = made["Instances"][0]["InstanceId"]
        record(identity)
        running = self._until(cloud, identity, "running")
        if not planned["source_dest_check"]:
            interface = primary_interface(running)["NetworkInterfaceId"]
            modify_interface(cloud, interface, SourceDestCheck={"Value": False})
        return identity

    def _find(self, cloud: AwsCloud, identity: str) -> dict[str, Any] | None:
        reservation = find(cloud, "describe_instances", "Reservations", InstanceIds=[identity])
        return reservation["Instances"][0] if reservation else None

    def _until(self, cloud: AwsCloud, identity: str, state: str) -> dict[str, Any]:
        seen = wait_until(
            lambda: self._find(cloud, identity) or {"State": {"Name": "terminated"}},
            lambda instance: instance["State"]["Name"] in {state, "terminated"},
            what=f"instance {identity} {state}",
            timeout_s=TIMEOUT_S,
        )
        if seen["State"]["Name"] != state:
            reason = seen.get("StateReason", {})
            raise CloudRefusedError(
                operation=f"waiting for instance {identity} to be {state}",
                code=str(reason.get("Code", "terminated")),
                message=str(reason.get("Message", "it was terminated")),
            )
        return seen

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeInstances, and what only other calls tell of one."""
        instance = self._find(cloud, state["id"])
        if instance is None or instance["State"]["Name"] == "terminated":
            return None
        attributes = instance_state(cloud, instance, state)
        return {**attributes, **self.tag_state(cloud, tags_of(instance), state)}

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Type (stopped meanwhile), groups, source/destination check and tags.

        Raises:
            CloudRefusedError: Something else is to change, which only the real provider does.
        """
        identity, interface = prior["id"], prior["primary_network_interface_id"]
        changed = {name for name, value in planned.items() if value is not UNKNOWN and value != prior[name]}
        if others := sorted(changed - _IN_PLACE):
            raise CloudRefusedError(
                operation=f"change {identity}",
                code="NotSupportedOffline",
                message=f"the offline provider does not change {', '.join(others)}; use the real one",
            )
        if differs(prior, planned, "vpc_security_group_ids"):
            modify_interface(cloud, interface, Groups=planned["vpc_security_group_ids"])
        if differs(prior, planned, "source_dest_check"):
            modify_interface(cloud, interface, SourceDestCheck={"Value": planned["source_dest_check"]})
        if differs(prior, planned, "instance_type"):
            self._change_type(cloud, identity, planned["instance_type"])
        self.update_tags(cloud, identity, prior, planned)
        return {}

    def _change_type(self, cloud: AwsCloud, identity: str, kind: str) -> None:
        cloud.call("ec2", "stop_instances", InstanceIds=[identity])
        self._until(cloud, identity, "stopped")
        cloud.call("ec2", "modify_instance_attribute", InstanceId=identity, InstanceType={"Value": kind})
        cloud.call("ec2", "start_instances", InstanceIds=[identity])
        self._until(cloud, identity, "running")

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """TerminateInstances, and wait until it is terminated."""
        with gone_is_fine():
            cloud.call("ec2", "terminate_instances", InstanceIds=[state["id"]])
            self._until(cloud, state["id"], "terminated")


def _launch(cloud: AwsCloud, planned: State) -> State:
    """Return the parameters of RunInstances."""
    given = {name: value for name, value in planned.items() if value is not UNKNOWN}
    text, encoded = given.get("user_data"), given.get("user_data_base64")
    profile, monitored = given.get("iam_instance_profile"), given.get("monitoring")
    zone, tenancy = given.get("availability_zone"), given.get("tenancy")
    placement = {"AvailabilityZone": zone, "Tenancy": tenancy}
    placement = {name: value for name, value in placement.items() if value is not None}
    return {
        "BlockDeviceMappings": _disks(cloud, given),
        "CreditSpecification": _credits(given.get("credit_specification")),
        "DisableApiStop": given.get("disable_api_stop"),
        "DisableApiTermination": given.get("disable_api_termination"),
        "EbsOptimized": given.get("ebs_optimized"),
        "IamInstanceProfile": {"Name": profile} if profile else None,
        "ImageId": given["ami"],
        "InstanceInitiatedShutdownBehavior": given.get("instance_initiated_shutdown_behavior"),
        "InstanceType": given["instance_type"],
        "KeyName": given.get("key_name"),
        "MetadataOptions": _metadata(given.get("metadata_options")),
        "Monitoring": None if monitored is None else {"Enabled": monitored},
        "Placement": placement or None,
        "TagSpecifications": tag_specifications("instance", given["tags_all"]),
        "UserData": base64.b64decode(encoded).decode() if encoded else text,
        **_network(given),
    }


def _network(given: State) -> State:
    """Return where an instance is; an interface of its own is described if it may get a public address."""
    groups = given.get("vpc_security_group_ids") or None
    public = given.get("associate_public_ip_address")
    if public is None:
        return {
            "PrivateIpAddress": given.get("private_ip"),
            "SecurityGroupIds": groups,
            "SubnetId": given.get("subnet_id"),
        }
    interface = {
        "AssociatePublicIpAddress": public,
        "DeviceIndex": 0,
        "Groups": groups,
        "PrivateIpAddress": given.get("private_ip"),
        "SubnetId": given.get("subnet_id"),
    }
    return {"NetworkInterfaces": [{name: value for name, value in interface.items() if value is not None}]}


def _metadata(blocks: list[State] | None) -> State | None:
    known = _known(blocks, _METADATA)
    return known or None


def _credits(blocks: list[State] | None) -> State | None:
    return _known(blocks, {"cpu_credits": "CpuCredits"}) or None


def _disks(cloud: AwsCloud, given: State) -> list[State] | None:
    """Return the root disk as far as it is configured; its name is the image's."""
    disk = _known(given.get("root_block_device"), _DISK)
    if not disk:
        return None
    image = find(cloud, "describe_images", "Images", ImageIds=[given["ami"]]) or {}
    return [{"DeviceName": image.get("RootDeviceName"), "Ebs": disk}]


def _known(blocks: list[State] | None, members: dict[str, str]) -> State:
    """Return what is set in the first of some blocks, by the names of the API."""
    block: State = blocks[0] if blocks else {}
    return {
        member: block[name]
        for name, member in members.items()
        if name in block and block[name] is not UNKNOWN and block[name] not in (None, "", 0)
    }


class KeyPair(AwsResource):
    """`aws_key_pair`."""

    type_name = "aws_key_pair"
    facts = Facts(force_new=frozenset({"region", "key_name", "key_name_prefix", "public_key"}))

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """ImportKeyPair. Its id in Terraform is its name."""
        name = planned["key_name"]
        if not isinstance(name, str):
            prefix = (
                planned["key_name_prefix"] if isinstance(planned["key_name_prefix"], str) else "terraform-"
            )
            name = f"{prefix}{secrets.token_hex(13)}"
        cloud.call(
            "ec2",
            "import_key_pair",
            KeyName=name,
            PublicKeyMaterial=planned["public_key"].encode(),
            TagSpecifications=tag_specifications("key-pair", planned["tags_all"]),
        )
        record(name)
        return name

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeKeyPairs; the public key is the configuration's."""
        pair = find(cloud, "describe_key_pairs", "KeyPairs", KeyNames=[state["id"]])
        if pair is None:
            return None
        prefix = state.get("key_name_prefix")
        return {
            "arn": cloud.arn("ec2", f"key-pair/{state['id']}"),
            "fingerprint": pair["KeyFingerprint"],
            "key_name": pair["KeyName"],
            "key_name_prefix": prefix if isinstance(prefix, str) else "",
            "key_pair_id": pair["KeyPairId"],
            "key_type": pair.get("KeyType", "rsa"),
            "region": cloud.region,
            **self.tag_state(cloud, tags_of(pair), state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Tags are all that can change."""
        self.update_tags(cloud, prior["key_pair_id"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteKeyPair."""
        with gone_is_fine():
            cloud.call("ec2", "delete_key_pair", KeyName=state["id"])
