"""Which providers a user's configuration may bring to a twin, and what of their settings holds there.

On a twin the environment of Terraform's process says where both clouds are and who asks. A provider block
would win over it, so each gets an override that takes back what it says of endpoints and credentials: all but
a short list, so that what a newer provider adds is taken back, too.

Source: Terraform, "Override Files" (arguments are replaced one by one, nested blocks by type, provider blocks
are matched by alias; a `dynamic` block that repeats nothing removes those of its type).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from twinspan.errors import DesignError, ForeignProvidersError
from twinspan.project.graph import Graph, Wanted
from twinspan.project.messages import Diagnostic

HARMLESS = frozenset(
    {
        "terraform.io/builtin/terraform",
        *(f"hashicorp/{name}" for name in ("http", "local", "null", "random", "time", "tls")),
    }
)
"""Providers that work on this machine alone; `http` reaches nothing but this machine from a twin."""
OVERRIDE = "~twinspan_override.tf.json"
"""The name of a file that Terraform reads after all other override files."""
_KEPT: Mapping[str, frozenset[str]] = {
    "hashicorp/aws": frozenset(
        {
            "default_tags",
            "ignore_tags",
            "max_retries",
            "region",
            "retry_mode",
            "s3_us_east_1_regional_endpoint",
            "s3_use_path_style",
            "skip_region_validation",
            "skip_requesting_account_id",
        }
    ),
    "hashicorp/azurerm": frozenset(
        {
            "features",
            "resource_provider_registrations",
            "resource_providers_to_register",
            "skip_provider_registration",
            "subscription_id",
            "storage_use_azuread",
        }
    ),
}
"""Provider -> what its blocks may say on a twin. Source: both providers, "Argument Reference"."""
_NONE: Mapping[str, Any] = {"for_each": [], "content": {}}
_ANONYMOUS = ("skip_credentials_validation", "skip_metadata_api_check", "skip_requesting_account_id")
_REMOTE_STATE = "terraform_remote_state"
_ALLOW = "allow it with --allow-provider {name} if it may"


def short_name(source: str) -> str:
    """Return `hashicorp/aws` for `registry.terraform.io/hashicorp/aws`; a builtin's name stays."""
    return source if source.startswith("terraform.io/") else source.partition("/")[2]


def is_cloud(source: str) -> bool:
    """Whether a provider is one of the two that a twin serves."""
    return short_name(source) in _KEPT


def refused_providers(sources: Iterable[str], *, allowed: Collection[str]) -> tuple[str, ...]:
    """Return which providers may not run on a twin, by short name.

    Args:
        sources: Whole addresses.
        allowed: What the user allows: `datadog`, `datadog/datadog` or the whole address.
    """
    names = {source: short_name(source) for source in sources}
    return tuple(
        sorted(
            name
            for source, name in names.items()
            if name not in HARMLESS and not is_cloud(source)
            if not {source, name, name.rpartition("/")[2]} & set(allowed)
        )
    )


def refuse_providers(sources: Iterable[str], *, allowed: Collection[str], where: str) -> None:
    """Raise ForeignProvidersError if a provider may not run on a twin."""
    if names := refused_providers(sources, allowed=allowed):
        raise ForeignProvidersError(
            names,
            where=where,
            problem=f"the provider {names[0]} could leave this machine, so it does not run on a twin"
            f"{_more(names)}",
            remedy=f"Leave out what needs it, or {_ALLOW.format(name=names[0].rpartition('/')[2])}",
        )


def refuse_readers(graph: Graph, *, allowed: Collection[str], where: str) -> None:
    """Raise DesignError if a data source reads somebody's state."""
    readers = [resource for resource in graph.wanted if reads_state(resource)]
    if readers and _REMOTE_STATE not in allowed:
        raise DesignError(
            where=f"{where} {readers[0].address}",
            problem=f"{_REMOTE_STATE} would read a state that is not the twin's{_more(readers)}",
            remedy=f"Give what it reads as variables, or {_ALLOW.format(name=_REMOTE_STATE)}",
        )


def reads_state(resource: Wanted) -> bool:
    """Whether something reads another configuration's state."""
    return resource.mode == "data" and resource.type == _REMOTE_STATE


def refuse_provisioners(plan: Mapping[str, Any], *, allowed: Collection[str], where: str) -> None:
    """Raise DesignError if applying a plan, as `terraform show -json` prints it, would run a provisioner."""
    root = plan.get("configuration", {}).get("root_module", {})
    provisioners = [(address, kind) for address, kind in _provisioners(root, "") if kind not in allowed]
    if provisioners:
        address, kind = provisioners[0]
        raise DesignError(
            where=f"{where} {address}",
            problem=f"its provisioner {kind} would run a command{_more(provisioners)}",
            remedy=f"Leave it out, or {_ALLOW.format(name=kind)}",
        )


def _provisioners(module: Mapping[str, Any], path: str) -> Iterable[tuple[str, str]]:
    for resource in module.get("resources", ()):
        for provisioner in resource.get("provisioners", ()):
            yield f"{path}{resource['address']}", provisioner["type"]
    for name, call in module.get("module_calls", {}).items():
        yield from _provisioners(call.get("module", {}), f"{path}module.{name}.")


def override(source: str, block: Mapping[str, Any], *, alias: str, anonymous: bool) -> dict[str, Any]:
    """Return a provider block, in Terraform's JSON, that takes back what does not hold on a twin.

    Args:
        source: The provider.
        block: Its own schema, as in `terraform providers schema -json`.
        alias: Which configuration; empty for the default one.
        anonymous: Have the provider not ask the cloud who it is, as far as it knows how.
    """
    kept = _KEPT[short_name(source)]
    arguments = block.get("attributes", {})
    taken_back = [name for name in block.get("block_types", {}) if name not in kept]
    return {
        **({"alias": alias} if alias else {}),
        **{name: None for name in arguments if name not in kept},
        **({name: True for name in _ANONYMOUS if name in arguments} if anonymous else {}),
        **({"dynamic": dict.fromkeys(taken_back, _NONE)} if taken_back else {}),
    }


def is_of_override(diagnostic: Diagnostic) -> bool:
    """Whether Terraform complains of what an override makes of a module's own provider block."""
    return diagnostic.summary == "Redundant empty provider block"


def refuse_renamed(diagnostics: Iterable[Diagnostic], *, where: str) -> None:
    """Raise DesignError if a module knows a cloud's provider by a name of its own.

    Such a provider cannot be overridden by its own name, and Terraform then complains of that name.
    """
    for diagnostic in diagnostics:
        text = " ".join(diagnostic.detail.split())
        if diagnostic.file.endswith(OVERRIDE) or "was implicitly required via a configuration block" in text:
            raise DesignError(
                where=f"{where} {diagnostic.file}",
                problem=f"a provider of the twin's clouds has a local name of its own: {text.rstrip('.')}",
                remedy="Call it `aws` or `azurerm` in required_providers, as its resource types do",
            )


def _more(problems: Collection[object]) -> str:
    return f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
