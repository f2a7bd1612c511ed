"""Service Quotas of the twin: moto's VPC defaults, and those that a VPN and its clusters use up."""

from types import SimpleNamespace
from typing import Any

import moto.servicequotas.urls
from moto.servicequotas.models import ServiceQuotasBackend

_QUOTAS = {
    ("ec2", "L-7029FAB6"): ("Virtual private gateways per region", 5.0),
    ("ec2", "L-4FB7FF5D"): ("Customer gateways per region", 50.0),
    ("ec2", "L-3E6EC3A3"): ("VPN connections per region", 50.0),
    ("eks", "L-1194D53C"): ("Clusters", 100.0),
}
"""(service code, quota code) -> name and default. Sources: AWS Site-to-Site VPN user guide, "Site-to-Site VPN
quotas"; Amazon EKS user guide, "View and manage Amazon EKS and Fargate service quotas"."""


class TwinServiceQuotasBackend(ServiceQuotasBackend):
    """The quotas of one region; nobody can raise them."""

    def list_aws_default_service_quotas(self, service_code: str) -> list[dict[str, Any]]:
        """Return a service's quotas."""
        own = [self._quota(service, code) for service, code in _QUOTAS if service == service_code]
        return own or super().list_aws_default_service_quotas(service_code)

    def get_service_quota(self, service_code: str, quota_code: str) -> dict[str, Any]:
        """Return one quota. Raises moto's NoSuchResource."""
        if (service_code, quota_code) in _QUOTAS:
            return self._quota(service_code, quota_code)
        return super().get_service_quota(service_code, quota_code)

    def _quota(self, service: str, code: str) -> dict[str, Any]:
        name, value = _QUOTAS[service, code]
        return {
            "ServiceCode": service,
            "QuotaArn": f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:{service}/{code}",
            "QuotaCode": code,
            "QuotaName": name,
            "Value": value,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class."""
        urls = moto.servicequotas.urls
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=urls.url_paths)
