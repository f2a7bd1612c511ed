"""The aws CLI's EKS commands, as the documentation shows them."""

import http.client
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_twin import KEY_ID, SECRET
from eks_site import GROUP, NAME, EksSite

from twinspan.cloud.aws import AwsEndpoint, read_aws
from twinspan.cloud.aws.eks import eks_kubeconfig
from twinspan.command import Completed
from twinspan.twin.aws.signature import AccessKey
from twinspan.twin.kubernetes.authenticator import Authenticator

pytest_plugins = ("aws_fixtures",)

Cli = Callable[..., Completed]


@pytest.mark.slow
def test_the_command_line_makes_a_cluster_and_gets_into_it(
    eks_site: EksSite, aws_cli: Cli, tmp_path: Path
) -> None:
    def aws(*argv: str) -> Any:
        return json.loads(aws_cli("eks", *argv).stdout or "{}")

    subnets = ",".join(eks_site.subnet_ids[:2])
    network = f"subnetIds={subnets}"
    aws("create-cluster", "--name", NAME, "--role-arn", eks_site.role_arn, "--resources-vpc-config", network,
        "--access-config", "authenticationMode=API")  # fmt: skip
    assert aws("list-clusters")["clusters"] == [NAME]
    eks_site.say(api_ready=True, system_ready=True)
    aws_cli("eks", "wait", "cluster-active", "--name", NAME)
    aws("create-addon", "--cluster-name", NAME, "--addon-name", "vpc-cni", "--configuration-values", "{}")
    aws_cli("eks", "wait", "addon-active", "--cluster-name", NAME, "--addon-name", "vpc-cni")
    aws("create-nodegroup", "--cluster-name", NAME, "--nodegroup-name", GROUP, "--node-role",
        eks_site.role_arn, "--subnets", *eks_site.subnet_ids[:2],
        "--scaling-config", "minSize=1,maxSize=2,desiredSize=1")  # fmt: skip
    eks_site.say_nodes(1)
    aws_cli("eks", "wait", "nodegroup-active", "--cluster-name", NAME, "--nodegroup-name", GROUP)
    update = aws("update-nodegroup-config", "--cluster-name", NAME, "--nodegroup-name", GROUP,
                 "--scaling-config", "desiredSize=2")["update"]  # fmt: skip
    assert {"type": "DesiredSize", "value": "2"} in update["params"]
    user = eks_site.iam.create_user(UserName="ann")["User"]["Arn"]
    aws("create-access-entry", "--cluster-name", NAME, "--principal-arn", user)
    assert user in aws("list-access-entries", "--cluster-name", NAME)["accessEntries"]
    config = tmp_path / "kubeconfig"
    aws_cli("eks", "update-kubeconfig", "--name", NAME, "--kubeconfig", str(config))
    written = yaml.safe_load(config.read_text())
    server = written["clusters"][0]["cluster"]["server"]
    assert server == aws("describe-cluster", "--name", NAME)["cluster"]["endpoint"]
    _is_what_we_write(eks_site, written)


def _is_what_we_write(site: EksSite, written: dict[str, Any]) -> None:
    endpoint = AwsEndpoint(
        region="eu-central-1",
        endpoint_url=site.twin.api.url,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
    )
    network, _ = read_aws(endpoint)
    ours = eks_kubeconfig(endpoint, network.eks_clusters[0])
    assert ours["clusters"] == written["clusters"]
    assert ours["contexts"] == written["contexts"]
    assert ours["users"][0]["user"]["exec"]["args"] == written["users"][0]["user"]["exec"]["args"]
    assert ours["users"][0]["user"]["exec"]["apiVersion"] == written["users"][0]["user"]["exec"]["apiVersion"]


def test_the_command_lines_token_is_accepted(eks_site: EksSite, aws_cli: Cli, tmp_path: Path) -> None:
    eks_site.create()
    credential = json.loads(aws_cli("eks", "get-token", "--cluster-name", NAME).stdout)
    api, path = eks_site.twin.api, tmp_path / "sockets" / "authenticator.sock"
    authenticator = Authenticator(
        path,
        key=AccessKey(access_key_id=KEY_ID, secret_access_key=SECRET),
        hosts=lambda: api.hosts,
        find_user=api.kubernetes_user,
    )
    authenticator.start()
    try:
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(path))
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": credential["status"]["token"]},
        }
        connection.request("POST", f"/clusters/{NAME}", json.dumps(body))
        status = json.loads(connection.getresponse().read())["status"]
        connection.close()
    finally:
        authenticator.stop()
    assert status["authenticated"], status
    assert status["user"]["groups"] == ["system:masters"]
