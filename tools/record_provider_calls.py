#!/usr/bin/env python3
"""Record what Terraform's real providers send to the two clouds' APIs, for `tests/contract`.

    TWINSPAN_PROVIDER_MIRROR=MIRROR tools/record_provider_calls.py envs/dev

MIRROR is a filesystem mirror with hashicorp/aws and hashicorp/azurerm. Terraform works in a copy of
`terraform/` against the twin's two APIs without a data plane. See tests/contract/README.md.
"""

import argparse
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "contract"))

from contract_clouds import KEY_ID, REGION, SECRET, ContractClouds, building, contract_clouds
from contract_exchange import FOLDER, save
from recording_distil import Raw, distil
from recording_proxy import Log, aws_sender, azure_sender, proxy
from recording_steps import STEPS
from recording_walk import Resource, Walk

ROOT = Path(__file__).resolve().parents[1]
_LOOK_S = 2.0
"""How often clusters that are asked for are declared built, in seconds; the providers look less often."""
_CLI_CONFIG = 'provider_installation {{\n  filesystem_mirror {{\n    path = "{}"\n  }}\n}}\n'


def record(root: str, folder: Path, mirror: Path) -> Raw:
    """Take a root module through its life and return what passed."""
    log = Log()
    (folder / "apis").mkdir()
    with contract_clouds(folder / "apis") as clouds, building(clouds.builder, every_s=_LOOK_S):
        authority = str(clouds.tls.ca_certificate)
        with (
            proxy(log, "aws", lambda _: aws_sender(clouds.aws_host), clouds) as aws,
            proxy(log, "azure", lambda own: azure_sender(clouds.azure_host, own, authority), clouds) as azure,
        ):
            walk = Walk.copy(ROOT / "terraform", root, folder, _variables(clouds, aws, azure, folder, mirror))
            providers = walk.init()
            schemas = walk.schemas()
            _live(walk, root, log)
            fixed = {**clouds.placeholders(), "azure": azure, "aws": aws}
    return Raw(
        root=f"terraform/{root}",
        providers=providers,
        schemas=_used(schemas, walk.snapshots),
        snapshots=walk.snapshots,
        imported=walk.imported,
        problems=walk.problems,
        fixed=fixed,
        exchanges=log.exchanges,
    )


def _live(walk: Walk, root: str, log: Log) -> None:
    for step in STEPS[root]:
        for name, act in ((step.name, lambda step=step: walk.apply(step)), ("plan", walk.plan)):
            _do(log, name, act)
    _do(log, "import", walk.import_one_of_each_type)
    _do(log, "plan", walk.plan)
    _allow_destroy(walk)
    _do(log, "destroy", walk.destroy)


def _do(log: Log, name: str, act: Callable[[], None]) -> None:
    log.step = name
    act()
    print(f"{name}: {len(log.exchanges)} requests so far", file=sys.stderr)


def _allow_destroy(walk: Walk) -> None:
    """Take `prevent_destroy` out of the copy: what was made has to go."""
    for path in walk.tree.rglob("*.tf"):
        path.write_text(path.read_text().replace("prevent_destroy = true", "prevent_destroy = false"))


def _variables(clouds: ContractClouds, aws: str, azure: str, folder: Path, mirror: Path) -> dict[str, str]:
    config = folder / "terraformrc"
    config.write_text(_CLI_CONFIG.format(mirror))
    return {
        **clouds.clouds.variables(),
        "AWS_ENDPOINT_URL": f"http://{aws}",
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "ARM_METADATA_HOSTNAME": azure,
        "CHECKPOINT_DISABLE": "1",
        "HOME": str(folder),
        "TF_CLI_CONFIG_FILE": str(config),
        "TF_IN_AUTOMATION": "1",
    }


def _used(schemas: dict[str, Any], snapshots: list[list[Resource]]) -> dict[str, Any]:
    used = {resource.type for snapshot in snapshots for resource in snapshot}
    return {
        kind: schema
        for provider in schemas.values()
        for kind, schema in provider.get("resource_schemas", {}).items()
        if kind in used
    }


def main() -> None:
    """Record, distil and write one root module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("root", choices=sorted(STEPS))
    parser.add_argument(
        "--raw", type=Path, help="keep what passed in this folder, or start from what is there"
    )
    arguments = parser.parse_args()
    name = arguments.root.rpartition("/")[2]
    with tempfile.TemporaryDirectory(prefix="twinspan-recording-") as temporary:
        kept = (arguments.raw or Path(temporary)) / f"{name}.pickle"
        if not kept.exists():
            mirror = Path(os.environ["TWINSPAN_PROVIDER_MIRROR"])
            raw = record(arguments.root, Path(temporary), mirror)
            kept.touch(mode=0o600)
            kept.write_bytes(pickle.dumps(raw))
        raw = pickle.loads(kept.read_bytes())  # noqa: S301 - our own file of a moment ago
    if raw.problems:
        sys.exit("\n".join(["nothing is written: the providers found fault with the twin", *raw.problems]))
    recording = distil(raw)
    path = FOLDER / f"{name}.jsonl.gz"
    save(recording, path)
    size = path.stat().st_size
    summary = {"exchanges": len(recording.exchanges), "of": len(raw.exchanges), "bytes": size}
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
