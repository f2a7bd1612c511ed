"""Two real API servers with etcd and controller manager on loopback; without nodes, so no pod ever runs."""

import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from twinspan.errors import CloudError, HostError
from twinspan.kubernetes.api import ClusterApi
from twinspan.kubernetes.endpoint import ClusterEndpoint
from twinspan.network.clouds import Cloud
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.programs import find_programs
from twinspan.wait import wait_until

UP_WITHIN_S = 400


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def programs() -> Path:
    try:
        return find_programs().folder
    except HostError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def clusters(programs: Path) -> Iterator[tuple[ClusterApi, ClusterApi]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tsp-k8s-")))
        sides: tuple[Cloud, Cloud] = ("aws", "azure")
        started = [stack.enter_context(cluster(programs, folder / side, side)) for side in sides]
        for api in started:
            _await(api, "/api/v1/namespaces/default/serviceaccounts/default")  # the controller manager's work
        yield started[0], started[1]


@contextmanager
def cluster(programs: Path, folder: Path, side: Cloud) -> Iterator[ClusterApi]:
    folder.mkdir()
    authority = ClusterAuthority.generate(side)
    etcd, peer, port = free_port(), free_port(), free_port()
    pem = {
        "ca.pem": authority.certificate,
        "ca-key.pem": authority.key,
        "sa-key.pem": authority.service_account_key,
        "sa-pub.pem": public_key(authority.service_account_key),
    }
    pem["server.pem"], pem["server-key.pem"] = authority.issue("kube-apiserver", names=["127.0.0.1"])
    certificate, key = authority.issue("admin", organizations=["system:masters"])
    manager, manager_key = authority.issue("manager", organizations=["system:masters"])
    pem |= {"manager.pem": manager, "manager-key.pem": manager_key}
    for name, text in pem.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    (folder / "manager.kubeconfig").write_text(kubeconfig(f"https://127.0.0.1:{port}"))
    with ExitStack() as stack:
        store, server, controllers = commands(programs, etcd=etcd, peer=peer, port=port)
        for argv in (store, server):
            stack.enter_context(running(argv, folder))
        endpoint = ClusterEndpoint(
            name=f"{side}-test",
            side=side,
            server=f"https://127.0.0.1:{port}",
            certificate_authority=authority.certificate,
            client_certificate=certificate,
            client_key=key,
        )
        api = stack.enter_context(ClusterApi(endpoint))
        _await(api, "/readyz")  # without an API server the controller manager ends after ten seconds
        stack.enter_context(running(controllers, folder))
        yield api


def public_key(private: str) -> str:
    key = serialization.load_pem_private_key(private.encode(), password=None).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def kubeconfig(server: str) -> str:
    return f"""apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "{server}", certificate-authority: ca.pem}}}}]
users: [{{name: u, user: {{client-certificate: manager.pem, client-key: manager-key.pem}}}}]
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
current-context: x
"""


def commands(programs: Path, *, etcd: int, peer: int, port: int) -> Sequence[Sequence[str]]:
    url = f"http://127.0.0.1:{etcd}"
    peer_url = f"http://127.0.0.1:{peer}"
    return (
        (
            "etcd",
            "--data-dir=etcd",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls={peer_url}",
            f"--initial-advertise-peer-urls={peer_url}",
            f"--initial-cluster=default={peer_url}",
            "--unsafe-no-fsync",
        ),
        (
            str(programs / "kube-apiserver"),
            f"--etcd-servers={url}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            "--client-ca-file=ca.pem",
            "--tls-cert-file=server.pem",
            "--tls-private-key-file=server-key.pem",
            "--service-account-key-file=sa-pub.pem",
            "--service-account-signing-key-file=sa-key.pem",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=RBAC",
        ),
        (
            str(programs / "kube-controller-manager"),
            "--kubeconfig=manager.kubeconfig",
            "--service-account-private-key-file=sa-key.pem",
            "--root-ca-file=ca.pem",
            "--leader-elect=false",
            "--secure-port=0",
        ),
    )


@contextmanager
def running(argv: Sequence[str], folder: Path) -> Iterator[None]:
    with (folder / f"{Path(argv[0]).name}.log").open("w") as log:
        ends_with_us = ("setpriv", "--pdeathsig", "KILL", "--", *argv)
        process = subprocess.Popen(ends_with_us, cwd=folder, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _await(api: ClusterApi, path: str) -> None:
    def ready() -> str:
        try:
            api.text(path)
        except CloudError as error:
            return str(error)
        return "ready"

    wait_until(ready, lambda seen: seen == "ready", what="a cluster", timeout_s=UP_WITHIN_S, interval_s=0.2)
