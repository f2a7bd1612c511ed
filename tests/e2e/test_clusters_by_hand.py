"""Both clusters through the tools that people have: aws, az and kubectl, as the README shows."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from twinspan.errors import HostError
from twinspan.twin.kubernetes.programs import find_programs
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.az]

TWINSPAN = Path(sys.executable).parent / "twinspan"
ROOT = Path(__file__).parents[2]
IMAGE = "docker.io/nicolaka/netshoot:v0.14"
CONTEXTS = ("aws", "azure-admin")
"""Names in the kubeconfig; az adds `-admin` by itself."""
NOT_EXCLUDED = '{"env": {"AWS_VPC_K8S_CNI_EXTERNALSNAT": "false"}}'
"""The VPC CNI's configuration without the exclusion of Azure's ranges: its default."""


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell after `eval "$(twinspan twin env)"`."""

    variables: dict[str, str]

    def run(self, line: str) -> str:
        done = self.tried(line)
        assert done.returncode == 0, f"{line}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def tried(self, line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", line],
            capture_output=True,
            text=True,
            check=False,
            env=self.variables,
            timeout=180,
        )

    def nodes(self, context: str) -> list[str]:
        """Return the names of the nodes that are ready."""
        items = json.loads(self.run(f"kubectl --context {context} get nodes -o json"))["items"]
        return [
            item["metadata"]["name"]
            for item in items
            if any(c["type"] == "Ready" and c["status"] == "True" for c in item["status"]["conditions"])
        ]

    def pod_address(self, context: str) -> IPv4Address:
        path = "{.status.podIP}"
        return IPv4Address(self.run(f"kubectl --context {context} get pod test-pod -o jsonpath={path}"))


def _program(variable: str, name: str) -> Path:
    path = os.environ.get(variable) or shutil.which(name)
    if path is None:
        pytest.skip(f"no {name}: put it on PATH, or its path in {variable} (`make test-az` does)")
    return Path(path)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """dev with both clusters on a twin of its own, and both clusters in the kubeconfig."""
    aws, az = _program("TWINSPAN_AWSCLI", "aws"), _program("TWINSPAN_AZ", "az")
    try:
        programs = find_programs()
    except HostError as error:
        pytest.skip(str(error))
    home = tmp_path_factory.mktemp("hands")
    shutil.copytree(ROOT / "terraform", home / "terraform", symlinks=True)
    name = f"hand-{secrets.token_hex(3)}"
    variables = {
        **os.environ,
        "TWINSPAN_HOME": str(home / "twins"),
        "PATH": f"{aws.parent}:{az.parent}:{programs.folder}:{os.environ['PATH']}",
        "TWINSPAN_NAME": name,
    }
    outside = Shell(variables)
    try:
        outside.run(f"{TWINSPAN} twin up")
        outside.run(f"{TWINSPAN} apply {home}/terraform/envs/dev --providers offline")
        environment = json.loads(outside.run(f"{TWINSPAN} twin env --format json"))
        for key, value in environment.items():
            if value is None:
                variables.pop(key, None)
            else:
                variables[key] = value
        shell = Shell(variables)
        shell.run("aws eks update-kubeconfig --name twinspan-dev --alias aws")
        shell.run(
            "az aks get-credentials --admin --name twinspan-dev-aks --resource-group twinspan-dev-rg"
            " --context azure"
        )
        for context in CONTEXTS:
            shell.run(f"kubectl --context {context} run test-pod --image {IMAGE} -- sleep 3600")
        for context in CONTEXTS:
            shell.run(f"kubectl --context {context} wait --for=condition=Ready pod/test-pod --timeout=90s")
        yield shell
    finally:
        outside.run(f"{TWINSPAN} twin down --purge")


def test_nodes_are_ready_by_aws_s_token_and_by_azure_s_certificate(shell: Shell) -> None:
    assert len(shell.nodes("aws")) == 1
    assert len(shell.nodes("azure-admin")) == 1
    assert Path(shell.variables["KUBECONFIG"]).stat().st_mode & 0o077 == 0


def test_a_token_of_another_cluster_is_refused(shell: Shell) -> None:
    token = json.loads(shell.run("aws eks get-token --cluster-name another"))["status"]["token"]
    path = "{.clusters[?(@.name=='arn:aws:eks:us-west-2:123456789012:cluster/twinspan-dev')].cluster.server}"
    server = shell.run(f'kubectl config view --raw -o jsonpath="{path}"')
    refused = shell.tried(
        f"KUBECONFIG=/dev/null kubectl get nodes --server {server} --insecure-skip-tls-verify --token {token}"
    )
    assert refused.returncode != 0
    assert "Unauthorized" in refused.stderr or "must be logged in" in refused.stderr


def test_pods_ping_and_measure_across_as_the_readme_shows(shell: Shell) -> None:
    there = shell.pod_address("azure-admin")
    assert there in IPv4Network("10.1.8.0/22")
    pinged = shell.run(f"kubectl --context aws exec test-pod -- ping -c 5 -i 0.2 {there}")
    assert " 0% packet loss" in pinged
    shell.run("kubectl --context azure-admin exec test-pod -- iperf3 -s -D")
    shell.run(  # it listens a moment after it has gone to the background
        f"until kubectl --context aws exec test-pod -- iperf3 -n 1K -c {there}; do sleep 0.3; done"
    )
    measured = json.loads(shell.run(f"kubectl --context aws exec test-pod -- iperf3 -J -t 1 -c {there}"))
    assert measured["end"]["sum_received"]["bytes"] > 0


def test_a_headless_service_of_eks_is_found_by_name_on_aks_as_the_example_shows(shell: Shell) -> None:
    example = ROOT / "examples" / "dns"
    for context, side in zip(CONTEXTS, ("aws", "azure"), strict=True):
        shell.run(f"kubectl --context {context} apply -f {example}/overlays/{side}/dns.yaml")
        balancer = "--for=jsonpath='{.status.loadBalancer.ingress}' service/dns-internal --timeout=60s"
        shell.run(f"kubectl --context {context} -n kube-system wait {balancer}")
    shell.run(f"{example}/stub-domains.sh {' '.join(CONTEXTS)}")
    shell.run(f"kubectl --context aws apply -f {example}/web.yaml")
    shell.run("kubectl --context aws rollout status statefulset/web --timeout=90s")
    for pod in ("web-0", "web-1"):
        url = f"http://{pod}.web.default.svc.eks.internal:8080"
        assert shell.run(f"kubectl --context azure-admin exec test-pod -- wget -qO- {url}").strip() == pod


def _seen_from_aws(shell: Shell) -> IPv4Address:
    """Return the address under which Azure's pod sees AWS's, as iperf3's server tells it."""
    there = shell.pod_address("azure-admin")
    output = shell.run(
        "kubectl --context azure-admin exec test-pod -- timeout 60 iperf3 -s -1 -J -p 5202 &"
        f" until kubectl --context aws exec test-pod -- iperf3 -n 1K -p 5202 -c {there} >/dev/null 2>&1;"
        " do sleep 0.3; done; wait"
    )
    start = json.loads(output)["start"]
    return IPv4Address(start["accepted_connection"]["host"])


def test_without_the_exclusion_a_pod_of_eks_is_seen_as_its_node(shell: Shell) -> None:
    own = shell.pod_address("aws")
    assert _seen_from_aws(shell) == own
    addon = "--cluster-name twinspan-dev --addon-name vpc-cni"
    before = json.loads(shell.run(f"aws eks describe-addon {addon}"))["addon"]["configurationValues"]

    shell.run(f"aws eks update-addon {addon} --configuration-values '{NOT_EXCLUDED}'")
    seen = wait_until(
        lambda: _seen_from_aws(shell), lambda address: address != own, what="SNAT", timeout_s=90
    )
    node = shell.run("kubectl --context aws get pod test-pod -o jsonpath={.status.hostIP}")
    assert str(seen) == node

    shell.run(f"aws eks update-addon {addon} --configuration-values '{before}'")
    wait_until(lambda: _seen_from_aws(shell), lambda address: address == own, what="no SNAT", timeout_s=90)


def test_node_groups_and_pools_scale_for_real(shell: Shell) -> None:
    group = "--cluster-name twinspan-dev --nodegroup-name default"
    pool = "--cluster-name twinspan-dev-aks --resource-group twinspan-dev-rg --name system"
    shell.run(f"aws eks update-nodegroup-config {group} --scaling-config minSize=1,maxSize=3,desiredSize=2")
    shell.run(f"az aks nodepool scale {pool} --node-count 2")
    shell.run(f"aws eks wait nodegroup-active {group}")
    for context in CONTEXTS:
        wait_until(
            lambda context=context: shell.nodes(context),  # type: ignore[misc]
            lambda nodes: len(nodes) == 2,
            what=f"two nodes in {context}",
            timeout_s=120,
        )
    shell.run(f"aws eks update-nodegroup-config {group} --scaling-config minSize=1,maxSize=3,desiredSize=1")
    shell.run(f"az aks nodepool scale {pool} --node-count 1")
    for context in CONTEXTS:
        wait_until(
            lambda context=context: shell.nodes(context),  # type: ignore[misc]
            lambda nodes: len(nodes) == 1,
            what=f"one node in {context}",
            timeout_s=120,
        )
