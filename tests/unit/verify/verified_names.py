"""Names and addresses of the verified network."""

from ipaddress import IPv4Address, IPv4Network

GROUP = "/subscriptions/5b1d/resourcegroups/dev/providers/microsoft.network"
GATEWAY = f"{GROUP}/virtualnetworkgateways/dev-gateway"
VNET = f"{GROUP}/virtualnetworks/dev-vnet"
WORKLOAD = f"{VNET}/subnets/workload"
FRONTEND = f"{VNET}/subnets/frontend"
PRIVATE_A, PRIVATE_B, PUBLIC_SUBNET = "subnet-0a", "subnet-0b", "subnet-0c"
VPC_CIDR, VNET_CIDR = IPv4Network("10.2.0.0/16"), IPv4Network("10.1.0.0/16")
INSIDE = {
    "tunnel1": "169.254.21.0/30",
    "tunnel2": "169.254.22.0/30",
    "tunnel3": "169.254.21.4/30",
    "tunnel4": "169.254.22.4/30",
}
OUTSIDE = {f"tunnel{n}": IPv4Address(f"203.0.113.{n}") for n in range(1, 5)}
PUBLIC = (IPv4Address("198.51.100.4"), IPv4Address("198.51.100.5"))
VPN = ("vpn-00", "vpn-01")
PUBLIC_IP = tuple(f"{GROUP}/publicipaddresses/instance{n}" for n in (0, 1))
INSTANCE = tuple(f"{GATEWAY}/ipconfigurations/instance{n}" for n in (0, 1))


def vpn_of(key: str) -> int:
    return 0 if key in {"tunnel1", "tunnel2"} else 1
