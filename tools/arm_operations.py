"""Collect which statuses clients of Azure Resource Manager accept, operation by operation.

Sources: the Azure SDK for Python (`azure-mgmt-*`, as installed in a folder) and the SDK of the Terraform
provider azurerm (`hashicorp/go-azure-sdk`, as vendored in a checkout of it). Both say in the generated code
of an operation which statuses they take for success; what is kept are these facts, no code.

    python tools/arm_operations.py SITE_PACKAGES GO_VENDOR > tests/contract/arm_operations.json
"""

import ast
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

Operation = tuple[str, str]
"""Method and path, the path in small letters and each of its parameters `{}`."""
Accepted = dict[Operation, set[int]]

_TYPES = (
    "alertsmanagement/alerts",
    "authorization/permissions",
    "authorization/roleassignments",
    "authorization/roledefinitions",
    "containerservice/locations/{}/kubernetesversions",
    "containerservice/managedclusters",
    "compute/availabilitysets",
    "compute/disks",
    "compute/locations/{}/publishers",
    "compute/locations/{}/vmsizes",
    "compute/skus",
    "compute/sshpublickeys",
    "compute/virtualmachines",
    "compute/virtualmachinescalesets",
    "insights/actiongroups",
    "insights/diagnosticsettings",
    "insights/metricalerts",
    "insights/metricdefinitions",
    "insights/metricnamespaces",
    "insights/metrics",
    "insights/workbooks",
    "managedidentity/userassignedidentities",
    "network/applicationsecuritygroups",
    "network/connections",
    "network/localnetworkgateways",
    "network/locations/{}/usages",
    "network/networkinterfaces",
    "network/networksecuritygroups",
    "network/publicipaddresses",
    "network/routetables",
    "network/virtualnetworkgateways",
    "network/virtualnetworks",
    "operationalinsights/deletedworkspaces",
    "operationalinsights/workspaces",
    "resources/deployments",
)
"""What is kept, below `Microsoft.`: the types that the twin has, and everything within and below them."""
_STATUS = {"OK": 200, "Created": 201, "Accepted": 202, "NoContent": 204, "NotFound": 404}
_GO_OPERATION = re.compile(
    r"^func \(c \w+\) \w+\(ctx context\.Context, id (?P<id>[\w.]+)[,)].*?"
    r"ExpectedStatusCodes: \[\]int\{(?P<statuses>.*?)\}.*?HttpMethod:\s+http\.Method(?P<method>\w+).*?"
    r"Path:\s+(?P<path>id\.ID\(\)|fmt\.Sprintf\(\"(?P<format>[^\"]*)\")",
    re.DOTALL | re.MULTILINE,
)
_GO_ID = re.compile(
    r"^func \(id (?P<id>\w+)\) ID\(\) string \{\s+fmtString := \"(?P<format>[^\"]*)\"", re.MULTILINE
)


def main(site_packages: Path, go_vendor: Path) -> None:
    """Print the facts of both sources as JSON, one operation a line."""
    python, go = _of_python(site_packages / "azure/mgmt"), _of_go(go_vendor / "github.com/hashicorp")
    versions = {
        distribution.name: distribution.version
        for distribution in distributions(path=[str(site_packages)])
        if distribution.name.startswith("azure-mgmt-") and distribution.name != "azure-mgmt-core"
    }
    rows = []
    for method, path in sorted({*python, *go}, key=lambda key: (key[1], key[0])):
        row: dict[str, object] = {"method": method, "path": path}
        for name, accepted in (("python", python), ("go", go)):
            if (method, path) in accepted:
                row[name] = sorted(accepted[method, path])
        rows.append(json.dumps(row))
    sources = json.dumps({"python": versions, "go": "hashicorp/go-azure-sdk, vendored by azurerm 5.2.0"})
    listed = ",\n".join(rows)
    sys.stdout.write(f'{{"sources": {sources},\n"operations": [\n{listed}\n]}}\n')


def _kept(path: str) -> bool:
    """Whether an operation is about something that the twin has."""
    scope, marker, last = path.rpartition("/providers/")
    if any(other in path for other in ("managementgroups/{}/", "cloudservices")):
        return False
    if not marker:
        return path.startswith(("/subscriptions", "/tenants"))
    if last.startswith("{}"):
        return scope == "/subscriptions/{}"
    return any(re.match(rf"microsoft\.{re.escape(kind)}(/|$)", last) for kind in _TYPES)


def _of_python(folder: Path) -> Accepted:
    """Return what the Azure SDK for Python accepts; of several API versions the newest counts."""
    newest: dict[Operation, tuple[tuple[bool, str], set[int]]] = {}
    for file in sorted(folder.rglob("*_operations.py")):
        version = next((part for part in file.parts if re.match(r"v20\d\d_", part)), "")
        rank = ("preview" not in version, version)
        if "aio" in file.parts:
            continue
        for operation, statuses in _in_module(ast.parse(file.read_text())):
            if _kept(operation[1]) and rank >= newest.get(operation, (rank, set()))[0]:
                newest[operation] = (rank, statuses)
    return {operation: statuses for operation, (_, statuses) in newest.items()}


def _in_module(module: ast.Module) -> Iterator[tuple[Operation, set[int]]]:
    """Yield the operations of one generated module."""
    requests = {
        function_node.name: built
        for function_node in module.body
        if isinstance(function_node, ast.FunctionDef)
        for built in (_request(function_node),)
        if built is not None
    }
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef) or function.name in requests:
            continue
        statuses = _statuses(function)
        names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        for name in names & requests.keys() if statuses else ():
            yield requests[name], statuses


def _request(function: ast.FunctionDef) -> Operation | None:
    """Return what a function that builds a request asks for."""
    texts = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and type(node.value) is str
    ]
    paths = [text for text in texts if text.startswith("/")]
    methods = [
        keyword.value.value
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "method" and isinstance(keyword.value, ast.Constant)
    ]
    if not paths or not methods:
        return None
    return str(methods[0]), _plain(paths[0])


def _statuses(function: ast.FunctionDef) -> set[int]:
    """Return the list in `if response.status_code not in [...]`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.NotIn):
            left, right = node.left, node.comparators[0]
            if isinstance(left, ast.Attribute) and left.attr == "status_code" and isinstance(right, ast.List):
                return {int(ast.literal_eval(element)) for element in right.elts}
    return set()


def _of_go(folder: Path) -> Accepted:
    """Return what the SDK of the Terraform provider accepts; of several API versions what all accept."""
    common = _ids(folder / "go-azure-helpers/resourcemanager/commonids")
    accepted_statuses: dict[Operation, list[set[int]]] = defaultdict(list)
    for client in sorted((folder / "go-azure-sdk/resource-manager").glob("*/*/*/client.go")):
        ids = {f"commonids.{name}": text for name, text in common.items()} | _ids(client.parent)
        for file in sorted(client.parent.glob("method_*.go")):
            for match in _GO_OPERATION.finditer(file.read_text()):
                if match["id"] not in ids:
                    continue
                path = ids[match["id"]]
                if match["format"] is not None:
                    path = match["format"].replace("%s", path, 1)
                statuses = {_STATUS[name] for name in re.findall(r"http\.Status(\w+)", match["statuses"])}
                accepted_statuses[match["method"].upper(), _plain(path)].append(statuses)
    return {key: set.intersection(*lists) for key, lists in accepted_statuses.items() if _kept(key[1])}


def _ids(folder: Path) -> dict[str, str]:
    """Return the formats of the ids that a Go package defines, by type."""
    return {
        match["id"]: match["format"]
        for file in folder.glob("*.go")
        for match in _GO_ID.finditer(file.read_text())
    }


def _plain(path: str) -> str:
    """Return a path in small letters, without its query, whose parameters are all written `{}`."""
    path = re.sub(r"\{[^{}]*\}|%s", "{}", path.partition("?")[0].strip("/"))
    return f"/{path.lower()}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
