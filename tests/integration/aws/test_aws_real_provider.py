"""Terraform's own AWS provider, unmodified, against the twin."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_twin import KEY_ID, REGION, SECRET, Twin

from twinspan.command import Completed, run

pytest_plugins = ("aws_fixtures",)

CONFIGURATION = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
  backend "s3" {
    bucket       = "tf-state"
    key          = "vpn.tfstate"
    region       = "eu-central-1"
    use_lockfile = true
  }
}

variable "dpd_timeout_seconds" { default = 45 }

resource "aws_vpc" "this" { cidr_block = "10.2.0.0/16" }

resource "aws_route_table" "private" { vpc_id = aws_vpc.this.id }

resource "aws_vpn_gateway" "this" { vpc_id = aws_vpc.this.id }

resource "aws_vpn_gateway_route_propagation" "private" {
  vpn_gateway_id = aws_vpn_gateway.this.id
  route_table_id = aws_route_table.private.id
}

resource "aws_customer_gateway" "this" {
  for_each   = toset(["198.51.100.4", "198.51.100.5"])
  type       = "ipsec.1"
  ip_address = each.key
  bgp_asn    = "65000"
}

resource "aws_customer_gateway" "static" {
  type       = "ipsec.1"
  ip_address = "198.51.100.6"
  bgp_asn    = "65000"
}

resource "aws_vpn_connection" "static" {
  customer_gateway_id      = aws_customer_gateway.static.id
  vpn_gateway_id           = aws_vpn_gateway.this.id
  type                     = "ipsec.1"
  static_routes_only       = true
  local_ipv4_network_cidr  = "10.1.0.0/16"
  remote_ipv4_network_cidr = "10.2.0.0/16"
}

resource "aws_vpn_connection_route" "static" {
  vpn_connection_id      = aws_vpn_connection.static.id
  destination_cidr_block = "10.1.0.0/16"
}

resource "aws_vpn_connection" "configured" {
  customer_gateway_id                  = aws_customer_gateway.this["198.51.100.4"].id
  vpn_gateway_id                       = aws_vpn_gateway.this.id
  type                                 = "ipsec.1"
  tunnel1_inside_cidr                  = "169.254.21.0/30"
  tunnel2_inside_cidr                  = "169.254.22.0/30"
  tunnel1_ike_versions                 = ["ikev2"]
  tunnel1_phase1_encryption_algorithms = ["AES256-GCM-16"]
  tunnel1_phase1_integrity_algorithms  = ["SHA2-384"]
  tunnel1_phase1_dh_group_numbers      = [20]
  tunnel1_dpd_timeout_seconds          = var.dpd_timeout_seconds
  tunnel1_dpd_timeout_action           = "restart"
  tunnel1_startup_action               = "start"
}

resource "aws_vpn_connection" "plain" {
  customer_gateway_id = aws_customer_gateway.this["198.51.100.5"].id
  vpn_gateway_id      = aws_vpn_gateway.this.id
  type                = "ipsec.1"
}

output "read" {
  value = join(" ", [
    aws_vpn_connection.configured.tunnel1_vgw_inside_address,
    aws_vpn_connection.configured.tunnel1_cgw_inside_address,
    aws_vpn_connection.configured.tunnel1_bgp_asn,
    aws_vpn_connection.configured.tunnel1_bgp_holdtime,
  ])
}
"""


@pytest.fixture
def terraform(twin: Twin, tmp_path: Path) -> Callable[..., Completed]:
    mirror = os.environ.get("TWINSPAN_PROVIDER_MIRROR")
    if not mirror or not list(Path(mirror).rglob("terraform-provider-aws_v5.100.0*")):
        pytest.skip("no provider: put a mirror with hashicorp/aws 5.100.0 in TWINSPAN_PROVIDER_MIRROR")
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("no terraform on PATH")
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "main.tf").write_text(CONFIGURATION)
    settings = tmp_path / "terraformrc"
    settings.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "AWS_ENDPOINT_URL": twin.api.url,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def call(*argv: str, check: bool = True) -> Completed:
        return run(
            [program, argv[0], "-no-color", *argv[1:]],
            cwd=folder,
            env=environment,
            timeout_s=240,
            check=check,
        )

    return call


@pytest.mark.long
def test_a_vpn_is_applied_changed_planned_empty_and_destroyed(
    twin: Twin, terraform: Callable[..., Completed]
) -> None:
    s3, ec2 = twin.client("s3"), twin.client("ec2")
    s3.create_bucket(Bucket="tf-state", CreateBucketConfiguration={"LocationConstraint": REGION})
    terraform("init")
    terraform("apply", "-auto-approve")
    assert terraform("output", "-raw", "read").stdout == "169.254.21.1 169.254.21.2 64512 30"
    assert terraform("plan", "-detailed-exitcode").returncode == 0
    longer = "-var=dpd_timeout_seconds=60"
    terraform("apply", "-auto-approve", longer)
    assert terraform("plan", "-detailed-exitcode", longer).returncode == 0
    terraform("destroy", "-auto-approve")
    assert {c["State"] for c in ec2.describe_vpn_connections()["VpnConnections"]} == {"deleted"}
    assert {g["State"] for g in ec2.describe_vpn_gateways()["VpnGateways"]} == {"deleted"}
    assert [vpc["IsDefault"] for vpc in ec2.describe_vpcs()["Vpcs"]] == [True]
    s3.close()
    ec2.close()
