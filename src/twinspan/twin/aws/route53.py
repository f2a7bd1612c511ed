"""Route 53 of the twin: moto's zones and records, as entries; no resolver on the network asks them."""

import re
from types import SimpleNamespace
from typing import Any

import moto.route53.urls
from moto.core.responses import ActionResult
from moto.route53.exceptions import InvalidInput, Route53ClientError
from moto.route53.models import Route53Backend, route53_backends
from moto.route53.responses import Route53

_LARGEST_PAGE = 100
"""Source: Route 53 API, ListHostedZonesByName, MaxItems."""
_SIZE = re.compile(r"[1-9][0-9]{0,4}")
_DOMAIN = re.compile(r"(?=.{1,255}\Z)[^.\s]{1,63}(\.[^.\s]{1,63})*\.?")
"""Source: Route 53 developer guide, DNS domain name format."""


class TwinRoute53Response(Route53):
    """Route 53's actions."""

    def create_hosted_zone(self) -> ActionResult:
        """Create a zone; one with a VPC is a private one. Source: Route 53 API, CreateHostedZone."""
        params = self._get_params()
        if _DOMAIN.fullmatch(str(params.get("Name"))) is None:
            raise Route53ClientError("InvalidDomainName", "The specified domain name is not valid.")
        if params.get("VPC"):
            params["HostedZoneConfig"] = {**(params.get("HostedZoneConfig") or {}), "PrivateZone": True}
        return super().create_hosted_zone()

    def change_tags_for_resource(self) -> ActionResult:
        """Change tags; one without a value has an empty one. Source: Route 53 API, Tag."""
        for tag in self._get_param("AddTags") or []:
            if not tag.get("Key"):
                raise InvalidInput("A tag must have a key")
            tag.setdefault("Value", "")
        return super().change_tags_for_resource()

    def change_resource_record_sets(self) -> ActionResult:
        """Change records; the answer repeats the comment. Source: Route 53 API, ChangeInfo."""
        result: Any = super().change_resource_record_sets().result
        comment = self._get_param("ChangeBatch.Comment")
        return ActionResult({"ChangeInfo": {**result["ChangeInfo"], "Comment": comment}})

    def list_hosted_zones(self) -> ActionResult:
        """List zones, a page at a time. Source: Route 53 API, ListHostedZones."""
        self._check_page()
        result: Any = super().list_hosted_zones().result
        return ActionResult({**result, "Marker": result.get("Marker") or ""})

    def list_hosted_zones_by_name(self) -> ActionResult:
        """List zones, all on one page. Source: Route 53 API, ListHostedZonesByName."""
        self._check_page()
        result: Any = super().list_hosted_zones_by_name().result
        size = self._get_param("MaxItems") or _LARGEST_PAGE
        return ActionResult({**result, "IsTruncated": False, "MaxItems": str(size)})

    def get_dnssec(self) -> ActionResult:
        """Say that nothing is signed. Source: Route 53 API, GetDNSSEC."""
        result: Any = super().get_dnssec().result
        return ActionResult({**result, "KeySigningKeys": []})

    def list_resource_record_sets(self) -> ActionResult:
        """List records, a page at a time. Source: Route 53 API, ListResourceRecordSets."""
        self._check_page()
        return super().list_resource_record_sets()

    def _check_page(self) -> None:
        """Refuse a page of no size, which the model has as a text."""
        size = self._get_param("MaxItems")
        if size is not None and _SIZE.fullmatch(str(size)) is None:
            raise InvalidInput(f"MaxItems must be a number, not '{str(size)[:100]}'")


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
