"""Sign-in: cloud metadata, OpenID configuration and the token endpoints. No token is needed here.

Source: Microsoft identity platform, OAuth 2.0 client credentials flow (v1 and v2 endpoints) and its error
codes; `/metadata/endpoints` as azure-cli and the Terraform provider read it.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.documents import JsonObject
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.tokens import LIFETIME_S, TokenAuthority

CLOUD_NAME = "twinspan"
_ADFS = "adfs"
_COMMON = {"common", "organizations", _ADFS}
_CONFIGURATION = re.compile(r"/(?P<tenant>[^/]+)(/v2\.0)?/\.well-known/openid-configuration")
_TOKEN = re.compile(r"/(?P<tenant>[^/]+)/oauth2(/v2\.0)?/token")
_KEYS = re.compile(r"/(?P<tenant>[^/]+)/discovery(/v2\.0)?/keys")
_LIST_VERSIONS = {"2018-05-01", "2019-05-01", "2020-06-01"}
_FLAT_VERSIONS = {"2014-11-01-preview", "2015-01-01", "2018-01-01"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityService:
    """What Microsoft Entra ID and the public metadata endpoint do for a client.

    Attributes:
        base_url: `https://localhost:PORT`.
        credentials: Who may sign in.
        authority: Signs the tokens.
    """

    base_url: str
    credentials: ArmCredentials
    authority: TokenAuthority

    @property
    def graph_resource(self) -> str:
        """The resource id of Microsoft Graph here; tokens for it are issued, but it has no API."""
        return f"{self.base_url}/graph"

    def handle(self, request: Request) -> Answer | None:
        """Answer a request that is about sign-in; None if it is about something else."""
        if request.path == "/metadata/endpoints":
            return self._metadata(request.query.get("api-version", ""))
        for pattern, answer in (
            (_CONFIGURATION, self._configuration),
            (_KEYS, lambda _: Answer(document=self.authority.key_set())),
        ):
            match = pattern.fullmatch(request.path)
            if match is not None and request.method == "GET":
                return answer(match["tenant"])
        match = _TOKEN.fullmatch(request.path)
        if match is not None and request.method == "POST":
            return self._token(match["tenant"], request)
        return None

    def _metadata(self, api_version: str) -> Answer:
        """Return the cloud's endpoints in the shape of the API version asked for."""
        if api_version in _LIST_VERSIONS:
            return Answer(document=[self._cloud()])
        if api_version in _FLAT_VERSIONS:
            return Answer(document=self._flat_cloud())
        return Answer(document=self._cloud())

    def _cloud(self) -> JsonObject:
        """Return the cloud as the newer API versions tell it."""
        host = self.base_url.removeprefix("https://")
        return {
            "name": CLOUD_NAME,
            "portal": self.base_url,
            "authentication": {
                "loginEndpoint": self.base_url,
                "audiences": [self.base_url, f"{self.base_url}/"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "resourceManager": self.base_url,
            "microsoftGraphResourceId": self.graph_resource,
            "graph": self.graph_resource,
            "graphAudience": self.graph_resource,
            "activeDirectoryDataLake": self.base_url,
            "logAnalyticsResourceId": self.base_url,
            "batch": self.base_url,
            "media": self.base_url,
            "gallery": self.base_url,
            "sqlManagement": self.base_url,
            "vmImageAliasDoc": self.base_url,
            "suffixes": {
                "storage": f"storage.{host}",
                "keyVaultDns": f"vault.{host}",
                "sqlServerHostname": f"database.{host}",
                "acrLoginServer": f"azurecr.{host}",
            },
        }

    def _flat_cloud(self) -> JsonObject:
        """Return the cloud as the oldest API versions tell it."""
        return {
            "galleryEndpoint": self.base_url,
            "graphEndpoint": self.graph_resource,
            "portalEndpoint": self.base_url,
            "graphAudience": self.graph_resource,
            "authentication": {
                "loginEndpoint": self.base_url,
                "audiences": [self.base_url, f"{self.base_url}/"],
            },
            "cloudEndpoint": {
                CLOUD_NAME: {"endpoint": self.base_url.removeprefix("https://"), "locations": ["westeurope"]}
            },
        }

    def _configuration(self, tenant: str) -> Answer:
        """Return the OpenID configuration of a tenant."""
        if not self._known(tenant):
            return self._unknown_tenant(tenant)
        root = f"{self.base_url}/{tenant}"
        path = "oauth2" if tenant == _ADFS else "oauth2/v2.0"
        return Answer(
            document={
                "issuer": self.authority.issuer,
                "authorization_endpoint": f"{root}/{path}/authorize",
                "token_endpoint": f"{root}/{path}/token",
                "device_authorization_endpoint": f"{root}/{path}/devicecode",
                "jwks_uri": f"{root}/discovery/keys",
                "response_types_supported": ["token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "scopes_supported": [],
                "claims_supported": ["aud", "iss", "iat", "nbf", "exp", "appid", "oid", "tid"],
            }
        )

    def _token(self, tenant: str, request: Request) -> Answer:
        """Issue a token to the service principal."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        if not self._known(tenant):
            return self._unknown_tenant(tenant)
        refusal = self._refuse_client(form)
        if refusal is not None:
            return refusal
        resource = form.get("resource") or form.get("scope", "").split(" ")[0].removesuffix("/.default")
        if resource.rstrip("/") not in {self.base_url, self.graph_resource}:
            return _refused(
                400,
                "invalid_resource",
                500011,
                f"The resource principal named '{resource}' was not found in the "
                f"tenant. Ask for '{self.base_url}/.default'.",
            )
        return Answer(
            document={
                "token_type": "Bearer",
                "expires_in": LIFETIME_S,
                "ext_expires_in": LIFETIME_S,
                "resource": resource,
                "access_token": self.authority.issue(resource),
            },
            headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
        )

    def _refuse_client(self, form: Mapping[str, str]) -> Answer | None:
        """Return the refusal of a client that is not the service principal, None if it is."""
        if form.get("grant_type") != "client_credentials":
            return _refused(
                400,
                "unsupported_grant_type",
                70003,
                f"The app requested '{form.get('grant_type')}'; the twin "
                "issues tokens for 'client_credentials' only.",
            )
        if form.get("client_id", "").lower() != self.credentials.client_id:
            return _refused(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{form.get('client_id')}' was "
                f"not found in the directory '{self.credentials.tenant_id}'.",
            )
        given = form.get("client_secret", "").encode()
        if not hmac.compare_digest(given, self.credentials.client_secret.encode()):
            return _refused(
                401,
                "invalid_client",
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in "
                "the request is the client secret value, not the client secret ID, for the app.",
            )
        return None

    def _known(self, tenant: str) -> bool:
        return tenant.lower() in {self.credentials.tenant_id, *_COMMON}

    def _unknown_tenant(self, tenant: str) -> Answer:
        return _refused(400, "invalid_tenant", 90002, f"Tenant '{tenant}' not found.")


def _refused(status: int, error: str, number: int, message: str) -> Answer:
    """Return an error as the token endpoint words it (RFC 6749 5.2, with AADSTS numbers)."""
    return Answer(
        status=status,
        document={
            "error": error,
            "error_description": f"AADSTS{number}: {message}",
            "error_codes": [number],
        },
    )
