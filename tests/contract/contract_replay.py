"""Sends what a recording holds to the twin's two APIs and says what the provider would have missed."""

import http.client
import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from contract_clouds import KEY_ID, SECRET, ContractClouds
from contract_documents import Tree, error_code, read_body
from contract_exchange import Exchange, Recording
from contract_expectation import Bindings, Difference, differences, fill

from twinspan.errors import WaitTimeoutError
from twinspan.wait import wait_until

PATIENCE_S = 15.0
"""How long a state may take to become what the provider waits for, in seconds."""
_TOKEN = "/oauth2/"
_METADATA = "/metadata/"
_MANAGER = "https://${azure}/"
"""How the scope of a token for the resource manager begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an API answered; names of headers are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    def tree(self) -> Tree:
        """Return the body as a tree."""
        return read_body(self.headers.get("content-type", ""), self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A recorded request whose answer a real provider would not survive."""

    exchange: Exchange
    number: int
    found: tuple[Difference, ...]

    def __str__(self) -> str:
        lines = "".join(f"\n    {difference}" for difference in self.found)
        return f"[{self.number}] {self.exchange.name}{lines}"


Change = Callable[[Exchange, Answer], Answer]
"""Changes an answer on its way; tests of the replay play an API that has changed."""


def unchanged(_: Exchange, answer: Answer) -> Answer:
    """Return the answer as it is."""
    return answer


@dataclass(kw_only=True)
class Replay:
    """The provider's part of a recording, played to the twin's APIs.

    Attributes:
        change: What becomes of each answer before it is looked at.
        patience_s: How long to wait for a state that is to come, in seconds.
    """

    clouds: ContractClouds
    change: Change = unchanged
    patience_s: float = PATIENCE_S
    bindings: Bindings = field(default_factory=dict)
    token: str = ""

    def __post_init__(self) -> None:
        self.bindings = self.clouds.placeholders()
        context = ssl.create_default_context(cafile=str(self.clouds.tls.ca_certificate))
        self._aws = http.client.HTTPConnection(self.clouds.aws_host, timeout=20)
        self._azure = http.client.HTTPSConnection(self.clouds.azure_host, timeout=20, context=context)

    def close(self) -> None:
        """Close the connections."""
        self._aws.close()
        self._azure.close()

    def run(self, recording: Recording) -> Shortfall | None:
        """Send everything in its order; the first answer that falls short ends it."""
        for number, exchange in enumerate(recording.exchanges):
            mismatches = self.play(exchange)
            if mismatches:
                return Shortfall(exchange=exchange, number=number, found=mismatches)
        return None

    def play(self, exchange: Exchange) -> tuple[Difference, ...]:
        """Send one request, as often as the provider would, and return what its answer lacks."""
        again = exchange.reads or exchange.repeated

        def passed(mismatches: tuple[Difference, ...]) -> bool:
            return not (again and any(difference.may_pass for difference in mismatches))

        seen: list[tuple[Difference, ...]] = []

        def once() -> tuple[Difference, ...]:
            seen.append(self._once(exchange))
            return seen[-1]

        with suppress(WaitTimeoutError):
            wait_until(once, passed, what=exchange.name, timeout_s=self.patience_s, interval_s=0.1)
        return seen[-1]

    def _once(self, exchange: Exchange) -> tuple[Difference, ...]:
        try:
            answer = self._send(exchange)
        except KeyError as error:
            return (Difference(at="request", expected=f"{error} from an earlier answer", actual="nothing"),)
        answer = self.change(exchange, answer)
        trial = dict(self.bindings)
        mismatches = compare(exchange, answer, trial)
        if not mismatches:
            self.bindings.update(trial)
        elif any(difference.may_pass for difference in mismatches):
            self.clouds.build()
        return mismatches

    def _send(self, exchange: Exchange) -> Answer:
        target = fill(exchange.target, self.bindings)
        headers = {name: fill(value, self.bindings) for name, value in exchange.headers.items()}
        body = _body(exchange, self.bindings)
        connection = self._aws if exchange.cloud == "aws" else self._azure
        if exchange.cloud == "aws":
            headers = _signed(exchange, f"http://{self.clouds.aws_host}{target}", headers, body)
        elif _TOKEN not in target and not target.startswith(_METADATA):
            headers["Authorization"] = f"Bearer {self.token}"
        connection.request(exchange.method, target, body=body, headers=headers)
        response = connection.getresponse()
        content = response.read()
        named = {name.lower(): value for name, value in response.getheaders()}
        if exchange.form.get("scope", "").startswith(_MANAGER):
            self.token = json.loads(content).get("access_token", self.token)
        return Answer(status=response.status, headers=named, body=content)


def compare(exchange: Exchange, answer: Answer, bindings: Bindings) -> tuple[Difference, ...]:
    """Return what an answer lacks; binds the placeholders that it gives."""
    if answer.status not in exchange.statuses:
        allowed = " or ".join(str(status) for status in exchange.statuses)
        text = answer.body.decode("utf-8", "replace")[:300]
        return (Difference(at="status", expected=allowed, actual=f"{answer.status} {text}"),)
    mismatches: tuple[Difference, ...] = ()
    for name, value in exchange.answer_headers.items():
        mismatches += differences(value, answer.headers.get(name), bindings, f"header {name}")
    tree = answer.tree()
    if exchange.error:
        code = error_code(tree, answer.headers.get("x-amzn-errortype", ""))
        return mismatches + differences(exchange.error, code, bindings, "error code")
    return (
        mismatches if exchange.answer is None else mismatches + differences(exchange.answer, tree, bindings)
    )


def _body(exchange: Exchange, bindings: Bindings) -> bytes | None:
    if exchange.form:
        return urlencode({name: fill(value, bindings) for name, value in exchange.form.items()}).encode()
    if exchange.body is None:
        return None
    if isinstance(exchange.body, str):
        return fill(exchange.body, bindings).encode()
    return json.dumps(_filled(exchange.body, bindings)).encode()


def _filled(tree: Tree, bindings: Bindings) -> Tree:
    if isinstance(tree, dict):
        return {fill(name, bindings): _filled(value, bindings) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_filled(value, bindings) for value in tree]
    return fill(tree, bindings) if isinstance(tree, str) else tree


def _signed(exchange: Exchange, url: str, headers: dict[str, str], body: bytes | None) -> dict[str, str]:
    """Return the headers with the signature of the twin's key."""
    request = AWSRequest(exchange.method, url, data=body or b"", headers=headers)
    signer = S3SigV4Auth if exchange.service == "s3" else SigV4Auth
    signer(Credentials(KEY_ID, SECRET), exchange.service, exchange.region).add_auth(request)
    return dict(request.headers.items())
