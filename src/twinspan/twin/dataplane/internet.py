"""The namespace between the clouds: routes to public addresses, nothing else; faults are made here."""

from ipaddress import IPv4Address

from twinspan.twin.dataplane import namespaces
from twinspan.twin.dataplane.wire import INTERNET

_TABLE = "twinspan_faults"
_RULES = f"""table inet {_TABLE} {{
  set cut {{ type ipv4_addr . ipv4_addr; }}
  chain forward {{
    type filter hook forward priority 0; policy accept;
    ip saddr . ip daddr @cut drop
  }}
}}
"""


def build() -> None:
    """Make the namespace, once."""
    namespaces.add([INTERNET])
    namespaces.set_sysctls(
        INTERNET,
        {"ipv4/ip_forward": "1", "ipv4/conf/all/rp_filter": "0", "ipv4/conf/default/rp_filter": "0"},
    )
    namespaces.nft(INTERNET, _RULES)


def cut(first: IPv4Address, second: IPv4Address) -> None:
    """Drop silently every packet between two public addresses, both ways."""
    namespaces.nft(INTERNET, f"add element inet {_TABLE} cut {_pairs(first, second)}\n")


def repair(first: IPv4Address, second: IPv4Address) -> None:
    """Undo `cut`. Raises CommandError if the two were not cut."""
    namespaces.nft(INTERNET, f"delete element inet {_TABLE} cut {_pairs(first, second)}\n")


def _pairs(first: IPv4Address, second: IPv4Address) -> str:
    return f"{{ {first} . {second}, {second} . {first} }}"
