"""Microsoft.Compute/sshPublicKeys."""

from typing_extensions import override

from twinspan.twin.azure.documents import JsonObject, text
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.base import Context, Put, ResourceType


class _SshPublicKeys(ResourceType):
    type = "Microsoft.Compute/sshPublicKeys"
    model = "compute.SshPublicKeyResource"
    at_once = True

    @override
    def check(self, context: Context, put: Put) -> None:
        key = text(put.properties, "publicKey")
        if key is None and put.existing is not None:
            put.properties["publicKey"] = text(put.existing.body, "properties", "publicKey")
        if key is not None and not key.startswith(("ssh-rsa ", "ssh-ed25519 ", "ecdsa-")):
            raise bad_request(
                "InvalidParameter",
                f"publicKey of {put.id} is not in the form of OpenSSH: ssh-rsa or ssh-ed25519.",
            )

    @override
    def patch(self, context: Context, resource: Resource, body: JsonObject) -> None:
        cleaned = self.clean({**body, "location": resource.body["location"]})
        put = Put(id=resource.id, body=cleaned, existing=resource)
        self.check(context, put)
        resource.body.update(cleaned)

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        for made_up in ("provisioningState", "resourceGuid"):
            members.pop(made_up, None)


SSH_PUBLIC_KEYS = _SshPublicKeys()
"""Source: Ssh Public Keys - Create, Update, Get (REST). Key pairs are not made here: `generateKeyPair` is "
"refused."""
