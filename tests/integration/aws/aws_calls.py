"""Calls of operations whose parameters name what earlier calls made.

`tests/contract/aws_calls.json` has one a line: service, operation, parameters, what of the answer later calls
take as `$name` (a JMESPath expression each; of a path, `$name_id` is what it ends with), and the code of a
refusal, if nothing else can be answered.
`plane` says how many nodes of the cluster's group there are, and which instances.
"""

import json
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jmespath  # type: ignore[import-untyped]  # botocore brings it, without types
from aws_answers import Answer
from aws_twin import KEY_ID, REGION, SECRET, SESSION, Twin
from botocore.config import Config
from botocore.model import OperationModel

from twinspan.twin.kubernetes.spec import ClusterHealth, NodeHealth
from twinspan.twin.observed import Observed

CALLS: Sequence[Sequence[Any]] = json.loads(
    (Path(__file__).parents[2] / "contract/aws_calls.json").read_text()
)
CLUSTER = "arn:aws:eks:eu-central-1:123456789012:cluster/c"
PLANE = "plane"
_CLIENTS: Mapping[str, str] = {"monitoring": "cloudwatch", "servicequotas": "service-quotas"}
"""Signing name -> name of the client, where they differ."""
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Aa0yPbGCTfmbkMq6vuKGjTtZ1d0Y9r8nAVGPpEChQ a@b"
_NAME = re.compile(r"\$[a-zA-Z0-9_]+")


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


class Caller:
    """Asks a twin by botocore's clients, and keeps each answer as it came."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._clients: dict[str, Any] = {}
        self._generation = 0
        self.answers: list[Answer] = []
        now = datetime.now(UTC)
        self.names: dict[str, Any] = {
            "now_ms": int(time.time() * 1000),
            "hour_ago": (now - timedelta(hours=1)).isoformat(),
            "soon": (now + timedelta(hours=1)).isoformat(),
            "public_key": PUBLIC_KEY.encode(),
            "trust": _policy(Action="sts:AssumeRole", Principal={"Service": "eks.amazonaws.com"}),
            "allow": _policy(Action="ec2:Describe*", Resource="*"),
            "key_policy": _policy(
                Action="*", Resource="*", Principal={"AWS": "arn:aws:iam::123456789012:root"}
            ),
            "site_policy": _policy(
                Action="s3:GetObject", Resource="arn:aws:s3:::site/*", Principal={"AWS": "123456789012"}
            ),
            "bucket_policy": _policy(
                Action="s3:GetObject", Resource="arn:aws:s3:::state/*", Principal={"AWS": "123456789012"}
            ),
        }

    def run(self, call: Sequence[Any]) -> Mapping[str, Any]:
        """Make one call of the table, and keep the names that it gives. ClientError if it is refused."""
        service, operation, *rest = call
        if service == PLANE:
            self.build(**self.filled(operation))
            return {}
        answer = self.ask(service, operation, rest[0])
        for name, expression in (rest[1] if len(rest) > 1 else {}).items():
            self.names[name] = jmespath.search(expression, answer)
            assert self.names[name], (call, answer)
            if str(self.names[name]).startswith("/"):
                self.names[f"{name}_id"] = self.names[name].rpartition("/")[2]
        return answer

    def ask(self, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a call's answer, as botocore reads it; `$name` in parameters stands for what was kept."""
        answer: dict[str, Any] = self.client(service)._make_api_call(operation, self.filled(params))
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    def filled(self, value: Any) -> Any:
        """Return parameters with names replaced."""
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, str) and _NAME.fullmatch(value):
            return self.names[value[1:]]
        return value

    def build(self, *, workers: int, machines: Sequence[str] = ()) -> None:
        """Let the data plane have the cluster, with nodes of its group, and instances."""
        nodes = tuple(
            NodeHealth(
                key=f"workers/{index}",
                name=f"node-{index}",
                group="workers",
                address=IPv4Address("10.2.1.4") + index,
                ready=True,
                problem="",
            )
            for index in range(workers)
        )
        health = ClusterHealth(key=CLUSTER, api_ready=True, system_ready=True, nodes=nodes)
        self._generation += 1
        self._twin.board.publish(
            Observed(generation=self._generation, clusters=(health,), machines=tuple(machines))
        )

    def client(self, service: str) -> Any:
        """Return the client of a service, by its signing name."""
        if service not in self._clients:
            made = SESSION.client(  # type: ignore[call-overload]
                _CLIENTS.get(service, service),
                endpoint_url=self._twin.api.url,
                aws_access_key_id=KEY_ID,
                aws_secret_access_key=SECRET,
                region_name=REGION,
                config=Config(retries={"total_max_attempts": 1}),
            )
            made.meta.events.register("before-parse", self._keep)
            made.meta.events.register("before-call.s3-control", self._without_account)
            self._clients[service] = made
        return self._clients[service]

    def _without_account(self, params: dict[str, Any], **_others: object) -> None:
        """Take the account out of the host's name, as no resolver knows such a host."""
        params["url"] = self._twin.api.url + urlsplit(params["url"])._replace(scheme="", netloc="").geturl()

    def _keep(
        self, operation_model: OperationModel, response_dict: Mapping[str, Any], **_others: object
    ) -> None:
        body = response_dict["body"]
        self.answers.append(
            Answer(
                operation=operation_model,
                protocol=operation_model.service_model.resolved_protocol,
                status=response_dict["status_code"],
                headers={name.lower(): text for name, text in response_dict["headers"].items()},
                body=body if isinstance(body, bytes) else b"",
            )
        )

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients.values():
            client.close()
