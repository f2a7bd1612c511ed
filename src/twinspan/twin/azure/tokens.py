"""Access tokens: signed when issued, and checked when used.

Tokens are JSON Web Tokens as Microsoft Entra ID issues them to applications (RFC 7519; RS256, RFC 7518 3.3):
three parts, with the claims `oid`, `tid` and `appid` that Azure's clients look for.
"""

import base64
import hashlib
import json
import time
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.documents import Json, JsonObject, number, text
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.files import write_private

LIFETIME_S = 3600
"""How long a token is good for, in seconds."""
_PARTS = 3


def load_signing_key(path: Path) -> rsa.RSAPrivateKey:
    """Return the key at `path`, made (mode 0600) if there is none or it is not one."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError):
        key = None
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    new = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(
        path,
        new.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
    return new


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAuthority:
    """Issues and checks tokens.

    Attributes:
        key: Signs.
        credentials: Whose tokens they are.
        issuer: The `iss` claim.
        audience: The `aud` claim a token needs to be taken by Azure Resource Manager.
    """

    key: rsa.RSAPrivateKey
    credentials: ArmCredentials
    issuer: str
    audience: str

    def issue(self, audience: str) -> str:
        """Return a new token for `audience`."""
        now = int(time.time())
        owner = self.credentials
        claims: JsonObject = {
            "aud": audience,
            "iss": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_S,
            "appid": owner.client_id,
            "appidacr": "1",
            "idp": self.issuer,
            "idtyp": "app",
            "oid": owner.object_id,
            "sub": owner.object_id,
            "tid": owner.tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        header: JsonObject = {"typ": "JWT", "alg": "RS256", "kid": self.key_id}
        signed = f"{_encode(_compact(header))}.{_encode(_compact(claims))}"
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encode(signature)}"

    def verify(self, token: str) -> None:
        """Check that this authority issued the token for Azure Resource Manager and that it is still good.

        Raises:
            ArmError: 401 with `InvalidAuthenticationToken`, `ExpiredAuthenticationToken`,
                `InvalidAuthenticationTokenTenant` or `InvalidAuthenticationTokenAudience`.
        """
        claims = _signed_claims(self.key, token)
        now = time.time()
        if text(claims, "iss") != self.issuer or text(claims, "tid") != self.credentials.tenant_id:
            raise _refused(
                "InvalidAuthenticationTokenTenant",
                f"The access token is from the wrong issuer. It must match the tenant "
                f"'{self.credentials.tenant_id}' associated with this subscription.",
            )
        if (text(claims, "aud") or "").rstrip("/") != self.audience.rstrip("/"):
            raise _refused(
                "InvalidAuthenticationTokenAudience",
                f"The access token has been obtained for wrong audience or resource. It should be for "
                f"'{self.audience}'.",
            )
        if (number(claims, "exp") or 0) <= now:
            raise _refused("ExpiredAuthenticationToken", "The access token expiry UTC time has passed.")
        if (number(claims, "nbf") or 0) > now + 60:
            raise _refused("InvalidAuthenticationToken", "The access token is not valid yet.")

    @property
    def key_id(self) -> str:
        """The `kid` of the signing key: a digest of its public half."""
        public = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return _encode(hashlib.sha256(public).digest())

    def key_set(self) -> JsonObject:
        """Return the public half as a JSON Web Key Set (RFC 7517)."""
        numbers = self.key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "use": "sig",
                    "alg": "RS256",
                    "kid": self.key_id,
                    "n": _encode(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)),
                    "e": _encode(numbers.e.to_bytes(3)),
                }
            ]
        }


@lru_cache(maxsize=64)
def _signed_claims(key: rsa.RSAPrivateKey, token: str) -> Json:
    """Return the claims of a token that `key` signed; remembered, since clients send a token many times.

    Raises:
        ArmError: 401 `InvalidAuthenticationToken`.
    """
    parts = token.split(".")
    invalid = _refused("InvalidAuthenticationToken", "The access token is invalid.")
    if len(parts) != _PARTS:
        raise invalid
    try:
        header: Json = json.loads(_decode(parts[0]))
        signature = _decode(parts[2])
        if text(header, "alg") != "RS256":
            raise invalid
        signed = f"{parts[0]}.{parts[1]}".encode()
        key.public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        claims: Json = json.loads(_decode(parts[1]))
    except (ValueError, RecursionError, InvalidSignature) as error:
        raise invalid from error
    return claims


def _refused(code: str, message: str) -> ArmError:
    return ArmError(401, code, message)


def _compact(document: JsonObject) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(content: str) -> bytes:
    return base64.urlsafe_b64decode(content + "=" * (-len(content) % 4))
