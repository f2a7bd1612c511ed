"""The way into the clusters: authorities, ports and relays."""

import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from twinspan.errors import HostError
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.relay import Relay, UnixTarget

KEY = "arn:aws:eks:us-west-2:123456789012:cluster/dev"


@pytest.fixture
def access(tmp_path: Path) -> Iterator[ClusterAccess]:
    access = ClusterAccess(tmp_path / "clusters", sockets=tmp_path)
    access.start()
    yield access
    access.stop()


def _serve_echo(path: Path) -> socket.socket:
    """A server that sends back what it gets, in capitals, until the end of input."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def answer() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            data = b""
            while part := near.recv(65536):
                data += part
            near.sendall(data.upper())
            near.close()

    threading.Thread(target=answer, daemon=True).start()
    return listener


def _port(access: ClusterAccess, key: str = KEY) -> int:
    return int(access.url(key, name="dev").rpartition(":")[2])


def _ask(port: int, text: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as near:
        near.sendall(text)
        near.shutdown(socket.SHUT_WR)
        data = b""
        while part := near.recv(65536):
            data += part
    return data


def test_bytes_go_both_ways_and_so_does_the_end(access: ClusterAccess, tmp_path: Path) -> None:
    listener = _serve_echo(tmp_path / access.socket_name(KEY))
    text = b"a" * 1_000_000

    assert _ask(_port(access), text) == text.upper()
    assert _ask(_port(access), b"again") == b"AGAIN"
    listener.close()


def test_without_a_cluster_connections_are_closed_at_once(access: ClusterAccess) -> None:
    with socket.create_connection(("127.0.0.1", _port(access)), timeout=5) as near:
        assert near.recv(1) == b""


def test_authority_and_port_stay_the_same_after_a_restart(access: ClusterAccess, tmp_path: Path) -> None:
    authority, url = access.authority(KEY, name="dev"), access.url(KEY, name="dev")
    access.stop()

    again = ClusterAccess(tmp_path / "clusters", sockets=tmp_path)
    again.start()

    assert (again.authority(KEY, name="dev"), again.url(KEY, name="dev")) == (authority, url)
    assert again.authorities() == {KEY: authority}
    again.stop()


def test_what_is_kept_is_private_and_goes_when_forgotten(access: ClusterAccess, tmp_path: Path) -> None:
    port = _port(access)
    (kept,) = (tmp_path / "clusters").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700

    access.forget(KEY)
    access.forget(KEY)

    assert list((tmp_path / "clusters").iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_two_clusters_have_two_authorities_and_two_ports(access: ClusterAccess) -> None:
    other = KEY + "2"

    assert _port(access) != _port(access, other)
    assert access.authority(KEY, name="dev") != access.authority(other, name="dev")


def test_a_taken_port_and_a_broken_file_are_named(access: ClusterAccess, tmp_path: Path) -> None:
    port = _port(access)
    access.stop()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(HostError, match=f"port {port}"):
        ClusterAccess(tmp_path / "clusters", sockets=tmp_path).start()
    (kept,) = (tmp_path / "clusters").iterdir()
    kept.write_text("{}")
    with pytest.raises(HostError, match="cannot be used"):
        ClusterAccess(tmp_path / "clusters", sockets=tmp_path).start()


def test_a_stopped_relay_closes_what_is_open(tmp_path: Path) -> None:
    far = socket.socket(socket.AF_UNIX)
    far.bind(str(tmp_path / "far"))
    far.listen()
    listener = socket.create_server(("127.0.0.1", 0))
    relay = Relay(listener, UnixTarget(tmp_path / "far"))
    relay.start()
    near = socket.create_connection(listener.getsockname(), timeout=5)
    near.sendall(b"x")
    end, _ = far.accept()
    assert end.recv(1) == b"x"

    relay.stop()

    assert near.recv(1) == b""
    assert end.recv(1) == b""
    for open_socket in (near, end, far):
        open_socket.close()


def test_a_relayed_connection_may_be_silent_for_longer_than_its_target_took_to_connect() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(0.05)
    listener = socket.create_server(("127.0.0.1", 0))
    relay = Relay(listener, lambda _: ours)
    relay.start()
    near = socket.create_connection(listener.getsockname(), timeout=5)
    near.sendall(b"x")
    assert theirs.recv(1) == b"x"

    near.settimeout(0.3)
    with pytest.raises(TimeoutError):
        near.recv(1)
    theirs.sendall(b"y")

    near.settimeout(5)
    assert near.recv(1) == b"y"
    relay.stop()
    for open_socket in (near, theirs):
        open_socket.close()


def test_certificates_are_signed_by_the_authority_for_their_purpose() -> None:
    authority = ClusterAuthority.generate("dev")

    certificate, key = authority.issue(
        "kube-apiserver", organizations=["system:masters"], names=["localhost", "172.20.0.1"]
    )

    signed = x509.load_pem_x509_certificate(certificate.encode())
    signed.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate.encode()))
    names = signed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["localhost", "172.20.0.1"]
    assert "PRIVATE KEY" in key
    assert "PRIVATE" not in repr(authority)
    assert ssl.create_default_context(cadata=authority.certificate).get_ca_certs()
