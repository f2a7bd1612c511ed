"""BIRD's answers, as BIRD 2.0.12 writes them."""

from ipaddress import IPv4Address, IPv4Network

from twinspan.twin.dataplane.bird_control import parse_routes, parse_sessions

_SESSIONS = """Name       Proto      Table      State  Since         Info
device1    Device     ---        up     2026-11-22 23:00:00.000001
t_0123     BGP        ---        up     2026-11-22 23:00:01.000001  Established
  BGP state:          Established
    Neighbor address: 169.254.21.1
  Channel ipv4
    State:          UP
t_4567     BGP        ---        start  2026-11-22 23:00:02.000001  Passive
  BGP state:          Passive
    Last error:       Received: Hold timer expired
t_89ab     BGP        ---        down   2026-11-22 23:00:02.000001
  BGP state:          Down
forwarding Kernel     master4    up     2026-11-22 23:00:00.000001
  Channel ipv4
    State:          UP
"""

_ROUTES = """Table master4:
10.2.0.0/16          unicast [t_0123 2026-11-22 23:00:01.000001] * (100) [AS64512i]
\tvia 169.254.21.1 on tun0
\tType: BGP univ
\tBGP.origin: IGP
\tBGP.as_path: 64512 65010
                     unicast [i_4567 2026-11-22 23:00:01.000001] (100) [AS64512i]
\tvia 10.1.1.5 on router
\tBGP.as_path: 64512
10.1.0.0/16          blackhole [own_networks 2026-11-22 23:00:00.000001] * (200)
\tType: static univ
10.9.0.0/16          unicast [far_t_0123 2026-11-22 23:00:00.000001] * (200)
\tdev tun1
"""


def test_sessions_have_the_state_of_the_protocol() -> None:
    sessions = parse_sessions(_SESSIONS)

    assert {name: session.state for name, session in sessions.items()} == {
        "t_0123": "Established",
        "t_4567": "Active",
        "t_89ab": "Idle",
    }
    assert sessions["t_4567"].last_error == "Received: Hold timer expired"


def test_routes_have_their_origin_next_hop_and_path() -> None:
    first, second, own, static = parse_routes(_ROUTES)

    assert first.network == second.network == IPv4Network("10.2.0.0/16")
    assert (first.best, second.best) == (True, False)
    assert (first.next_hop, first.device) == (IPv4Address("169.254.21.1"), "tun0")
    assert (first.as_path, second.as_path) == ((64512, 65010), (64512,))
    assert (own.protocol, own.next_hop) == ("own_networks", None)
    assert (static.device, static.next_hop) == ("tun1", None)


def test_no_answer_is_no_session_and_no_route() -> None:
    assert parse_sessions("") == {}
    assert parse_routes("Network not found\n") == ()
