"""Every certificate that a twin's servers show passes the strict checks of RFC 5280.

Python 3.13 makes them by default (`ssl.create_default_context`, VERIFY_X509_STRICT); here every Python does.
"""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from twinspan.twin.azure.tls import ensure_tls
from twinspan.twin.kubernetes.authority import ClusterAuthority

Pair = tuple[str, Path, Path]
"""The authority's certificate, and the files with a server's certificate and its key."""


def of_arm(folder: Path) -> Pair:
    files = ensure_tls(folder)
    return files.ca_certificate.read_text(), files.certificate, files.key


def of_a_cluster(folder: Path) -> Pair:
    authority = ClusterAuthority.generate("lab")
    certificate, key = authority.issue("kube-apiserver", names=["localhost", "127.0.0.1"])
    (folder / "server.pem").write_text(certificate)
    (folder / "server.key").write_text(key)
    return authority.certificate, folder / "server.pem", folder / "server.key"


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    """Do a whole TLS handshake in memory. Raises ssl.SSLError."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(end)
    assert waiting == []


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("made", [of_arm, of_a_cluster])
def test_a_client_that_checks_strictly_accepts_the_server(
    tmp_path: Path, made: Callable[[Path], Pair], name: str
) -> None:
    authority, certificate, key = made(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cadata=authority)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    shake_hands(client, server, name)


def test_a_client_accepts_no_server_of_another_authority(tmp_path: Path) -> None:
    _, certificate, key = of_a_cluster(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    other = ssl.create_default_context(cadata=ClusterAuthority.generate("lab").certificate)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(other, server, "localhost")
