"""A cluster for tests of pure parts: nothing of it is started."""

from ipaddress import IPv4Address, IPv4Network

from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.spec import ClusterSpec

PLAIN_CLUSTER = ClusterSpec(
    key="k",
    side="aws",
    name="east",
    region="us-east-1",
    authority=ClusterAuthority(certificate="c", key="k", service_account_key="s"),
    network_ranges=(IPv4Network("10.2.0.0/16"),),
    service_network=IPv4Network("172.20.0.0/16"),
    dns_address=IPv4Address("172.20.0.10"),
    api_socket="k.api",
    programs="",
    images="",
)
