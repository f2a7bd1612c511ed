"""Instances, interfaces, keys and templates in the EC2 API, as far as no data plane is needed for them."""

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from aws_calls import PUBLIC_KEY
from aws_twin import Twin, code_of
from botocore.exceptions import ClientError

from twinspan.twin.observed import Observed

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

pytest_plugins = ("aws_fixtures",)

ZONE = "eu-central-1a"
SCRIPT = "#!/bin/sh\necho hello\n"


class Place:
    """A VPC with one subnet, and short words for what is asked of instances in it."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.ec2: EC2Client = twin.client("ec2")
        self.vpc_id = self.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        self.subnet_id = self.subnet("10.20.1.0/24")
        self.generation = 0

    def subnet(self, block: str, zone: str = ZONE) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpc_id, CidrBlock=block, AvailabilityZone=zone)
        return made["Subnet"]["SubnetId"]

    def image(self, name: str = "al2023-ami-2023.*-x86_64", owner: str = "amazon") -> str:
        answer = self.ec2.describe_images(Owners=[owner], Filters=[{"Name": "name", "Values": [name]}])
        return max(answer["Images"], key=lambda image: image["CreationDate"])["ImageId"]

    def run(self, **options: Any) -> Mapping[str, Any]:
        given: dict[str, Any] = {
            "ImageId": self.image(),
            "InstanceType": "t3.micro",
            "SubnetId": self.subnet_id,
            "MinCount": 1,
            "MaxCount": 1,
        }
        request = {name: value for name, value in (given | options).items() if value is not None}
        return self.ec2.run_instances(**request)["Instances"][0]

    def instance(self, name: str) -> Mapping[str, Any]:
        return self.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]

    def state(self, name: str) -> str:
        return str(self.instance(name)["State"]["Name"])

    def publish(self, *machines: str, interfaces: tuple[str, ...] = ()) -> None:
        """Say what the data plane has."""
        self.generation += 1
        self.twin.board.publish(
            Observed(generation=self.generation, machines=machines, interfaces=interfaces)
        )

    def stopped(self, name: str) -> None:
        self.ec2.stop_instances(InstanceIds=[name])
        self.publish()


@pytest.fixture
def place(twin: Twin) -> Place:
    return Place(twin)


def test_an_instance_is_what_the_data_plane_says(place: Place) -> None:
    name = place.run()["InstanceId"]
    assert place.state(name) == "pending"
    assert place.ec2.describe_instance_status(InstanceIds=[name])["InstanceStatuses"] == []

    place.publish(name)
    assert place.state(name) == "running"
    (status,) = place.ec2.describe_instance_status(InstanceIds=[name])["InstanceStatuses"]
    assert status["SystemStatus"]["Status"] == "ok"

    place.ec2.stop_instances(InstanceIds=[name])
    assert place.state(name) == "stopping"
    assert code_of(lambda: place.ec2.start_instances(InstanceIds=[name])) == "IncorrectInstanceState"
    place.publish()
    assert place.state(name) == "stopped"

    place.ec2.start_instances(InstanceIds=[name])
    assert place.state(name) == "pending"
    place.publish(name)
    place.ec2.terminate_instances(InstanceIds=[name])
    assert place.state(name) == "shutting-down"
    place.publish()
    assert place.state(name) == "terminated"
    assert code_of(lambda: place.ec2.start_instances(InstanceIds=[name])) == "IncorrectInstanceState"


def test_what_an_instance_is_given_is_kept(place: Place) -> None:
    name = place.run(
        UserData=SCRIPT,
        Monitoring={"Enabled": True},
        DisableApiTermination=True,
        MetadataOptions={"HttpTokens": "required"},
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3"}}],
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "one"}]},
            {"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "disk"}]},
        ],
    )["InstanceId"]
    shown = place.instance(name)
    attribute = place.ec2.describe_instance_attribute(InstanceId=name, Attribute="userData")
    (volume,) = place.ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [name]}])[
        "Volumes"
    ]

    assert base64.b64decode(attribute["UserData"]["Value"]).decode() == SCRIPT
    assert shown["Monitoring"]["State"] == "enabled"
    assert shown["MetadataOptions"]["HttpTokens"] == "required"
    assert shown["Tags"] == [{"Key": "Name", "Value": "one"}]
    assert (volume["Size"], volume["VolumeType"], volume["Iops"], volume["Throughput"]) == (
        20,
        "gp3",
        3000,
        125,
    )
    assert volume["Tags"] == [{"Key": "Name", "Value": "disk"}]
    assert code_of(lambda: place.ec2.terminate_instances(InstanceIds=[name])) == "OperationNotPermitted"
    place.ec2.unmonitor_instances(InstanceIds=[name])
    assert place.instance(name)["Monitoring"]["State"] == "disabled"
    place.ec2.monitor_instances(InstanceIds=[name])
    assert place.instance(name)["Monitoring"]["State"] == "enabled"


def test_user_data_and_type_change_while_an_instance_is_stopped(place: Place) -> None:
    name = place.run()["InstanceId"]
    place.publish(name)
    change = place.ec2.modify_instance_attribute
    assert code_of(lambda: change(InstanceId=name, UserData={"Value": SCRIPT})) == "IncorrectInstanceState"

    place.stopped(name)
    change(InstanceId=name, UserData={"Value": SCRIPT})
    change(InstanceId=name, InstanceType={"Value": "t3.small"})

    value = place.ec2.describe_instance_attribute(InstanceId=name, Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(value).decode() == SCRIPT
    assert place.instance(name)["InstanceType"] == "t3.small"
    assert (
        code_of(lambda: change(InstanceId=name, InstanceType={"Value": "t9.huge"})) == "InvalidParameterValue"
    )


def test_one_request_makes_several_and_its_repetition_none(place: Place) -> None:
    options: dict[str, Any] = {"MinCount": 2, "MaxCount": 3, "ClientToken": "once"}
    place.run(**options)
    place.run(**options)
    everything = [
        instance
        for reservation in place.ec2.describe_instances()["Reservations"]
        for instance in reservation["Instances"]
    ]
    assert len(everything) == 3
    assert len({instance["PrivateIpAddress"] for instance in everything}) == 3


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"ImageId": "ami-none"}, "InvalidAMIID.Malformed"),
        ({"ImageId": None}, "MissingParameter"),
        ({"InstanceType": "t9.huge"}, "InvalidParameterValue"),
        ({"InstanceType": "t4g.micro"}, "InvalidParameterValue"),
        ({"KeyName": "none"}, "InvalidKeyPair.NotFound"),
        ({"SubnetId": "subnet-0"}, "InvalidSubnetID.NotFound"),
        ({"PrivateIpAddress": "10.99.0.4"}, "InvalidParameterValue"),
        ({"PrivateIpAddress": "10.20.1.1"}, "InvalidParameterValue"),
        ({"PrivateIpAddress": "ten"}, "InvalidParameterValue"),
        ({"SecurityGroupIds": ["sg-0"]}, "InvalidGroup.NotFound"),
        ({"NetworkInterfaces": [{"DeviceIndex": 0}]}, "InvalidParameterCombination"),
        ({"BlockDeviceMappings": [{"Ebs": {"VolumeSize": 8}}]}, "MissingParameter"),
        ({"LaunchTemplate": {"LaunchTemplateName": "none"}}, "InvalidLaunchTemplateName.NotFoundException"),
        ({"LaunchTemplate": {"Version": "1"}}, "MissingParameter"),
        ({"InstanceMarketOptions": {"MarketType": "spot"}}, "UnsupportedOperation"),
        ({"IamInstanceProfile": {"Name": "none"}}, "NoSuchEntity"),
    ],
)
def test_a_launch_that_cannot_be_leaves_nothing(place: Place, options: dict[str, Any], code: str) -> None:
    before = len(place.ec2.describe_network_interfaces()["NetworkInterfaces"])

    assert code_of(lambda: place.run(**options)) == code

    assert place.ec2.describe_instances()["Reservations"] == []
    assert len(place.ec2.describe_network_interfaces()["NetworkInterfaces"]) == before
    assert place.ec2.describe_volumes()["Volumes"] == []


def test_a_launch_template_stands_where_the_request_says_nothing(place: Place) -> None:
    made = place.ec2.create_launch_template(
        LaunchTemplateName="small",
        LaunchTemplateData={
            "ImageId": place.image(),
            "InstanceType": "t3.small",
            "UserData": base64.b64encode(SCRIPT.encode()).decode(),
            "TagSpecifications": [
                {"ResourceType": "instance", "Tags": [{"Key": "from", "Value": "template"}]}
            ],
        },
    )["LaunchTemplate"]
    instance = place.run(
        ImageId=None, InstanceType=None, LaunchTemplate={"LaunchTemplateName": "small", "Version": "$Latest"}
    )
    tags = {tag["Key"]: tag["Value"] for tag in place.instance(instance["InstanceId"])["Tags"]}

    assert instance["InstanceType"] == "t3.small"
    assert tags == {
        "from": "template",
        "aws:ec2launchtemplate:id": made["LaunchTemplateId"],
        "aws:ec2launchtemplate:version": "1",
    }
    assert (
        place.run(LaunchTemplate={"LaunchTemplateId": made["LaunchTemplateId"]})["InstanceType"] == "t3.micro"
    )


def test_a_version_of_a_template_adds_to_another(place: Place) -> None:
    made = place.ec2.create_launch_template(
        LaunchTemplateName="small", LaunchTemplateData={"InstanceType": "t3.small", "EbsOptimized": True}
    )["LaunchTemplate"]
    version = place.ec2.create_launch_template_version(
        LaunchTemplateId=made["LaunchTemplateId"],
        SourceVersion="1",
        LaunchTemplateData={"InstanceType": "t3.micro"},
    )["LaunchTemplateVersion"]
    assert version["LaunchTemplateData"]["InstanceType"] == "t3.micro"
    assert version["LaunchTemplateData"]["EbsOptimized"] is True


def test_an_interface_has_the_addresses_that_it_is_asked_for(place: Place) -> None:
    made = place.ec2.create_network_interface(
        SubnetId=place.subnet_id,
        PrivateIpAddresses=[
            {"PrivateIpAddress": "10.20.1.31", "Primary": False},
            {"PrivateIpAddress": "10.20.1.30", "Primary": True},
        ],
        SecondaryPrivateIpAddressCount=1,
    )["NetworkInterface"]
    addresses = [address["PrivateIpAddress"] for address in made["PrivateIpAddresses"]]

    assert made["PrivateIpAddress"] == "10.20.1.30"
    assert addresses[:2] == ["10.20.1.30", "10.20.1.31"]
    assert len(set(addresses)) == 3
    create = place.ec2.create_network_interface
    taken = lambda: create(SubnetId=place.subnet_id, PrivateIpAddress="10.20.1.31")  # noqa: E731
    assert code_of(taken) == "InvalidIPAddress.InUse"
    remove = place.ec2.unassign_private_ip_addresses
    name = made["NetworkInterfaceId"]
    assert code_of(lambda: remove(NetworkInterfaceId=name, PrivateIpAddresses=["10.20.1.30"])) == (
        "InvalidParameterValue"
    )
    remove(NetworkInterfaceId=name, PrivateIpAddresses=["10.20.1.31"])
    create(SubnetId=place.subnet_id, PrivateIpAddress="10.20.1.31")


def test_interfaces_given_to_an_instance_are_its_own_in_order(place: Place) -> None:
    first = place.ec2.create_network_interface(SubnetId=place.subnet_id)["NetworkInterface"][
        "NetworkInterfaceId"
    ]
    second = {
        "DeviceIndex": 1,
        "SubnetId": place.subnet_id,
        "SecondaryPrivateIpAddressCount": 2,
        "DeleteOnTermination": True,
    }
    name = place.run(
        SubnetId=None, NetworkInterfaces=[second, {"DeviceIndex": 0, "NetworkInterfaceId": first}]
    )["InstanceId"]
    shown = place.instance(name)["NetworkInterfaces"]
    by_index = {interface["Attachment"]["DeviceIndex"]: interface for interface in shown}

    assert by_index[0]["NetworkInterfaceId"] == first
    assert len(by_index[1]["PrivateIpAddresses"]) == 3
    assert (
        code_of(lambda: place.ec2.delete_network_interface(NetworkInterfaceId=first))
        == "InvalidParameterValue"
    )
    assert code_of(
        lambda: place.ec2.detach_network_interface(AttachmentId=by_index[0]["Attachment"]["AttachmentId"])
    ) == ("OperationNotPermitted")
    assert code_of(
        lambda: place.ec2.modify_instance_attribute(InstanceId=name, SourceDestCheck={"Value": False})
    ) == ("InvalidInstanceID")
    place.ec2.terminate_instances(InstanceIds=[name])
    left = [
        network_interface["NetworkInterfaceId"]
        for network_interface in place.ec2.describe_network_interfaces()["NetworkInterfaces"]
    ]
    assert left == [first]


def test_an_attachment_is_there_when_it_is_plugged_in(place: Place) -> None:
    name = place.run()["InstanceId"]
    interface = place.ec2.create_network_interface(SubnetId=place.subnet_id)["NetworkInterface"][
        "NetworkInterfaceId"
    ]
    place.publish(name)

    def attachment() -> Mapping[str, Any]:
        network_interface = place.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])[
            "NetworkInterfaces"
        ][0]
        return network_interface["Attachment"]

    made = place.ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=name, DeviceIndex=1)
    assert attachment()["Status"] == "attaching"
    place.publish(name, interfaces=(interface,))
    assert attachment()["Status"] == "attached"
    place.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=interface,
        Attachment={"AttachmentId": made["AttachmentId"], "DeleteOnTermination": True},
    )
    assert attachment()["DeleteOnTermination"] is True
    place.ec2.detach_network_interface(AttachmentId=made["AttachmentId"])
    assert attachment()["Status"] == "detaching"
    place.publish(name)
    assert attachment()["Status"] == "detached"


@pytest.mark.parametrize("zone", ["eu-central-1b", ZONE])
def test_an_interface_of_another_zone_or_at_a_taken_place_is_not_attached(place: Place, zone: str) -> None:
    name = place.run()["InstanceId"]
    subnet = place.subnet("10.20.7.0/24", zone)
    interface = place.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    index = 0 if zone == ZONE else 1
    attach = place.ec2.attach_network_interface
    code = code_of(lambda: attach(NetworkInterfaceId=interface, InstanceId=name, DeviceIndex=index))
    assert code == ("InvalidParameterValue" if zone == ZONE else "InvalidParameterCombination")


def test_a_public_subnet_gives_an_address_until_the_instance_stops(place: Place) -> None:
    place.ec2.modify_subnet_attribute(SubnetId=place.subnet_id, MapPublicIpOnLaunch={"Value": True})
    name = place.run()["InstanceId"]
    address = place.instance(name)["PublicIpAddress"]
    private = place.run(
        SubnetId=None,
        NetworkInterfaces=[
            {"DeviceIndex": 0, "SubnetId": place.subnet_id, "AssociatePublicIpAddress": False}
        ],
    )
    assert address.startswith("198.19.1.")
    assert "PublicIpAddress" not in private

    place.publish(name)
    place.stopped(name)
    assert "PublicIpAddress" not in place.instance(name)
    elastic = place.ec2.allocate_address()
    place.ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=name)
    place.ec2.start_instances(InstanceIds=[name])
    assert place.instance(name)["PublicIpAddress"] == elastic["PublicIp"]
    (shown,) = place.ec2.describe_addresses()["Addresses"]
    assert shown["InstanceId"] == name
    place.ec2.terminate_instances(InstanceIds=[name])
    (shown,) = place.ec2.describe_addresses()["Addresses"]
    assert "AssociationId" not in shown


def test_a_key_that_is_imported_is_shown_again(place: Place) -> None:
    place.ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=PUBLIC_KEY.encode())
    (shown,) = place.ec2.describe_key_pairs(KeyNames=["mine"], IncludePublicKey=True)["KeyPairs"]
    assert shown["PublicKey"] == PUBLIC_KEY
    assert place.run(KeyName="mine")["KeyName"] == "mine"
    with pytest.raises(ClientError, match="already exists"):
        place.ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=PUBLIC_KEY.encode())


@pytest.mark.parametrize(
    ("owner", "name", "prefix"),
    [
        ("amazon", "amzn2-ami-hvm-*-x86_64-gp2", "amzn2-ami-hvm-2"),
        ("137112412989", "al2023-ami-2023.*-arm64", "al2023-ami-2023"),
        ("099720109477", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*", "ubuntu/images/hvm-ssd/"),
        (
            "099720109477",
            "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*",
            "ubuntu/images/hvm-ssd-gp3",
        ),
        ("amazon", "ubuntu/images/*", ""),
    ],
)
def test_images_are_found_as_designs_look_for_them(place: Place, owner: str, name: str, prefix: str) -> None:
    images = place.ec2.describe_images(
        Owners=[owner],
        Filters=[
            {"Name": "name", "Values": [name]},
            {"Name": "virtualization-type", "Values": ["hvm"]},
            {"Name": "state", "Values": ["available"]},
        ],
    )["Images"]
    assert [image for image in images if not image["Name"].startswith(prefix)] == []
    assert bool(images) is bool(prefix)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", "al2023-ami-2023"),
        ("/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2", "amzn2-ami"),
        (
            "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
            "ubuntu/images",
        ),
        (
            "/aws/service/canonical/ubuntu/server/22.04/stable/current/arm64/hvm/ebs-gp2/ami-id",
            "ubuntu/images",
        ),
    ],
)
def test_public_parameters_name_images_that_exist(place: Place, name: str, prefix: str) -> None:
    value = place.twin.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    (image,) = place.ec2.describe_images(ImageIds=[value])["Images"]
    assert image["Name"].startswith(prefix)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"DocumentName": "AWS-RunPatchBaseline"}, "InvalidDocument"),
        ({"Parameters": {}}, "InvalidParameters"),
        ({"Parameters": {"commands": ["true"], "more": ["1"]}}, "InvalidParameters"),
        ({"Parameters": {"commands": ["true"], "executionTimeout": ["soon"]}}, "InvalidParameters"),
        ({"InstanceIds": ["i-0123456789abcdef0"]}, "InvalidInstanceId"),
        ({"InstanceIds": [], "Targets": [{"Key": "tag:a", "Values": ["b"]}]}, "InvalidInstanceId"),
        ({"InstanceIds": [], "Targets": [{"Key": "resource-groups:Name", "Values": ["b"]}]}, "InvalidTarget"),
        ({"OutputS3BucketName": "somewhere"}, "UnsupportedOperation"),
    ],
)
def test_a_command_that_cannot_run_is_refused(place: Place, options: dict[str, Any], code: str) -> None:
    name = place.run()["InstanceId"]
    place.publish(name)
    good: dict[str, Any] = {
        "InstanceIds": [name],
        "DocumentName": "AWS-RunShellScript",
        "Parameters": {"commands": ["true"]},
    }
    ssm = place.twin.client("ssm")
    assert code_of(lambda: ssm.send_command(**good | options)) == code
    assert ssm.list_commands()["Commands"] == []


def test_a_route_leads_to_the_interface_of_an_instance(place: Place) -> None:
    instance = place.run()
    name, interface = instance["InstanceId"], instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    table = place.ec2.create_route_table(VpcId=place.vpc_id)["RouteTable"]["RouteTableId"]

    def route() -> Mapping[str, Any]:
        routes = place.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return next(
            table_route for table_route in routes if table_route["DestinationCidrBlock"] == "192.168.0.0/16"
        )

    target: dict[str, Any] = {"RouteTableId": table, "DestinationCidrBlock": "192.168.0.0/16"}
    place.ec2.create_route(**target, InstanceId=name)
    assert (route()["NetworkInterfaceId"], route()["InstanceId"]) == (interface, name)
    assert route()["State"] == "blackhole"
    place.publish(name, interfaces=(interface,))
    assert route()["State"] == "active"
    assert code_of(lambda: place.ec2.create_route(**target, InstanceId=name)) == "RouteAlreadyExists"
    place.ec2.replace_route(**target, NetworkInterfaceId=interface)
    place.ec2.terminate_instances(InstanceIds=[name])
    place.publish()
    assert route()["State"] == "blackhole"
