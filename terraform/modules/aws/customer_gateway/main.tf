resource "aws_customer_gateway" "this" {
  type       = "ipsec.1"
  ip_address = var.ip_address
  bgp_asn    = var.bgp_asn <= 2147483647 ? tostring(var.bgp_asn) : null
  # AWS has a field of its own for larger numbers.
  bgp_asn_extended = var.bgp_asn > 2147483647 ? tostring(var.bgp_asn) : null
  # AWS answers a second request with the same address and ASN with the gateway it has, unless the device differs.
  device_name = var.name
  tags        = merge(var.tags, { Name = var.name })

  # A connection can move to another customer gateway in place; a gateway in use cannot be deleted.
  lifecycle {
    create_before_destroy = true
  }
}
