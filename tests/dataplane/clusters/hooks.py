"""A server for an API server to call, on both clusters: webhooks, an aggregated API, and who calls."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import yaml
from cluster_harness import Clusters

from twinspan.command import Completed
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.images import TOOLS_IMAGE

PLAIN, TLS = 8080, 8443
GROUP = "hooks.example.com"
_SERVER = f"""
import base64, http.server, json, ssl, threading

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path.endswith("/v1"):
            shown = {{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "{GROUP}/v1"}}
            self.answer({{**shown, "resources": []}})
        else:
            user = self.headers["X-Remote-User"]
            self.answer({{"caller": self.client_address[0], "path": self.path, "user": user}})

    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = review["request"]
        response = {{"uid": asked["uid"]}}
        if self.path.startswith("/convert"):
            converted = [dict(each, apiVersion=asked["desiredAPIVersion"]) for each in asked["objects"]]
            response |= {{"convertedObjects": converted, "result": {{"status": "Success"}}}}
        elif self.path.startswith("/mutate"):
            patch = [{{"op": "add", "path": "/data/caller", "value": self.client_address[0]}}]
            encoded = base64.b64encode(json.dumps(patch).encode()).decode()
            response |= {{"allowed": True, "patchType": "JSONPatch", "patch": encoded}}
        else:
            allowed = asked["object"].get("data", {{}}).get("colour") != "red"
            reason = {{"message": "no red, says " + self.client_address[0]}}
            response |= {{"allowed": allowed, "status": reason}}
        self.answer({{"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}})

class Server(http.server.ThreadingHTTPServer):
    def server_bind(self):
        super(http.server.HTTPServer, self).server_bind()

plain = Server(("", {PLAIN}), Handler)
secure = Server(("", {TLS}), Handler)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("/tls/tls.crt", "/tls/tls.key")
secure.socket = context.wrap_socket(secure.socket, server_side=True)
threading.Thread(target=plain.serve_forever).start()
secure.serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Hooks:
    """The server `hooks` on one cluster, and what asks it."""

    clusters: Clusters
    name: str
    authority: ClusterAuthority

    def start(self) -> None:
        """Run it, with a Service."""
        certificate, key = self.authority.issue("hooks", names=["hooks.default.svc"])
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "hooks"},
                "stringData": {"tls.crt": certificate, "tls.key": key},
            },
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "hooks", "labels": {"app": "hooks"}},
                "spec": {
                    "terminationGracePeriodSeconds": 0,
                    "containers": [
                        {
                            "name": "hooks",
                            "image": TOOLS_IMAGE,
                            "imagePullPolicy": "IfNotPresent",
                            "command": ["python3", "-c", _SERVER],
                            "readinessProbe": {"tcpSocket": {"port": TLS}, "periodSeconds": 1},
                            "volumeMounts": [{"name": "tls", "mountPath": "/tls"}],
                        }
                    ],
                    "volumes": [{"name": "tls", "secret": {"secretName": "hooks"}}],
                },
            },
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "hooks"},
                "spec": {
                    "selector": {"app": "hooks"},
                    "ports": [
                        {"name": "plain", "port": 80, "targetPort": PLAIN},
                        {"name": "tls", "port": 443, "targetPort": TLS},
                    ],
                },
            },
        )
        self.kubectl("wait", "--for=condition=Ready", "pod/hooks", "--timeout=80s")

    def stop(self) -> None:
        self.kubectl("delete", "service,pod,secret", "hooks", "--ignore-not-found")

    def kubectl(self, *arguments: str, check: bool = True) -> Completed:
        return self.clusters.kubectl(self.name, *arguments, check=check)

    def apply(self, *manifests: dict[str, Any]) -> None:
        self.clusters.kubectl(self.name, "apply", "-f", "-", stdin=yaml.safe_dump_all(manifests))

    def client(self, path: str) -> dict[str, Any]:
        """Return a `clientConfig` by Service."""
        bundle = base64.b64encode(self.authority.certificate.encode()).decode()
        return {"service": {"name": "hooks", "namespace": "default", "path": path}, "caBundle": bundle}

    def webhook(self, kind: str, path: str) -> dict[str, Any]:
        """Return a configuration for ConfigMaps that have a label of the kind."""
        hook = {
            "name": f"{kind.lower()}.{GROUP}",
            "clientConfig": self.client(path),
            "rules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["configmaps"],
                }
            ],
            "objectSelector": {"matchLabels": {"hook": kind.lower()}},
            "failurePolicy": "Fail",
            "timeoutSeconds": 3,
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": f"{kind}WebhookConfiguration",
            "metadata": {"name": "hooks"},
            "webhooks": [hook],
        }

    def create(self, kind: str, **data: str) -> Completed:
        """Create and delete a ConfigMap that a webhook of the kind is asked about."""
        manifest = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "asked", "labels": {"hook": kind.lower()}},
            "data": data,
        }
        argv = ("create", "-f", "-", "-o", "json")
        done = self.clusters.kubectl(self.name, *argv, stdin=yaml.safe_dump(manifest), check=False)
        if done.returncode == 0:
            self.kubectl("delete", "configmap", "asked")
        return done

    def raw(self, path: str) -> Any:
        return json.loads(self.kubectl("get", "--raw", path).stdout)

    def addresses(self, *arguments: str) -> list[str]:
        return self.kubectl("get", *arguments, "-o", "jsonpath={.items[*].status.podIP}").stdout.split()
