"""Admits Services unless they ask for a load balancer with a public address, in either cloud's words."""

import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
}
REASON = f"a load balancer must be internal, by one of the annotations {', '.join(sorted(INTERNAL))}"


def is_public(service: dict[str, Any]) -> bool:
    """Return whether a Service asks for a public load balancer."""
    notes = service["metadata"].get("annotations") or {}
    internal = any(notes.get(name, "").lower() == value for name, value in INTERNAL.items())
    return service["spec"].get("type") == "LoadBalancer" and not internal


class Webhook(BaseHTTPRequestHandler):
    """Answers an API server's AdmissionReviews, and kubelet."""

    def do_GET(self) -> None:
        """Answer the readiness probe."""
        self.answer({"ready": True})

    def do_POST(self) -> None:
        """Review one request."""
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        response = {"uid": review["request"]["uid"], "allowed": not is_public(review["request"]["object"])}
        if not response["allowed"]:
            response["status"] = {"code": 403, "message": REASON}
        self.answer({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})

    def answer(self, value: dict[str, Any]) -> None:
        """Send JSON."""
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("", 8443), Webhook)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("/certificate/tls.crt", "/certificate/tls.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
