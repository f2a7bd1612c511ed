"""Service Quotas of the twin: moto's VPC defaults, and those that a VPN and its clusters use up."""

from types import SimpleNamespace
from typing import Any

import moto.servicequotas.urls
from moto.servicequotas.models import ServiceQuotasBackend

from twinspan.network import limits

QUOTAS = {
    ("ec2", limits.VPN_GATEWAYS_QUOTA): (
        "Virtual private gateways per region",
        limits.VPN_GATEWAYS_PER_REGION,
    ),
    ("ec2", limits.CUSTOMER_GATEWAYS_QUOTA): (
        "Customer gateways per region",
        limits.CUSTOMER_GATEWAYS_PER_REGION,
    ),
    ("ec2", limits.VPN_CONNECTIONS_QUOTA): ("VPN connections per region", limits.VPN_CONNECTIONS_PER_REGION),
    ("eks", limits.EKS_CLUSTERS_QUOTA): ("Clusters", limits.EKS_CLUSTERS_PER_REGION),
}
"""(service code, quota code) -> name and default."""


class TwinServiceQuotasBackend(ServiceQuotasBackend):
    """The quotas of one region; nobody can raise them."""

    def list_aws_default_service_quotas(self, service_code: str) -> list[dict[str, Any]]:
        """Return a service's quotas."""
        own = [self._quota(service, code) for service, code in QUOTAS if service == service_code]
        return own or super().list_aws_default_service_quotas(service_code)

    def get_service_quota(self, service_code: str, quota_code: str) -> dict[str, Any]:
        """Return one quota. Raises moto's NoSuchResource."""
        if (service_code, quota_code) in QUOTAS:
            return self._quota(service_code, quota_code)
        return super().get_service_quota(service_code, quota_code)

    def _quota(self, service: str, code: str) -> dict[str, Any]:
        name, value = QUOTAS[service, code]
        return {
            "ServiceCode": service,
            "QuotaArn": f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:{service}/{code}",
            "QuotaCode": code,
            "QuotaName": name,
            "Value": float(value),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class."""
        urls = moto.servicequotas.urls
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=urls.url_paths)
