# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""What all AWS resource types share: tags, region, finding by id, waiting."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import State
from twinspan.twin.providers.resource import Change, Resource
from twinspan.twin.providers.values import UNKNOWN, Value
from twinspan.wait import wait_until

TIMEOUT_S = 300.0
"""How long a state may take. Source: most waiters of the real provider take 5 to 10 minutes."""

Tags = dict[str, str]


def is_gone(error: CloudRefusedError) -> bool:
    """Whether the API refused because the object does not exist."""
    return error.code.endswith((".NotFound", ".Malformed")) or error.code in {
        "Gateway.NotAttached",
        "NoSuchBucket",
        "NoSuchEntity",
        "ResourceNotFoundException",
        "404",
    }


@contextmanager
def gone_is_fine() -> Iterator[None]:
    """Swallow the refusal that says that the object is gone already."""
    try:
        yield
    except CloudRefusedError as error:
        if not is_gone(error):
            raise


def find(cloud: AwsCloud, operation: str, member: str, **parameters: Any) -> dict[str, Any] | None:
    """Return the one object that an EC2 Describe call answers with, or None if there is none."""
    try:
        items: Sequence[dict[str, Any]] = cloud.call("ec2", operation, **parameters)[member]
    except CloudRefusedError as error:
        if is_gone(error):
            return None
        raise
    return items[0] if items else None


def filters(**values: str) -> list[dict[str, Any]]:
    """Return EC2 filters; underscores in names stand for hyphens, double ones for dots."""
    return [
        {"Name": name.replace("__", ".").replace("_", "-"), "Values": [value]}
        for name, value in values.items()
    ]


def tag_specifications(kind: str, tags: Mapping[str, str] | None) -> list[dict[str, Any]] | None:
    """Return EC2's TagSpecifications, or None without tags."""
    if not tags:
        return None
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def tags_of(item: Mapping[str, Any]) -> Tags:
    """Return the tags of an API object, without AWS's own."""
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags", []) if not tag["Key"].startswith("aws:")}


def retry_while(code: str, act: Callable[[], object], *, what: str) -> None:
    """Act until the API no longer refuses with `code`, as it does while something else is being removed."""

    def attempt() -> CloudRefusedError | None:
        try:
            act()
        except CloudRefusedError as error:
            if error.code != code:
                raise
            return error
        return None

    wait_until(attempt, lambda refused: refused is None, what=what, timeout_s=TIMEOUT_S, interval_s=0.2)


def set_or_none(value: Value) -> Value:
    """Return `value`, or None where it is a zero: the real provider does not send those."""
    return value or None


class AwsResource(Resource[AwsCloud]):
    """A resource type with `region`, and with tags where its schema has them."""

    def adjust(self, cloud: AwsCloud, change: Change) -> State:
        """Plan `region` (the provider's if not given) and `tags_all` (default tags and own)."""
        planned = dict(change.planned)
        if "region" in planned and change.config["region"] is None and change.prior is None:
            planned["region"] = cloud.region
        if "tags_all" in planned:
            planned["tags_all"] = _all_tags(cloud, planned.get("tags"))
        return planned

    def tag_state(self, cloud: AwsCloud, tags: Tags, state: State) -> State:
        """Return `tags` and `tags_all` for the tags an object has.

        A tag equal to a default one belongs to `tags` only if it stands there already.
        """
        own = state.get("tags") or {}
        heeded = {key: value for key, value in tags.items() if cloud.heeds(key)}
        return {
            "tags_all": heeded,
            "tags": {k: v for k, v in heeded.items() if k in own or cloud.default_tags.get(k) != v},
        }

    def update_tags(self, cloud: AwsCloud, identity: str, prior: State, planned: State) -> None:
        """Bring an EC2 object's tags from one state to the other."""
        old, new = prior["tags_all"] or {}, planned["tags_all"] or {}
        changed = {key: value for key, value in new.items() if old.get(key) != value}
        removed = [{"Key": key} for key in old if key not in new]
        if removed:
            cloud.call("ec2", "delete_tags", Resources=[identity], Tags=removed)
        if changed:
            tags = [{"Key": key, "Value": value} for key, value in changed.items()]
            cloud.call("ec2", "create_tags", Resources=[identity], Tags=tags)


def _all_tags(cloud: AwsCloud, own: Value) -> Value:
    if own is UNKNOWN:
        return UNKNOWN
    return {**cloud.default_tags, **{key: value for key, value in (own or {}).items() if value is not None}}


def differs(prior: State, planned: State, *names: str) -> bool:
    """Whether one of these attributes changes."""
    return any(prior[name] != planned[name] for name in names)
