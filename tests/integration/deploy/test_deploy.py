"""Deploying on two real API servers: applied, unchanged, pruned, refused, taken back, removed."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from twinspan.deploy.inventory import read_inventory
from twinspan.deploy.objects import ObjectRef
from twinspan.deploy.report import DeployReport
from twinspan.deploy.rollout import Progress
from twinspan.deploy.run import Options, deploy, remove
from twinspan.deploy.source import load_app
from twinspan.errors import CloudUnreachableError
from twinspan.kubernetes.api import ClusterApi
from twinspan.kubernetes.endpoint import ClusterEndpoint

pytestmark = pytest.mark.long  # two whole control planes, and namespaces that take seconds to go

Clusters = tuple[ClusterApi, ClusterApi]


def ignore(cluster: str, ref: ObjectRef, far: Progress) -> None:
    del cluster, ref, far


class App:
    """A folder with manifests, in a namespace of its own."""

    def __init__(self, folder: Path, clusters: Clusters) -> None:
        self.name = f"app-{secrets.token_hex(4)}"
        self.folder = folder / self.name
        self.folder.mkdir()
        self.clusters = clusters
        self.write({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}})

    def write(self, manifest: dict[str, Any], *, side: str = "") -> None:
        folder = self.folder / side
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{manifest['kind']}-{manifest['metadata']['name']}.yaml".lower()
        (folder / name).write_text(yaml.safe_dump(manifest))

    def config(self, name: str = "settings", **data: str) -> None:
        self.write({**config_map(name), "data": data})

    def deploy(self, **options: Any) -> DeployReport:
        chosen = Options(**{"namespace": self.name, "timeout_s": 20, **options})
        sources = load_app(self.folder, kubectl=None)
        return deploy(self.clusters, sources, app=self.name, options=chosen, on_progress=ignore)

    def on(self, side: int, path: str) -> dict[str, Any] | None:
        return self.clusters[side].find(path.format(ns=self.name))

    def settings(self, side: int) -> dict[str, str] | None:
        settings_map = self.on(side, "/api/v1/namespaces/{ns}/configmaps/settings")
        return None if settings_map is None else dict(settings_map.get("data") or {})


def config_map(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def deployment(replicas: int, image: str = "docker.io/library/busybox:1.36") -> dict[str, Any]:
    container = {"name": "c", "image": image, "command": ["sleep", "3600"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}},
        },
    }


@pytest.fixture
def app(tmp_path: Path, clusters: Clusters) -> Iterator[App]:
    made = App(tmp_path, clusters)
    yield made
    report = remove(clusters, app=made.name, options=Options(timeout_s=60))
    assert report.passed, report


def states(report: DeployReport) -> list[str]:
    return [cluster.state for cluster in report.clusters]


def actions(report: DeployReport, side: int) -> dict[str, str]:
    return {
        str(cluster_object.ref): cluster_object.action for cluster_object in report.clusters[side].objects
    }


def test_an_application_comes_up_on_both_clusters(app: App) -> None:
    app.config(colour="red")
    app.write(deployment(0))
    report = app.deploy()
    assert report.passed
    assert states(report) == ["deployed", "deployed"]
    assert app.settings(0) == app.settings(1) == {"colour": "red"}
    assert set(actions(report, 0).values()) == {"created"}
    assert [workload.done for workload in report.clusters[1].workloads] == [True]


def test_deploying_again_changes_nothing(app: App) -> None:
    app.config(colour="red")
    app.write(deployment(0))
    app.deploy()
    path = "/api/v1/namespaces/{ns}/configmaps/settings"
    first = [app.on(side, path) for side in (0, 1)]
    report = app.deploy()
    assert states(report) == ["unchanged", "unchanged"]
    assert [app.on(side, path) for side in (0, 1)] == first


def test_what_is_no_longer_in_the_folder_is_removed(app: App) -> None:
    app.config(colour="red")
    app.config("extra", size="1")
    app.deploy()
    (app.folder / "configmap-extra.yaml").unlink()
    report = app.deploy()
    assert actions(report, 0)[f"ConfigMap {app.name}/extra"] == "removed"
    assert app.on(1, "/api/v1/namespaces/{ns}/configmaps/extra") is None
    assert app.settings(1) == {"colour": "red"}


def test_a_dry_run_says_what_would_change_and_changes_nothing(app: App) -> None:
    app.config(colour="red")
    app.config("extra", size="1")
    app.deploy()
    app.config(colour="blue")
    (app.folder / "configmap-extra.yaml").unlink()
    report = app.deploy(dry_run=True)
    assert states(report) == ["planned", "planned"]
    assert actions(report, 0) == {
        f"Namespace {app.name}": "unchanged",
        f"ConfigMap {app.name}/settings": "configured",
        f"ConfigMap {app.name}/extra": "removed",
    }
    assert app.settings(0) == {"colour": "red"}


def test_a_kind_that_a_cluster_lacks_is_refused_by_name_before_anything_is_applied(app: App) -> None:
    app.config(colour="red")
    app.write({"apiVersion": "apps/v9", "kind": "Deployment", "metadata": {"name": "late"}})
    report = app.deploy()
    assert states(report) == ["refused", "refused"]
    said = report.clusters[0].problems[0]
    assert "deployment-late.yaml line 1: Deployment late" in said
    assert "no Deployment in apps/v9" in said
    assert app.on(0, "/api/v1/namespaces/{ns}") is None


def test_a_field_of_the_wrong_type_is_refused_before_anything_is_applied(app: App) -> None:
    app.deploy()
    app.config(colour="red")
    wrong = deployment(0)
    wrong["spec"]["replicas"] = "many"
    app.write(wrong)
    report = app.deploy()
    assert states(report) == ["refused", "refused"]
    assert "deployment-web.yaml" in report.clusters[0].problems[0]
    assert app.settings(0) is None


def test_an_object_of_another_application_is_not_taken(app: App, tmp_path: Path) -> None:
    app.config(colour="red")
    app.deploy()
    other = App(tmp_path, app.clusters)
    other.write({**config_map("settings"), "metadata": {"name": "settings", "namespace": app.name}})
    report = other.deploy()
    assert states(report) == ["refused", "refused"]
    assert f"belongs to the application {app.name}" in report.clusters[0].problems[0]


def test_a_field_that_somebody_else_manages_is_not_taken_silently(app: App) -> None:
    app.config(colour="red")
    app.deploy()
    app.clusters[0].request(
        "PATCH",
        f"/api/v1/namespaces/{app.name}/configmaps/settings",
        query={"fieldManager": "somebody"},
        body={"data": {"colour": "green"}},
        content_type="application/merge-patch+json",
    )
    app.config(colour="blue")
    report = app.deploy()
    assert states(report) == ["refused", "refused"]
    assert "somebody" in report.clusters[0].problems[0]
    assert "--force-conflicts" in report.clusters[0].problems[0]
    assert app.settings(1) == {"colour": "red"}
    assert app.deploy(force=True).passed
    assert app.settings(0) == {"colour": "blue"}


def test_pods_that_nobody_runs_fail_the_deployment_after_its_time(app: App) -> None:
    app.write(deployment(1))
    report = app.deploy(timeout_s=3)
    assert states(report) == ["failed", "failed"]
    assert "0 of 1 ready, not done within 3 s" in report.clusters[0].workloads[0].text


def test_a_quota_that_forbids_the_pods_is_named(app: App) -> None:
    app.write(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "none"},
            "spec": {"hard": {"pods": "0"}},
        }
    )
    app.write(deployment(1))
    report = app.deploy(timeout_s=10)
    assert "exceeded quota" in "\n".join(report.clusters[1].workloads[0].problems)


def test_a_failure_on_one_side_leaves_the_other_deployed_and_says_so(app: App, tmp_path: Path) -> None:
    sides = with_overlays(app, tmp_path)
    sides.write(deployment(1), side="overlays/azure")
    report = sides.deploy(timeout_s=3)
    assert states(report) == ["deployed", "failed"]
    assert not report.passed


def test_atomic_takes_both_sides_back_to_what_ran_before(app: App, tmp_path: Path) -> None:
    sides = with_overlays(app, tmp_path)
    for side in ("overlays/aws", "overlays/azure"):
        sides.write({**config_map("settings"), "data": {"colour": "red"}}, side=side)
    assert sides.deploy().passed
    for side in ("overlays/aws", "overlays/azure"):
        sides.write({**config_map("settings"), "data": {"colour": "blue", "more": "1"}}, side=side)
        sides.write({**config_map("new"), "data": {}}, side=side)
    sides.write(deployment(1), side="overlays/azure")
    kept = [read_inventory(api, sides.name) for api in sides.clusters]
    report = sides.deploy(atomic=True, timeout_s=5)
    assert states(report) == ["rolled back", "rolled back"]
    assert [sides.settings(side) for side in (0, 1)] == [{"colour": "red"}] * 2
    assert sides.on(0, "/api/v1/namespaces/{ns}/configmaps/new") is None
    assert sides.on(1, "/apis/apps/v1/namespaces/{ns}/deployments/web") is None
    assert [read_inventory(api, sides.name) for api in sides.clusters] == kept


def test_atomic_restores_an_object_that_was_there_before_the_application(app: App) -> None:
    app.deploy()
    body = {**config_map("settings"), "data": {"colour": "old"}}
    app.clusters[0].request("POST", f"/api/v1/namespaces/{app.name}/configmaps", body=body)
    app.config(colour="new")
    app.write(deployment(1))
    report = app.deploy(atomic=True, force=True, timeout_s=3)
    assert states(report) == ["rolled back", "rolled back"]
    assert app.settings(0) == {"colour": "old"}
    assert app.settings(1) is None


def test_a_first_deployment_that_fails_atomically_leaves_nothing(app: App) -> None:
    app.write(deployment(1))
    report = app.deploy(atomic=True, timeout_s=3)
    assert states(report) == ["rolled back", "rolled back"]
    assert [read_inventory(api, app.name) for api in app.clusters] == [None, None]


def test_removing_takes_everything_away_and_twice_is_fine(app: App) -> None:
    app.config(colour="red")
    app.deploy()
    report = remove(app.clusters, app=app.name, options=Options(timeout_s=60))
    assert states(report) == ["removed", "removed"]
    assert app.on(0, "/api/v1/namespaces/{ns}") is None
    again = remove(app.clusters, app=app.name, options=Options(timeout_s=60))
    assert again.passed
    assert again.clusters[0].objects == ()


def test_a_kind_that_the_application_defines_itself_is_applied_after_its_definition(app: App) -> None:
    group = f"{app.name}.example.org"
    app.write(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"lamps.{group}"},
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"plural": "lamps", "singular": "lamp", "kind": "Lamp"},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {
                            "openAPIV3Schema": {
                                "type": "object",
                                "x-kubernetes-preserve-unknown-fields": True,
                            }
                        },
                    }
                ],
            },
        }
    )
    app.write(
        {"apiVersion": f"{group}/v1", "kind": "Lamp", "metadata": {"name": "one"}, "spec": {"on": True}}
    )
    assert app.deploy().passed
    assert app.on(0, f"/apis/{group}/v1/namespaces/{{ns}}/lamps/one") is not None


def test_a_cluster_that_does_not_answer_stops_it_before_anything_is_applied(app: App) -> None:
    real = app.clusters[0].endpoint
    nowhere = ClusterEndpoint(
        name="gone",
        side="azure",
        server="https://127.0.0.1:1",
        certificate_authority=real.certificate_authority,
        client_certificate=real.client_certificate,
        client_key=real.client_key,
    )
    app.config(colour="red")
    sources = load_app(app.folder, kubectl=None)
    with ClusterApi(nowhere) as gone, pytest.raises(CloudUnreachableError, match="azure gone"):
        deploy(
            (app.clusters[0], gone),
            sources,
            app=app.name,
            options=Options(namespace=app.name),
            on_progress=ignore,
        )
    assert app.on(0, "/api/v1/namespaces/{ns}") is None


def test_the_peer_of_an_internal_load_balancer_is_known_in_the_other_cluster(app: App) -> None:
    app.write(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "annotations": {"twinspan/peer": "web-peer"}},
            "spec": {
                "type": "LoadBalancer",
                "selector": {"app": "web"},
                "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}],
            },
        }
    )
    app.deploy(timeout_s=2)
    addresses = ({"ip": "10.2.1.9"}, {"hostname": "lb.example.org"})
    for api, address in zip(app.clusters, addresses, strict=True):
        # What a cloud's controller does.
        api.request(
            "PATCH",
            f"/api/v1/namespaces/{app.name}/services/web/status",
            body={"status": {"loadBalancer": {"ingress": [address]}}},
            content_type="application/merge-patch+json",
        )
    assert app.deploy().passed
    endpoints = app.on(1, "/api/v1/namespaces/{ns}/endpoints/web-peer")
    alias = app.on(0, "/api/v1/namespaces/{ns}/services/web-peer")
    assert endpoints is not None
    assert endpoints["subsets"][0]["addresses"] == [{"ip": "10.2.1.9"}]
    assert endpoints["subsets"][0]["ports"][0]["port"] == 80
    assert alias is not None
    assert alias["spec"]["externalName"] == "lb.example.org"
    assert states(app.deploy()) == ["unchanged", "unchanged"]
    json.dumps(app.deploy().as_dict())


def with_overlays(app: App, tmp_path: Path) -> App:
    """Return an application whose sides differ: plain folders stand for the overlays."""
    (tmp_path / "overlaid").mkdir()
    sides = App(tmp_path / "overlaid", app.clusters)
    sides.name = app.name
    for side in ("overlays/aws", "overlays/azure"):
        sides.write({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": app.name}}, side=side)
    return sides
