"""The body of a request is what was sent, whatever its content type says."""

import gzip
from contextlib import ExitStack
from typing import Any

import pytest
from aws_twin import REGION, Twin
from botocore.exceptions import ClientError
from eks_site import EksSite

pytest_plugins = ("aws_fixtures",)
BODIES = (b"a=b&c=d\0", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n--x--\r\n')
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x")


@pytest.mark.parametrize("content_type", FORMS)
@pytest.mark.parametrize("body", BODIES, ids=["fields", "parts"])
def test_an_object_that_looks_like_a_form_is_kept_whole(twin: Twin, content_type: str, body: bytes) -> None:
    s3 = twin.client("s3")
    s3.create_bucket(Bucket="forms", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="forms", Key="k", Body=body, ContentType=content_type)
    answer = s3.get_object(Bucket="forms", Key="k")
    assert (answer["Body"].read(), answer["ContentType"]) == (body, content_type)


@pytest.mark.parametrize("content_type", FORMS)
def test_a_document_is_read_whatever_its_content_type(
    twin: Twin, eks_site: EksSite, content_type: str
) -> None:
    s3, logs = twin.client("s3"), twin.client("logs")
    s3.create_bucket(Bucket="forms", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def say_form(request: Any, **_: Any) -> None:
        del request.headers["Content-Type"]
        request.headers["Content-Type"] = content_type

    with ExitStack() as stack:
        for client in (s3, eks_site.eks, logs):
            client.meta.events.register("before-sign", say_form)
            stack.callback(client.meta.events.unregister, "before-sign", say_form)
        s3.put_bucket_tagging(Bucket="forms", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
        assert s3.get_bucket_tagging(Bucket="forms")["TagSet"] == [{"Key": "a", "Value": "b"}]
        logs.create_log_group(logGroupName="g")
        assert [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]] == ["g"]
        eks_site.create()
        assert eks_site.eks.list_clusters()["clusters"]


def test_tags_keep_their_spaces_and_names_their_slashes(twin: Twin) -> None:
    s3 = twin.client("s3")
    s3.create_bucket(Bucket="spaces", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    tags = [{"Key": " ", "Value": " x "}, {"Key": "y", "Value": ""}]
    s3.put_bucket_tagging(Bucket="spaces", Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket="spaces")["TagSet"] == tags
    s3.put_object(Bucket="spaces", Key="a//b", Body=b"1")
    s3.put_object_tagging(Bucket="spaces", Key="a//b", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket="spaces", Key="a//b")["TagSet"] == tags
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="spaces")["Contents"]] == ["a//b"]


@pytest.mark.parametrize("name", ["", ".", "a..b", f"{'a' * 64}.example", "a b"])
def test_a_zone_has_the_name_of_a_domain(twin: Twin, name: str) -> None:
    with pytest.raises(ClientError, match="InvalidDomainName"):
        twin.client("route53").create_hosted_zone(Name=name, CallerReference="1")


def test_versions_of_a_launch_template_have_numbers(twin: Twin) -> None:
    ec2 = twin.client("ec2")
    template = ec2.create_launch_template(
        LaunchTemplateName="t", LaunchTemplateData={"InstanceType": "t3.micro"}
    )["LaunchTemplate"]
    for limit in ("MinVersion", "MaxVersion"):
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            ec2.describe_launch_template_versions(
                LaunchTemplateId=template["LaunchTemplateId"], **{limit: ""}
            )


def test_what_is_refused_by_name_is_never_read_however_little_it_says(twin: Twin) -> None:
    s3 = twin.client("s3")
    s3.create_bucket(Bucket="grants", CreateBucketConfiguration={"LocationConstraint": REGION})

    assert s3.create_multipart_upload(Bucket="grants", Key="a", GrantRead="")["UploadId"]
    with pytest.raises(ClientError, match="GrantRead"):
        s3.create_multipart_upload(Bucket="grants", Key="a", GrantRead="0")
    with pytest.raises(ClientError, match="Policies"):
        twin.client("ssm").put_parameter(Name="a", Value="b", Type="String", Policies="0")


def test_a_tag_in_a_launch_template_needs_no_value(twin: Twin) -> None:
    tagged = {"ResourceType": "instance", "Tags": [{"Key": "role"}]}
    ec2 = twin.client("ec2")
    ec2.create_launch_template(
        LaunchTemplateName="tagged", LaunchTemplateData={"TagSpecifications": [tagged]}
    )
    shown = ec2.describe_launch_template_versions(LaunchTemplateName="tagged")["LaunchTemplateVersions"][0]
    assert shown["LaunchTemplateData"]["TagSpecifications"][0]["Tags"] == [{"Key": "role", "Value": ""}]


def test_a_packed_body_is_unpacked(twin: Twin) -> None:
    """Boto3 packs what is larger than 10,240 bytes."""
    metrics = [{"MetricName": f"m{number}", "Value": number, "Unit": "Count"} for number in range(400)]
    cloudwatch = twin.client("cloudwatch")
    sent: list[Any] = []

    def note(request: Any, **_: Any) -> None:
        sent.append(request.headers.get("Content-Encoding"))

    cloudwatch.meta.events.register("before-send", note)
    try:
        cloudwatch.put_metric_data(Namespace="Packed", MetricData=metrics)
    finally:
        cloudwatch.meta.events.unregister("before-send", note)

    assert sent[0] in {"gzip", b"gzip"}
    assert len(cloudwatch.list_metrics(Namespace="Packed")["Metrics"]) == 400


@pytest.mark.parametrize(
    "body",
    [b"{}", gzip.compress(b"{}")[:-4], gzip.compress(b" " * (17 << 20))],
    ids=["not packed", "cut short", "too much once unpacked"],
)
def test_a_body_that_is_not_packed_as_it_says_is_refused(twin: Twin, body: bytes) -> None:
    logs = twin.client("logs")

    def spoil(request: Any, **_: Any) -> None:
        request.data = body
        request.headers["Content-Encoding"] = "gzip"

    with ExitStack() as stack:
        logs.meta.events.register("before-sign", spoil)
        stack.callback(logs.meta.events.unregister, "before-sign", spoil)
        with pytest.raises(ClientError, match="SerializationException"):
            logs.describe_log_groups()
