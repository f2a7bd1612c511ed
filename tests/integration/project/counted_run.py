"""Plan root modules in a network of its own, apply and destroy the first, and count what would leave it.

Started by `unshare --net`: the only way out is an interface that leads nowhere, and everything that is sent
to an address other than this machine's goes there and is counted. Prints one JSON document.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from project_apis import running_apis

from twinspan.errors import TwinspanError
from twinspan.project.environment import Environment
from twinspan.project.outcome import Providers
from twinspan.project.terraform import Terraform

WAY_OUT = "out"


def prepare() -> None:
    for command in (
        "ip link set lo up",
        f"ip link add {WAY_OUT} type veth peer name beyond",
        f"ip link set {WAY_OUT} addrgenmode none",
        "ip link set beyond addrgenmode none",
        "ip link set beyond up",
        f"ip address add 192.0.2.1/24 dev {WAY_OUT}",
        f"ip link set {WAY_OUT} up",
        f"ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:01 dev {WAY_OUT} nud permanent",
        f"ip route add default via 192.0.2.2 dev {WAY_OUT}",
    ):
        subprocess.run(command.split(), check=True)


def sent() -> int:
    shown = subprocess.run(["ip", "-s", "-j", "link", "show", WAY_OUT], capture_output=True, check=True)
    packets: int = json.loads(shown.stdout)[0]["stats64"]["tx"]["packets"]
    return packets


def main(folders: list[str], providers: Providers, *, isolated: bool) -> dict[str, Any]:
    prepare()
    report: dict[str, Any] = {"runs": {}}
    with tempfile.TemporaryDirectory() as scratch, running_apis(Path(scratch)) as apis:
        config = os.environ.get("COUNTED_CONFIG")
        variables = {**apis.variables, **({"TF_CLI_CONFIG_FILE": config} if config else {})}
        before = sent()
        for folder in folders:
            env = Environment.load(Path(folder))
            with Terraform(
                env, process_environment=variables, providers=providers, states=Path(scratch) / "states"
            ) as terraform:
                if not isolated:
                    # What would happen without the overrides: the control of this measurement.
                    terraform.init()
                    workspace, _ = terraform._prepared()
                    for override in workspace.folder.glob("*_override.tf.json"):
                        text = json.loads(override.read_text())
                        override.write_text(json.dumps({"terraform": text["terraform"]}))
                    terraform._isolation = None
                try:
                    report["runs"][folder] = terraform.plan().summary.added
                    if folder == folders[0]:
                        terraform.apply()
                        report["removed"] = terraform.destroy().summary.removed
                except TwinspanError as error:
                    report["runs"][folder] = str(error)
        report["packets"] = sent() - before
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.sendto(b"counted", ("203.0.113.1", 9))
        report["packets_with_one_sent"] = sent() - before
    return report


if __name__ == "__main__":
    chosen: Providers = "real" if sys.argv[1] == "real" else "offline"
    sys.stdout.write(json.dumps(main(sys.argv[3:], chosen, isolated=sys.argv[2] == "isolated")))
