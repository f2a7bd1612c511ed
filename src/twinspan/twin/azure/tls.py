"""The certificate of the twin's Azure endpoints, and the authority that vouches for it.

The authority may only vouch for `localhost` and 127.0.0.1 (RFC 5280 4.2.1.10, Name Constraints), and its
private key is forgotten as soon as it has signed: trusting it gives nobody, not even us, power over other
names.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from twinspan.twin.azure.files import write_private

_LIFETIME = timedelta(days=397)
_RENEW_BEFORE = timedelta(days=14)
_CLOCK_SKEW = timedelta(hours=1)
_NAME = "localhost"
_ADDRESS = IPv4Address("127.0.0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where the PEM files are.

    Attributes:
        ca_certificate: The authority's certificate; clients trust it.
        certificate: The server's certificate.
        key: The server's private key, mode 0600.
    """

    ca_certificate: Path
    certificate: Path
    key: Path


def ensure_tls(folder: Path) -> TlsFiles:
    """Return the TLS files in `folder`, made again unless the ones there are whole and valid.

    Files that are missing, unreadable, do not belong together or end within 14 days are replaced.
    """
    files = TlsFiles(
        ca_certificate=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server-key.pem"
    )
    if not _usable(files):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _generate(files)
    files.key.chmod(0o600)
    return files


def _usable(files: TlsFiles) -> bool:
    """Whether the three files exist, belong together and stay valid for a while."""
    try:
        authority = x509.load_pem_x509_certificate(files.ca_certificate.read_bytes())
        server = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
        server.verify_directly_issued_by(authority)
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    end = min(authority.not_valid_after_utc, server.not_valid_after_utc)
    return key.public_key() == server.public_key() and end - datetime.now(UTC) > _RENEW_BEFORE


def _generate(files: TlsFiles) -> None:
    """Write a new authority and a new server certificate."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    server_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    server = _server(server_key.public_key(), authority, authority_key)
    pem = serialization.Encoding.PEM
    write_private(
        files.key,
        server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    write_private(files.certificate, server.public_bytes(pem))
    write_private(files.ca_certificate, authority.public_bytes(pem))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """Return what both certificates have in common."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, certificate_signing: bool) -> x509.KeyUsage:
    """Return the key usage of the authority, or else of the server."""
    return x509.KeyUsage(
        digital_signature=not certificate_signing,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificate_signing,
        crl_sign=certificate_signing,
        encipher_only=False,
        decipher_only=False,
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Return a self-signed authority, constrained to our two names."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "twinspan local authority")])
    permitted = [x509.DNSName(_NAME), x509.IPAddress(IPv4Network(_ADDRESS))]
    return (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificate_signing=True), critical=True)
        .add_extension(
            x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True
        )
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePublicKey, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """Return the server's certificate."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    names = x509.SubjectAlternativeName([x509.DNSName(_NAME), x509.IPAddress(_ADDRESS)])
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _builder(name, authority.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificate_signing=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
