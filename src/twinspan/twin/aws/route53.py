"""Route 53 of the twin: moto's zones and records, as entries; no resolver on the network asks them."""

from types import SimpleNamespace

import moto.route53.urls
from moto.core.responses import ActionResult
from moto.route53.models import Route53Backend, route53_backends
from moto.route53.responses import Route53


class TwinRoute53Response(Route53):
    """Route 53's actions."""

    def create_hosted_zone(self) -> ActionResult:
        """Create a zone; one with a VPC is a private one. Source: Route 53 API, CreateHostedZone."""
        params = self._get_params()
        if params.get("VPC"):
            params["HostedZoneConfig"] = {**(params.get("HostedZoneConfig") or {}), "PrivateZone": True}
        return super().create_hosted_zone()


class TwinRoute53Backend(Route53Backend):
    """Route 53's state, which is of no region."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours lead to our own response class."""
        urls = moto.route53.urls
        return SimpleNamespace(
            url_bases=urls.url_bases, url_paths=dict.fromkeys(urls.url_paths, TwinRoute53Response.dispatch)
        )


def install() -> None:
    """Let the next backends of Route 53 be these."""
    route53_backends.backend = TwinRoute53Backend
