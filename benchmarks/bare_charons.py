"""Two strongSwan daemons joined by a veth pair and nothing else: the yardstick for throughput.

Same charon, user-space ESP, cipher and MTU as the twin's tunnels, but no gateway, BGP, route table or filter
between the two. Needs root; makes its own namespaces, which end with it. Prints one JSON object.

    sudo .venv/bin/python benchmarks/bare_charons.py --seconds 5
"""

import argparse
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import vici

from twinspan.host import search_path
from twinspan.wait import wait_until

OUTER = {"left": "192.0.2.1", "right": "192.0.2.2"}
INNER = {"left": "198.18.0.1", "right": "198.18.0.2"}
PROPOSAL = "aes256gcm16-prfsha384-ecp384"
CONFIG = """
charon-systemd {{
  load = random nonce openssl gcm aes sha2 hmac kdf kernel-libipsec kernel-netlink socket-default vici
  install_routes = no
  install_virtual_ip = no
  plugins {{
    vici {{
      socket = unix://{socket}
    }}
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
    kernel-netlink {{
      fwmark = !0x42
    }}
    socket-default {{
      fwmark = 0x42
    }}
  }}
}}
"""


def sh(*argv: str) -> str:
    """Run a command and return its standard output."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def enter(pid: int, *argv: str) -> list[str]:
    """Return the command that runs `argv` in the network namespace of `pid`."""
    return ["nsenter", f"--net=/proc/{pid}/ns/net", "--", *argv]


@contextmanager
def namespace() -> Iterator[int]:
    """Yield the pid of a process that holds a network namespace of its own."""
    own = Path("/proc/self/ns/net").stat().st_ino
    holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    try:
        wait_until(
            lambda: Path(f"/proc/{holder.pid}/ns/net").stat().st_ino,
            lambda inode: inode != own,
            what="network namespace",
            timeout_s=5,
        )
        yield holder.pid
    finally:
        holder.kill()
        holder.wait()


@contextmanager
def charon(pid: int, folder: Path) -> Iterator[vici.Session]:
    """Run a charon in the namespace of `pid`; yield its control session."""
    folder.mkdir(mode=0o700)
    control = folder / "vici"
    configuration = folder / "strongswan.conf"
    configuration.write_text(CONFIG.format(socket=control))
    with (folder / "log").open("w") as log:
        daemon = subprocess.Popen(
            enter(pid, "charon-systemd"),
            env={**os.environ, "PATH": search_path(), "STRONGSWAN_CONF": str(configuration)},
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(control.exists, bool, what="charon's control socket", timeout_s=10)
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(str(control))
            yield vici.Session(stream)
    finally:
        daemon.terminate()
        daemon.wait()


def load(session: vici.Session, key: str, *, local: str, remote: str) -> None:
    """Give a charon the one connection between the two."""
    session.load_shared({"id": "pair", "type": "IKE", "data": key, "owners": list(OUTER.values())})
    session.load_conn(
        {
            "pair": {
                "version": "2",
                "local_addrs": [local],
                "remote_addrs": [remote],
                "proposals": [PROPOSAL],
                "encap": "yes",
                "local": {"auth": "psk", "id": local},
                "remote": {"auth": "psk", "id": remote},
                "children": {
                    "pair": {
                        "local_ts": ["0.0.0.0/0"],
                        "remote_ts": ["0.0.0.0/0"],
                        "esp_proposals": ["aes256gcm16"],
                    }
                },
            }
        }
    )


def measure(seconds: int) -> float:
    """Return the throughput of one TCP flow through the pair, in bits per second."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tsp-")))
        pids = {side: stack.enter_context(namespace()) for side in OUTER}
        sh("ip", "link", "add", "tspb0", "netns", str(pids["left"]), "type", "veth", "peer", "name", "tspb0",
           "netns", str(pids["right"]))  # fmt: skip
        for side, pid in pids.items():
            for command in (
                "ip link set lo up",
                f"ip addr add {OUTER[side]}/30 dev tspb0",
                "ip link set tspb0 up",
            ):
                sh(*enter(pid, *command.split()))
        sessions = {side: stack.enter_context(charon(pid, folder / side)) for side, pid in pids.items()}
        key = secrets.token_hex(16)
        load(sessions["left"], key, local=OUTER["left"], remote=OUTER["right"])
        load(sessions["right"], key, local=OUTER["right"], remote=OUTER["left"])
        list(sessions["left"].initiate({"child": "pair", "timeout": "10000"}))
        for side, pid in pids.items():
            other = "right" if side == "left" else "left"
            for command in (
                f"ip addr add {INNER[side]} peer {INNER[other]}/32 dev ipsec0",
                "ip link set ipsec0 up mtu 1400",
                f"ip rule add not fwmark 0x42 to {INNER[other]} lookup main",
            ):
                sh(*enter(pid, *command.split()))
        server = subprocess.Popen(enter(pids["right"], "iperf3", "-s", "-1"), stdout=subprocess.DEVNULL)
        wait_until(
            lambda: sh(*enter(pids["right"], "ss", "-ltnH", "sport = :5201")),
            bool,
            what="iperf3 server",
            timeout_s=5,
        )
        result = json.loads(
            sh(*enter(pids["left"], "iperf3", "-J", "-M", "1350", "-t", str(seconds), "-c", INNER["right"]))
        )
        server.wait(timeout=10)
        return float(result["end"]["sum_received"]["bits_per_second"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    arguments = parser.parse_args()
    json.dump({"bits_per_s": measure(arguments.seconds)}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
