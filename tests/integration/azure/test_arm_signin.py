"""Who gets in: tokens, their checks, and the guards before them."""

import base64
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure_api_harness import Twin, new_twin
from cryptography.hazmat.primitives.asymmetric import rsa

from twinspan.errors import HostError
from twinspan.twin.azure import tokens
from twinspan.twin.azure.tokens import TokenAuthority, load_signing_key


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _authority(twin: Twin, **changes: Any) -> TokenAuthority:
    same = TokenAuthority(
        key=load_signing_key(twin.folder / "azure.token-key.pem"),
        credentials=twin.credentials,
        issuer=f"{twin.api.url}/{twin.credentials.tenant_id}/v2.0",
        audience=twin.api.url,
    )
    return replace(same, **changes)


def _ask(twin: Twin, token: str) -> tuple[int, str]:
    reply = twin.call("GET", "/subscriptions", headers={"Authorization": f"Bearer {token}"})
    return reply.status, "" if reply.status == 200 else reply.code


@pytest.mark.parametrize("path", ["{tenant}/oauth2/v2.0/token", "{tenant}/oauth2/token", "adfs/oauth2/token"])
def test_every_token_endpoint_issues_a_token_that_is_taken(azure_twin: Twin, path: str) -> None:
    reply = azure_twin.sign_in(path)
    assert reply.status == 200
    assert reply.json["token_type"] == "Bearer"
    assert _ask(azure_twin, reply.json["access_token"]) == (200, "")


def test_the_first_version_takes_a_resource_instead_of_a_scope(azure_twin: Twin) -> None:
    reply = azure_twin.sign_in("{tenant}/oauth2/token", scope="", resource=f"{azure_twin.api.url}/")
    assert _ask(azure_twin, reply.json["access_token"]) == (200, "")


def test_a_token_has_the_claims_that_clients_read(azure_twin: Twin) -> None:
    claims = _claims(azure_twin.token)
    owner = azure_twin.credentials
    assert azure_twin.token.count(".") == 2
    assert (claims["tid"], claims["appid"]) == (owner.tenant_id, owner.client_id)
    assert claims["oid"] == owner.object_id
    assert claims["exp"] - claims["iat"] == 3600


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000215),
        ({"client_id": "11111111-1111-1111-1111-111111111111"}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://vault.azure.net/.default"}, 400, "invalid_resource", 500011),
        ({"scope": ""}, 400, "invalid_resource", 500011),
    ],
)
def test_a_bad_sign_in_is_refused(
    azure_twin: Twin, changes: dict[str, str], status: int, error: str, number: int
) -> None:
    reply = azure_twin.sign_in(**changes)
    assert (reply.status, reply.json["error"], reply.json["error_codes"]) == (status, error, [number])
    assert azure_twin.credentials.client_secret not in reply.text


def test_an_unknown_tenant_is_refused(azure_twin: Twin) -> None:
    reply = azure_twin.sign_in("22222222-2222-2222-2222-222222222222/oauth2/v2.0/token")
    assert (reply.status, reply.json["error_codes"]) == (400, [90002])


def test_a_request_without_a_token_is_refused_with_a_challenge(azure_twin: Twin) -> None:
    reply = azure_twin.raw("GET", "/subscriptions?api-version=2022-12-01", None, {})
    assert (reply.status, reply.code) == (401, "AuthenticationFailed")
    assert reply.headers["www-authenticate"].startswith("Bearer authorization_uri=")


def test_another_scheme_is_refused(azure_twin: Twin) -> None:
    reply = azure_twin.call("GET", "/subscriptions", headers={"Authorization": "Basic YTpi"})
    assert (reply.status, reply.code) == (401, "AuthenticationFailedInvalidHeader")


def test_a_token_of_another_key_is_refused(azure_twin: Twin) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = _authority(azure_twin, key=key).issue(azure_twin.api.url)
    assert _ask(azure_twin, forged) == (401, "InvalidAuthenticationToken")


def test_a_token_with_changed_claims_is_refused(azure_twin: Twin) -> None:
    header, payload, signature = azure_twin.token.split(".")
    claims = {**_claims(azure_twin.token), "exp": int(time.time()) + 10**6}
    other = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    assert other != payload
    assert _ask(azure_twin, f"{header}.{other}.{signature}") == (401, "InvalidAuthenticationToken")


def test_an_unsigned_token_is_refused(azure_twin: Twin) -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    payload = azure_twin.token.split(".")[1]
    assert _ask(azure_twin, f"{header}.{payload}.") == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize("token", ["x", "a.b", "a.b.c", "ü.b.c", "....", "e30.e30.e30"])
def test_what_is_no_token_is_refused(azure_twin: Twin, token: str) -> None:
    reply = azure_twin.raw(
        "GET",
        "/subscriptions?api-version=2022-12-01",
        None,
        {"Authorization": f"Bearer {token}".encode().decode("latin-1")},
    )
    assert (reply.status, reply.code) == (401, "InvalidAuthenticationToken")


def test_an_expired_token_is_refused(azure_twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LIFETIME_S", -1)
    old = _authority(azure_twin).issue(azure_twin.api.url)
    assert _ask(azure_twin, old) == (401, "ExpiredAuthenticationToken")


def test_a_token_of_another_issuer_is_refused(azure_twin: Twin) -> None:
    other = _authority(azure_twin, issuer="https://sts.windows.net/x/").issue(azure_twin.api.url)
    assert _ask(azure_twin, other) == (401, "InvalidAuthenticationTokenTenant")


def test_a_token_for_graph_is_issued_and_refused_by_the_resource_manager(azure_twin: Twin) -> None:
    reply = azure_twin.sign_in(scope=f"{azure_twin.api.url}/graph/.default")
    assert reply.status == 200
    assert _ask(azure_twin, reply.json["access_token"]) == (401, "InvalidAuthenticationTokenAudience")


@pytest.mark.parametrize("host", ["example.org", "localhost", "localhost:1", "127.0.0.1.nip.io:443"])
def test_a_foreign_host_is_refused_even_at_the_token_endpoint(azure_twin: Twin, host: str) -> None:
    assert azure_twin.call("GET", "/subscriptions", headers={"Host": host}).status == 421
    assert azure_twin.call("GET", "/metadata/endpoints", headers={"Host": host}).status == 421


def test_a_foreign_origin_is_refused(azure_twin: Twin) -> None:
    reply = azure_twin.call("GET", "/subscriptions", headers={"Origin": "https://example.org"})
    assert reply.status == 403
    own = azure_twin.call("GET", "/subscriptions", headers={"Origin": azure_twin.api.url})
    assert own.status == 200


def test_the_metadata_satisfies_the_terraform_provider(azure_twin: Twin) -> None:
    reply = azure_twin.raw("GET", "/metadata/endpoints?api-version=2022-09-01", None, {})
    document = reply.json
    assert document["resourceManager"] == azure_twin.api.url
    assert document["authentication"]["loginEndpoint"] == azure_twin.api.url
    assert document["authentication"]["identityProvider"] == "AAD"
    assert document["authentication"]["tenant"] == "common"
    assert document["name"] != "AzureStackCloud"
    assert document["microsoftGraphResourceId"]
    assert document["suffixes"]["storage"]
    assert document["suffixes"]["keyVaultDns"]


def test_the_metadata_has_its_older_shapes_and_stands_a_double_slash(azure_twin: Twin) -> None:
    many = azure_twin.raw("GET", "/metadata/endpoints?api-version=2019-05-01", None, {}).json
    assert [cloud["name"] for cloud in many] == ["twinspan"]
    flat = azure_twin.raw("GET", "//metadata/endpoints?api-version=2018-01-01", None, {}).json
    assert flat["cloudEndpoint"]["twinspan"]["locations"]


def test_the_openid_configuration_leads_to_the_key_that_signs(azure_twin: Twin) -> None:
    tenant = azure_twin.credentials.tenant_id
    reply = azure_twin.raw("GET", f"/{tenant}/v2.0/.well-known/openid-configuration", None, {})
    keys = azure_twin.raw("GET", reply.json["jwks_uri"].removeprefix(azure_twin.api.url), None, {})
    header = azure_twin.token.split(".")[0]
    kid = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
    assert [key["kid"] for key in keys.json["keys"]] == [kid]
    assert reply.json["issuer"] == _claims(azure_twin.token)["iss"]


def test_a_token_survives_a_restart(own_azure_twin: Twin) -> None:
    own_azure_twin.restart()
    assert _ask(own_azure_twin, own_azure_twin.token) == (200, "")


def test_secrets_on_disk_are_private(own_azure_twin: Twin) -> None:
    own_azure_twin.api.save()
    files = [path for path in own_azure_twin.folder.rglob("*") if path.is_file()]
    assert len(files) == 5
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_taken_port_is_an_error_with_a_remedy(azure_twin: Twin, tmp_path: Path) -> None:
    second = new_twin(tmp_path)
    with pytest.raises(HostError, match=r"port \d+ of 127\.0\.0\.1 cannot be used.*Choose another port"):
        second.start(azure_twin.api.port)


def test_a_second_stop_does_nothing(tmp_path: Path) -> None:
    twin = new_twin(tmp_path)
    twin.start()
    twin.api.stop()
    twin.stop()


def test_the_server_listens_on_loopback_only(azure_twin: Twin) -> None:
    port = f"{azure_twin.api.port:04X}"
    table = [line.split()[1:4] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [local for local, _, state in table if state == "0A" and local.endswith(f":{port}")]
    assert listening == [f"0100007F:{port}"]
