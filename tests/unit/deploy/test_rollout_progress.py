"""How far a workload is, as read from its status."""

from typing import Any

import pytest

from twinspan.deploy.rollout import progress_of


def workload(kind: str, spec: dict[str, Any], status: dict[str, Any], generation: int = 1) -> dict[str, Any]:
    meta = {"name": "x", "namespace": "n", "generation": generation}
    return {"kind": kind, "metadata": meta, "spec": spec, "status": status}


DEPLOYED = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("status", "done", "text"),
    [
        (DEPLOYED, True, "2 of 2 ready"),
        ({**DEPLOYED, "availableReplicas": 1}, False, "1 of 2 ready"),
        ({**DEPLOYED, "replicas": 3}, False, "2 of 2 ready, 1 old to go"),
        ({**DEPLOYED, "observedGeneration": 0}, False, "not yet looked at"),
        ({}, False, "0 of 2 ready"),
    ],
)
def test_a_deployment_is_done_when_only_new_replicas_are_left_and_available(
    status: dict[str, Any], done: bool, text: str
) -> None:
    progress = progress_of(workload("Deployment", {"replicas": 2}, status))
    assert (progress.done, progress.text, progress.failed) == (done, text, False)


def test_a_deployment_past_its_deadline_has_failed() -> None:
    conditions = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
    status = {**DEPLOYED, "availableReplicas": 0, "conditions": conditions}
    assert progress_of(workload("Deployment", {"replicas": 2}, status)).failed


def test_a_job_is_done_when_complete_and_failed_when_it_says_so() -> None:
    complete = {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}
    failed = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}
    assert progress_of(workload("Job", {}, complete)).done
    assert progress_of(workload("Job", {}, failed)).failed
    assert progress_of(workload("Job", {}, {"active": 1})).text == "0 of 1 completed"


def test_a_stateful_set_waits_for_its_new_revision() -> None:
    status = {"observedGeneration": 1, "readyReplicas": 1, "currentRevision": "a", "updateRevision": "b"}
    assert not progress_of(workload("StatefulSet", {"replicas": 1}, status)).done
    assert progress_of(workload("StatefulSet", {"replicas": 1}, {**status, "updateRevision": "a"})).done


def test_a_daemon_set_waits_for_every_node() -> None:
    status = {"observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2}
    assert not progress_of(workload("DaemonSet", {}, {**status, "numberAvailable": 1})).done
    assert progress_of(workload("DaemonSet", {}, {**status, "numberAvailable": 2})).done


def test_a_load_balancer_is_done_once_it_has_an_address() -> None:
    spec = {"type": "LoadBalancer"}
    assert not progress_of(workload("Service", spec, {"loadBalancer": {}})).done
    progress = progress_of(workload("Service", spec, {"loadBalancer": {"ingress": [{"hostname": "a.b"}]}}))
    assert (progress.done, progress.text) == (True, "a.b")
    assert progress_of(workload("Service", {"type": "ClusterIP"}, {})).done


def test_a_pod_that_failed_does_not_come_up_by_itself() -> None:
    assert progress_of(workload("Pod", {}, {"phase": "Failed"})).failed
    assert progress_of(workload("Pod", {}, {"phase": "Succeeded"})).done
