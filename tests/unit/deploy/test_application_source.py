"""Reading an application's folder: good ones, and bad ones with file and line."""

from pathlib import Path

import pytest

from twinspan.deploy.objects import ref_of
from twinspan.deploy.source import app_name, load_app, read_objects
from twinspan.errors import DesignError, HostError

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"


def test_a_folder_of_manifests_is_for_both_sides_with_what_others_need_first(tmp_path: Path) -> None:
    (tmp_path / "10.yaml").write_text(f"{CONFIG}---\n# nothing\n---\n{CONFIG.replace('a}', 'b}')}")
    (tmp_path / "20.json").write_text('{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}')
    (tmp_path / "notes.txt").write_text("not a manifest")
    sources = load_app(tmp_path, kubectl=None)
    names = [str(ref_of(source.manifest)) for source in sources["aws"]]
    assert names == ["Namespace n", "ConfigMap a", "ConfigMap b"]
    assert sources["azure"] == sources["aws"]


def test_each_cloud_has_its_own_overlay(tmp_path: Path) -> None:
    for side in ("aws", "azure"):
        (tmp_path / "overlays" / side).mkdir(parents=True)
        (tmp_path / "overlays" / side / "c.yaml").write_text(CONFIG.replace("a}", f"{side}}}"))
    sources = load_app(tmp_path, kubectl=None)
    assert [sources[side][0].manifest["metadata"]["name"] for side in sources] == ["aws", "azure"]


def test_one_overlay_without_the_other_is_refused_by_the_missing_one(tmp_path: Path) -> None:
    (tmp_path / "overlays" / "aws").mkdir(parents=True)
    with pytest.raises(DesignError, match="overlays/azure: there is an overlay for the other cloud"):
        load_app(tmp_path, kubectl=None)


def test_a_base_is_used_when_there_are_no_overlays(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "c.yml").write_text(CONFIG)
    assert load_app(tmp_path, kubectl=None)["aws"][0].manifest["metadata"]["name"] == "a"


def test_a_kustomization_without_kubectl_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")
    with pytest.raises(HostError, match="no kubectl to render it"):
        load_app(tmp_path, kubectl=None)


def test_a_list_is_taken_apart_and_times_stay_text() -> None:
    text = f"apiVersion: v1\nkind: List\nitems:\n- {CONFIG.replace(chr(10), chr(10) + '  ').strip()}\n"
    (source,) = read_objects(text, where="x")
    assert source.manifest["kind"] == "ConfigMap"
    (dated,) = read_objects(CONFIG + "data: {since: 2026-01-02}\n", where="x")
    assert dated.manifest["data"]["since"] == "2026-01-02"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1\nb: 2\n", "app.yaml line 2: this is no YAML"),
        (f"{CONFIG}---\na: b: c\n", "app.yaml line 5: this is no YAML"),
        ("- 1\n", "app.yaml line 1: this is no Kubernetes object: it is a list"),
        (f"{CONFIG}---\nkind: Pod\n", "app.yaml line 5: this is no Kubernetes object: apiVersion is missing"),
        ("apiVersion: v1\nkind: Pod\n", "metadata.name of this Pod is missing"),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: 7}\n",
            "metadata.name of this Pod is missing or no text",
        ),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: b}\n", "metadata.labels of Pod a"),
        ("apiVersion: v1\nkind: Pod\nmetadata: !!python/object:os.system {}\n", "this is no YAML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "app.yaml").write_text(text)
    with pytest.raises(DesignError) as refused:
        load_app(tmp_path, kubectl=None)
    assert said in str(refused.value)


def test_the_same_object_twice_is_refused_by_both_places(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CONFIG)
    (tmp_path / "b.yaml").write_text(f"{NAMESPACE}---\n{CONFIG}")
    with pytest.raises(DesignError, match=r"b\.yaml line 5: ConfigMap a is also in .*a\.yaml line 1"):
        load_app(tmp_path, kubectl=None)


def test_an_empty_or_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="there is no Kubernetes object in it"):
        load_app(tmp_path, kubectl=None)
    with pytest.raises(DesignError, match="there is no such folder"):
        load_app(tmp_path / "none", kubectl=None)


@pytest.mark.parametrize(
    ("folder", "name"), [("Hello World", "hello-world"), ("a.b", "a-b"), ("x" * 60, "x" * 40)]
)
def test_an_application_is_named_by_its_folder(folder: str, name: str) -> None:
    assert app_name(Path("/tmp") / folder) == name


def test_a_folder_without_a_letter_names_nothing() -> None:
    with pytest.raises(DesignError, match="no letter or digit"):
        app_name(Path("/tmp/___"))
