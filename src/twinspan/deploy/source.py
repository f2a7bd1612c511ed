"""What APP is: a folder of manifests, or a kustomization, for both clouds or with an overlay for each."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from twinspan.command import run
from twinspan.deploy.objects import Source, in_order, ref_of
from twinspan.errors import CommandError, DesignError, HostError
from twinspan.kubernetes.api import Manifest
from twinspan.network.clouds import CLOUDS, Cloud

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_RENDER_WITHIN_S = 60
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9-]+")
_LONGEST_NAME = 40


class _Loader(yaml.SafeLoader):
    """Reads what Kubernetes reads: times stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def app_name(app: Path) -> str:
    """Return the application's name: its folder's, in letters that Kubernetes takes.

    Raises:
        DesignError: Nothing of it is left.
    """
    name = _NOT_IN_A_NAME.sub("-", app.resolve().name.lower()).strip("-")[:_LONGEST_NAME].rstrip("-")
    if not name:
        raise DesignError(
            where=str(app),
            problem="the folder's name has no letter or digit to name the application by",
            remedy="Name the folder, e.g. `hello`",
        )
    return name


def load_app(app: Path, *, kubectl: Path | None) -> Mapping[Cloud, tuple[Source, ...]]:
    """Return the objects of each side, in the order to apply them.

    `APP/overlays/aws` and `APP/overlays/azure` (kustomizations) if there is one of them, else `APP/base` or
    APP itself for both: a kustomization, or a folder whose `*.yaml`, `*.yml` and `*.json` are read.

    Args:
        app: The folder.
        kubectl: Renders kustomizations; None if there is none.

    Raises:
        DesignError: It is no such folder, something in it does not parse, or it is no Kubernetes object.
        HostError: A kustomization without kubectl.
    """
    if not app.is_dir():
        raise DesignError(
            where=str(app),
            problem="there is no such folder",
            remedy="Name a folder with Kubernetes manifests or a kustomization",
        )
    overlays = {side: app / "overlays" / side for side in CLOUDS}
    lacking = [folder for folder in overlays.values() if not folder.is_dir()]
    if len(lacking) == 1:
        raise DesignError(
            where=str(lacking[0]),
            problem="there is an overlay for the other cloud but none for this one",
            remedy="Make it, with a kustomization.yaml; it may just refer to the base",
        )
    if not lacking:
        return {side: _objects_in(folder, kubectl) for side, folder in overlays.items()}
    folder = app / "base" if (app / "base").is_dir() else app
    both = _objects_in(folder, kubectl)
    return dict.fromkeys(CLOUDS, both)


def _objects_in(folder: Path, kubectl: Path | None) -> tuple[Source, ...]:
    if any((folder / name).is_file() for name in _KUSTOMIZATIONS):
        sources = list(read_objects(_render(folder, kubectl), where=f"{folder} (kustomize)"))
    else:
        files = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())
        sources = [source for path in files for source in read_objects(_text(path), where=str(path))]
    if not sources:
        raise DesignError(
            where=str(folder),
            problem="there is no Kubernetes object in it",
            remedy="Put manifests (*.yaml, *.yml, *.json) or a kustomization.yaml there",
        )
    _refuse_twins(sources)
    return in_order(sources)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DesignError(
            where=str(path), problem=f"the file cannot be read: {error}", remedy="Make it readable UTF-8 text"
        ) from error


def _render(folder: Path, kubectl: Path | None) -> str:
    if kubectl is None:
        raise HostError(
            problem=f"{folder} is a kustomization, and there is no kubectl to render it",
            remedy="Install kubectl, or run `make kubernetes` for the twin's own",
        )
    try:
        return run((str(kubectl), "kustomize", str(folder)), timeout_s=_RENDER_WITHIN_S).stdout
    except CommandError as error:
        raise DesignError(
            where=str(folder),
            problem=f"`kubectl kustomize` refuses it: {error.stderr.strip().removeprefix('error: ')}",
            remedy="Correct the kustomization",
        ) from error


def read_objects(text: str, *, where: str) -> Iterator[Source]:
    """Return the objects of a YAML or JSON text of any number of documents; lists are taken apart.

    Raises:
        DesignError: It does not parse, or a document is no Kubernetes object; names the line.
    """
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                continue
            line = f"{where} line {node.start_mark.line + 1}"
            value = loader.construct_document(node)
            yield from (Source(manifest=manifest, where=line) for manifest in _objects(value, line))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DesignError(
            where=f"{where} line {mark.line + 1}" if mark else where,
            problem=f"this is no YAML: {error.problem or error.context}",
            remedy="Correct it; `kubectl apply --dry-run=client -f FILE` checks a file",
        ) from error
    except yaml.YAMLError as error:
        raise DesignError(where=where, problem=f"this is no YAML: {error}", remedy="Correct it") from error
    finally:
        loader.dispose()


def _objects(value: Any, where: str) -> Iterator[Manifest]:  # noqa: ANN401 - YAML holds anything
    if value is None:
        return
    problem = _problem(value)
    if problem:
        raise DesignError(
            where=where,
            problem=f"this is no Kubernetes object: {problem}",
            remedy="Every document needs apiVersion, kind and metadata.name",
        )
    if value["kind"].endswith("List") and isinstance(value.get("items"), list):
        for item in value["items"]:
            yield from _objects(item, where)
        return
    yield value


def _problem(value: Any) -> str:  # noqa: ANN401 - as above
    if not isinstance(value, dict):
        return f"it is a {type(value).__name__}, not a mapping"
    for key in ("apiVersion", "kind"):
        if not isinstance(value.get(key), str) or not value[key]:
            return f"{key} is missing or no text"
    if value["kind"].endswith("List") and isinstance(value.get("items"), list):
        return ""
    meta = value.get("metadata")
    if not isinstance(meta, dict) or not isinstance(meta.get("name"), str) or not meta["name"]:
        return f"metadata.name of this {value['kind']} is missing or no text"
    wrong = [key for key in ("labels", "annotations") if not isinstance(meta.get(key) or {}, dict)]
    wrong += ["namespace"] if not isinstance(meta.get("namespace") or "", str) else []
    return f"metadata.{wrong[0]} of {value['kind']} {meta['name']} is of the wrong type" if wrong else ""


def _refuse_twins(sources: list[Source]) -> None:
    seen: dict[tuple[str, str, str, str], Source] = {}
    for source in sources:
        ref = ref_of(source.manifest)
        first = seen.setdefault(ref.identity, source)
        if first is not source:
            raise DesignError(
                where=source.where,
                problem=f"{ref} is also in {first.where}",
                remedy="Keep one of the two",
            )
