import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from twinspan.twin.azure.files import write_private
from twinspan.twin.azure.tls import TlsFiles, ensure_tls


def _contents(files: TlsFiles) -> list[bytes]:
    return [path.read_bytes() for path in (files.ca_certificate, files.certificate, files.key)]


def test_the_authority_may_vouch_for_this_machine_only(tmp_path: Path) -> None:
    authority = x509.load_pem_x509_certificate(ensure_tls(tmp_path).ca_certificate.read_bytes())
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    names = [str(name.value) for name in constraints.value.permitted_subtrees or ()]
    assert names == ["localhost", "127.0.0.1/32"]
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.value.ca, basic.value.path_length) == (True, 0)


def test_the_authoritys_key_is_kept_nowhere(tmp_path: Path) -> None:
    files = ensure_tls(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca.pem", "server-key.pem", "server.pem"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    with pytest.raises(ssl.SSLError):
        context.load_cert_chain(files.ca_certificate, files.key)


def test_the_certificate_serves_localhost_and_passes_strict_checks(tmp_path: Path) -> None:
    files = ensure_tls(tmp_path)
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(usage.value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    client = ssl.create_default_context(cafile=str(files.ca_certificate))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    far = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (near, far, near):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert near.version() == "TLSv1.3"


def test_good_files_are_used_again(tmp_path: Path) -> None:
    first = _contents(ensure_tls(tmp_path))
    files = ensure_tls(tmp_path)
    assert _contents(files) == first
    assert files.key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["ca.pem", "server.pem", "server-key.pem"])
@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_missing_or_broken_files_are_replaced(tmp_path: Path, name: str, content: bytes | None) -> None:
    first = _contents(ensure_tls(tmp_path))
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_bytes(content)
    second = _contents(ensure_tls(tmp_path))
    assert all(one != other for one, other in zip(first, second, strict=True))


def test_files_of_different_twins_are_replaced(tmp_path: Path) -> None:
    one, other = ensure_tls(tmp_path / "one"), ensure_tls(tmp_path / "other")
    one.key.write_bytes(other.key.read_bytes())
    before = one.ca_certificate.read_bytes()
    assert ensure_tls(tmp_path / "one").ca_certificate.read_bytes() != before


def test_a_private_file_is_replaced_whole_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_a_private_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    (target / "inside").write_text("x")
    with pytest.raises(OSError, match="folder"):
        write_private(target, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]
