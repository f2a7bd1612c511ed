"""What one IKE daemon is told: strongswan.conf and the one connection it has, as vici wants it. Pure."""

from pathlib import Path

from twinspan.twin.dataplane.spec import EndSpec, Ike, Selectors

CONNECTION = "tunnel"
"""Name of the only connection."""

CHILD = "inside"
"""Name of its child; more have a number after it."""

_ANY_CHILD = "accepted"
"""Name of the child that answers a peer's proposal as it stands. It comes first, which decides a tie."""

_RETRANSMISSIONS = 5
_FIRST_RETRANSMISSION_S = 0.5


def retransmission_base(total_s: float) -> float:
    """Return the growth factor that makes all retransmissions of one request take `total_s`.

    charon waits 0.5 s, then 0.5 x base, ... after the request and each of its 5 repetitions, and
    gives up after the last wait. Never below 1: then it gives up after 3 s at the soonest.
    """
    low, high = 1.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        waited = sum(_FIRST_RETRANSMISSION_S * middle**n for n in range(_RETRANSMISSIONS + 1))
        low, high = (middle, high) if waited < total_s else (low, middle)
    return low


def daemon_settings(spec: EndSpec, socket: Path) -> str:
    """Return strongswan.conf of the end's daemon.

    It logs to standard error, unbuffered: what it wrote before it sent an event can be read before the event.

    Args:
        spec: The end.
        socket: Where it listens for vici.
    """
    # The routing rule goes behind the main table: charon's route into the tunnel must not catch charon's
    # own packets, and nothing else is sent from its namespace.
    base = retransmission_base(spec.ike.dead_peer.probing_s)
    return f"""charon-systemd {{
  load = random nonce aesni aes des sha1 sha2 md5 hmac kdf gcm openssl kernel-libipsec kernel-netlink \
socket-default vici
  install_routes = no
  install_virtual_ip = no
  routing_table_prio = 40000
  retransmit_tries = {_RETRANSMISSIONS}
  retransmit_timeout = {_FIRST_RETRANSMISSION_S}
  retransmit_base = {base:.6f}
  plugins {{
    vici {{
      socket = unix://{socket}
    }}
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
  }}
  journal {{
    default = -1
  }}
  filelog {{
    stderr {{
      default = 1
      lib = 0
      knl = 0
      ike_name = yes
    }}
  }}
}}
"""


def connection(spec: EndSpec) -> dict[str, object]:
    """Return the body of `load-conn`."""
    ike = spec.ike
    probes = ike.dead_peer.action != "none"
    accepted = {_ANY_CHILD: _child(spec, Selectors())} if spec.accepts_any else {}
    return {
        "version": "2",
        "local_addrs": [str(spec.local_address)],
        "remote_addrs": [str(spec.remote_address)],
        "proposals": list(ike.ike_proposals),
        "encap": "yes",
        "mobike": "no",
        "keyingtries": "1",
        "dpd_delay": f"{ike.dead_peer.delay_s if probes else 0}s",
        "rekey_time": f"{ike.ike_lifetime_s - ike.rekey_margin_s}s",
        "rand_time": f"{_fuzz_s(ike)}s",
        "over_time": f"{ike.rekey_margin_s}s",
        "local": {"auth": "psk", "id": str(spec.local_address)},
        "remote": {"auth": "psk", "id": str(spec.remote_address)},
        "children": {
            **accepted,
            **{
                name: _child(spec, selectors)
                for name, selectors in zip(proposed(spec), spec.selectors, strict=True)
            },
        },
    }


def proposed(spec: EndSpec) -> tuple[str, ...]:
    """Return the names of the children that an end proposes."""
    return tuple(f"{CHILD}{number or ''}" for number in range(len(spec.selectors)))


def _child(spec: EndSpec, selectors: Selectors) -> dict[str, object]:
    ike = spec.ike
    return {
        "esp_proposals": list(ike.esp_proposals),
        "local_ts": [str(network) for network in selectors.local],
        "remote_ts": [str(network) for network in selectors.remote],
        "mode": "tunnel",
        "rekey_time": f"{max(ike.child_lifetime_s - ike.rekey_margin_s, 1)}s",
        "rand_time": f"{_fuzz_s(ike)}s",
        "life_time": f"{ike.child_lifetime_s}s",
        "dpd_action": "clear",
        "close_action": "none",
        "start_action": "none",
    }


def _fuzz_s(ike: Ike) -> int:
    return ike.rekey_margin_s * ike.rekey_fuzz_percentage // 100
