"""Who is let into a cluster: access entries, tokens, and the review that the API server asks for."""

import base64
import http.client
import json
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aws_twin import KEY_ID, REGION, SECRET, code_of
from eks_site import NAME, EksSite

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.aws.eks import eks_token
from twinspan.twin.aws.signature import AccessKey
from twinspan.twin.kubernetes.authenticator import Authenticator
from twinspan.twin.kubernetes.eks_tokens import PREFIX, TokenError, verify_token

pytest_plugins = ("aws_fixtures",)

PARAMETER, REQUEST = "InvalidParameterException", "InvalidRequestException"
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
CREATOR = "arn:aws:iam::123456789012:user/moto"
KEY = AccessKey(access_key_id=KEY_ID, secret_access_key=SECRET)
Change = Callable[[str], str]


@pytest.fixture
def reviewer(eks_site: EksSite, tmp_path: Path) -> Iterator[Path]:
    """The socket of an authenticator for the site's clusters."""
    api, path = eks_site.twin.api, tmp_path / "sockets" / "authenticator.sock"
    authenticator = Authenticator(path, key=KEY, hosts=lambda: api.hosts, find_user=api.kubernetes_user)
    authenticator.start()
    yield path
    authenticator.stop()
    assert not path.exists()


def endpoint(site: EksSite, *, key_id: str = KEY_ID, secret: str = SECRET) -> AwsEndpoint:
    return AwsEndpoint(
        region=REGION, endpoint_url=site.twin.api.url, access_key_id=key_id, secret_access_key=secret
    )


def post(path: Path, target: str, body: bytes) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("localhost", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX)
    try:
        connection.sock.connect(str(path))
        # Who is refused may find the door shut while still speaking; the answer is there all the same.
        with suppress(BrokenPipeError):
            connection.request("POST", target, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def review(path: Path, token: str, *, cluster: str = NAME) -> dict[str, Any]:
    """What the API server is told of a token."""
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    status, document = post(path, f"/clusters/{cluster}?timeout=30s", json.dumps(asked).encode())
    assert status == 200
    assert document["kind"] == "TokenReview"
    review_status: dict[str, Any] = document["status"]
    return review_status


def changed(token: str, change: Change) -> str:
    text = token.removeprefix(PREFIX)
    url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    return PREFIX + base64.urlsafe_b64encode(change(url).encode()).decode().rstrip("=")


def test_the_creators_token_is_an_administrators(eks_site: EksSite, reviewer: Path) -> None:
    eks_site.create()
    status = review(reviewer, eks_token(endpoint(eks_site), NAME))
    assert status["authenticated"]
    assert status["user"]["username"] == CREATOR
    assert status["user"]["groups"] == ["system:masters"]
    assert status["user"]["extra"]["arn"] == [CREATOR]


def test_in_a_cluster_without_access_entries_the_creator_is_let_in(eks_site: EksSite, reviewer: Path) -> None:
    eks_site.create(accessConfig={"authenticationMode": "CONFIG_MAP"})
    status = review(reviewer, eks_token(endpoint(eks_site), NAME))
    assert (status["user"]["username"], status["user"]["groups"]) == ("kubernetes-admin", ["system:masters"])


def test_the_entry_says_who_the_caller_is(eks_site: EksSite, reviewer: Path) -> None:
    eks_site.create(
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    )
    token = eks_token(endpoint(eks_site), NAME)
    assert "no access entry" in review(reviewer, token)["error"]
    eks_site.eks.create_access_entry(
        clusterName=NAME, principalArn=CREATOR, kubernetesGroups=["viewers"], username="ann"
    )
    user = review(reviewer, token)["user"]
    assert (user["username"], user["groups"]) == ("ann", ["viewers"])
    scope = {"type": "cluster"}
    eks_site.eks.associate_access_policy(
        clusterName=NAME,
        principalArn=CREATOR,
        policyArn=ADMIN,
        accessScope=scope,  # type: ignore[arg-type]
    )
    assert review(reviewer, token)["user"]["groups"] == ["viewers", "system:masters"]
    eks_site.eks.disassociate_access_policy(clusterName=NAME, principalArn=CREATOR, policyArn=ADMIN)
    assert review(reviewer, token)["user"]["groups"] == ["viewers"]
    eks_site.eks.delete_access_entry(clusterName=NAME, principalArn=CREATOR)
    assert not review(reviewer, token)["authenticated"]


def test_a_token_for_another_cluster_is_refused(eks_site: EksSite, reviewer: Path) -> None:
    eks_site.create()
    eks_site.create(name="other")
    token = eks_token(endpoint(eks_site), "other")
    assert review(reviewer, token, cluster="other")["authenticated"]
    assert "SignatureDoesNotMatch" in review(reviewer, token)["error"]


def test_a_token_of_another_key_is_refused(eks_site: EksSite, reviewer: Path) -> None:
    eks_site.create()
    other_id = eks_token(endpoint(eks_site, key_id="AKIAOTHEROTHEROTHER1"), NAME)
    assert "InvalidAccessKeyId" in review(reviewer, other_id)["error"]
    other_secret = eks_token(endpoint(eks_site, secret="guessed-guessed-guessed"), NAME)
    assert "SignatureDoesNotMatch" in review(reviewer, other_secret)["error"]


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
        lambda url: url.replace("Version=2011-06-15", "Version=2011-06-16"),
        lambda url: url.replace("GetCallerIdentity", "GetSessionToken"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=901"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=59"),
        lambda url: url.replace("X-Amz-Expires=60&", ""),
        lambda url: url.replace("%3Bx-k8s-aws-id", ""),
        lambda url: url.replace("%2Fsts%2F", "%2Fec2%2F"),
        lambda url: url.replace("127.0.0.1", "127.0.0.2"),
        lambda url: url.replace("/?", "/x?"),
        lambda url: url + "&Action=GetCallerIdentity",
        lambda url: url + "&Extra=1",
        lambda url: "http://[" + url,
    ],
)
def test_a_token_that_somebody_changed_is_refused(eks_site: EksSite, reviewer: Path, change: Change) -> None:
    eks_site.create()
    token = eks_token(endpoint(eks_site), NAME)
    assert changed(token, change) != token
    assert not review(reviewer, changed(token, change))["authenticated"]


@pytest.mark.parametrize(
    "token", ["", "abc", PREFIX, PREFIX + "!!!", PREFIX + "a" * 5000, "k8s-aws-v2.aHR0cA"]
)
def test_what_is_no_token_is_refused(eks_site: EksSite, reviewer: Path, token: str) -> None:
    eks_site.create()
    assert not review(reviewer, token)["authenticated"]


def test_a_token_holds_for_fifteen_minutes_and_not_before_its_time(eks_site: EksSite) -> None:
    token = eks_token(endpoint(eks_site), NAME)

    def verify(after: timedelta) -> str:
        return verify_token(token, NAME, KEY, hosts=eks_site.twin.api.hosts, now=datetime.now(UTC) + after)

    assert verify(timedelta(minutes=14)) == REGION
    with pytest.raises(TokenError, match="RequestExpired"):
        verify(timedelta(minutes=16))
    with pytest.raises(TokenError, match="RequestExpired"):
        verify(-timedelta(minutes=6))


def test_a_refusal_is_logged_without_the_token(
    eks_site: EksSite, reviewer: Path, caplog: pytest.LogCaptureFixture
) -> None:
    eks_site.create()
    token = eks_token(endpoint(eks_site, secret="guessed-guessed-guessed"), NAME)
    with caplog.at_level(logging.DEBUG):
        answer = review(reviewer, token)
    assert "a token is refused" in caplog.text
    for secret in (token, token.removeprefix(PREFIX), SECRET):
        assert secret not in caplog.text
        assert secret not in json.dumps(answer)


@pytest.mark.parametrize(
    ("target", "body", "status"),
    [
        ("/", b"{}", 404),
        ("/clusters/", b"{}", 404),
        (f"/clusters/{NAME}", b"{", 400),
        (f"/clusters/{NAME}", b'{"apiVersion": "v1", "spec": {"token": "x"}}', 400),
        (f"/clusters/{NAME}", b'{"apiVersion": "authentication.k8s.io/v1"}', 400),
        (f"/clusters/{NAME}", b"x" * 70000, 413),
    ],
)
def test_what_is_no_review_is_an_error(reviewer: Path, target: str, body: bytes, status: int) -> None:
    assert post(reviewer, target, body)[0] == status


def test_the_socket_is_for_its_owner_alone(reviewer: Path) -> None:
    assert reviewer.stat().st_mode & 0o777 == 0o600


def test_access_entries_are_made_shown_changed_and_removed(eks_site: EksSite) -> None:
    eks_site.create()
    eks, role = eks_site.eks, eks_site.role_arn
    made = eks.create_access_entry(clusterName=NAME, principalArn=role, tags={"a": "b"})["accessEntry"]
    assert made["username"] == "arn:aws:sts::123456789012:assumed-role/eks/{{SessionName}}"
    assert made["type"] == "STANDARD"
    assert eks.list_access_entries(clusterName=NAME)["accessEntries"] == [role, CREATOR]
    eks.update_access_entry(clusterName=NAME, principalArn=role, kubernetesGroups=["ops"])
    entry = eks.describe_access_entry(clusterName=NAME, principalArn=role)["accessEntry"]
    assert (entry["kubernetesGroups"], entry["tags"]) == (["ops"], {"a": "b"})
    scope: Any = {"type": "namespace", "namespaces": ["web"]}
    eks.associate_access_policy(clusterName=NAME, principalArn=role, policyArn=VIEW, accessScope=scope)
    (policy,) = eks.list_associated_access_policies(clusterName=NAME, principalArn=role)[
        "associatedAccessPolicies"
    ]
    assert (policy["policyArn"], policy["accessScope"]) == (VIEW, scope)
    assert eks.list_access_entries(clusterName=NAME, associatedPolicyArn=ADMIN)["accessEntries"] == [CREATOR]
    eks.delete_access_entry(clusterName=NAME, principalArn=role)
    assert eks.list_access_entries(clusterName=NAME)["accessEntries"] == [CREATOR]
    assert VIEW in {access_policy["arn"] for access_policy in eks.list_access_policies()["accessPolicies"]}


def test_the_role_of_a_node_group_has_an_entry(eks_site: EksSite) -> None:
    eks_site.create_ready()
    eks_site.create_group()
    entry = eks_site.eks.describe_access_entry(clusterName=NAME, principalArn=eks_site.role_arn)[
        "accessEntry"
    ]
    assert (entry["type"], entry["kubernetesGroups"]) == ("EC2_LINUX", ["system:nodes"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"principalArn": "arn:aws:iam::123456789012:role/nobody"}, PARAMETER),
        ({"principalArn": "nobody"}, PARAMETER),
        ({"kubernetesGroups": ["system:masters"]}, PARAMETER),
        ({"username": "eks:me"}, PARAMETER),
        ({"type": "PERSON"}, PARAMETER),
        ({"type": "EC2_LINUX", "username": "me"}, PARAMETER),
        ({"principalArn": CREATOR}, "ResourceInUseException"),
    ],
)
def test_entries_that_eks_refuses(eks_site: EksSite, changes: dict[str, Any], code: str) -> None:
    eks_site.create()
    request: dict[str, Any] = {"clusterName": NAME, "principalArn": eks_site.role_arn} | changes
    assert code_of(lambda: eks_site.eks.create_access_entry(**request)) == code


@pytest.mark.parametrize(
    ("policy", "scope"),
    [
        ("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy", {"type": "cluster"}),
        (VIEW, {}),
        (VIEW, {"type": "all"}),
        (VIEW, {"type": "namespace"}),
        (VIEW, {"type": "namespace", "namespaces": ["A_B"]}),
        (VIEW, {"type": "cluster", "namespaces": ["web"]}),
    ],
)
def test_policies_that_eks_refuses(eks_site: EksSite, policy: str, scope: Any) -> None:
    eks_site.create()

    def associate() -> object:
        return eks_site.eks.associate_access_policy(
            clusterName=NAME, principalArn=CREATOR, policyArn=policy, accessScope=scope
        )

    assert code_of(associate) == PARAMETER


def test_a_cluster_without_access_entries_refuses_them(eks_site: EksSite) -> None:
    eks_site.create(accessConfig={"authenticationMode": "CONFIG_MAP"})
    assert code_of(lambda: eks_site.eks.list_access_entries(clusterName=NAME)) == REQUEST
    role = eks_site.role_arn
    refused = code_of(lambda: eks_site.eks.create_access_entry(clusterName=NAME, principalArn=role))
    assert refused == REQUEST
