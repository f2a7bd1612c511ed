"""SNS topics and who is subscribed to them."""

import json
import secrets
from collections.abc import Mapping
from typing import ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.base import AwsResource, Tags, gone_is_fine
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.aws.iam import keep_same_json, same_json
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Change, Record, matches, one_of

_TOPIC: Mapping[str, str] = {
    "delivery_policy": "DeliveryPolicy",
    "display_name": "DisplayName",
    "kms_master_key_id": "KmsMasterKeyId",
    "policy": "Policy",
}
"""Attributes of a topic that are served: Terraform's name -> SNS's."""
_SUBSCRIPTION: Mapping[str, str] = {
    "delivery_policy": "DeliveryPolicy",
    "filter_policy": "FilterPolicy",
    "redrive_policy": "RedrivePolicy",
}
_JSON = frozenset({"delivery_policy", "filter_policy", "policy", "redrive_policy"})


def _attributes(cloud: AwsCloud, operation: str, **arn: str) -> Mapping[str, str] | None:
    """Return SNS's attributes of something; None if it is gone."""
    try:
        attributes: Mapping[str, str] = cloud.call("sns", operation, **arn)["Attributes"]
    except CloudRefusedError as error:
        if error.code in {"NotFound", "NotFoundException"}:
            return None
        raise
    return attributes


class Topic(AwsResource):
    """`aws_sns_topic`. Feedback, tracing and first-in-first-out topics are left to the real provider."""

    type_name = "aws_sns_topic"
    facts = Facts(
        defaults={"content_based_deduplication": False, "fifo_topic": False},
        force_new=frozenset({"region", "name", "name_prefix", "fifo_topic"}),
        unset_as={"signature_version": 0},
    )
    rules: ClassVar = {"name": matches(r"[A-Za-z0-9_-]{1,256}", "letters, digits, _ and -")}

    def adjust(self, cloud: AwsCloud, change: Change) -> State:
        """A policy that only is spelled in another way is no change."""
        return keep_same_json(change, super().adjust(cloud, change), "policy")

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateTopic."""
        name = planned["name"]
        if not isinstance(name, str):
            prefix = planned["name_prefix"] if isinstance(planned["name_prefix"], str) else "terraform-"
            name = f"{prefix}{secrets.token_hex(13)}"
        tags = [{"Key": key, "Value": value} for key, value in (planned["tags_all"] or {}).items()]
        arn: str = cloud.call("sns", "create_topic", Name=name, Tags=tags or None)["TopicArn"]
        record(arn)
        for attribute, member in _TOPIC.items():
            if isinstance(planned[attribute], str) and planned[attribute]:
                self._set(cloud, arn, member, planned[attribute])
        return arn

    def _set(self, cloud: AwsCloud, arn: str, member: str, value: str) -> None:
        cloud.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName=member, AttributeValue=value)

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """GetTopicAttributes and ListTagsForResource."""
        arn = state["id"]
        attributes = _attributes(cloud, "get_topic_attributes", TopicArn=arn)
        if attributes is None:
            return None
        listed = cloud.call("sns", "list_tags_for_resource", ResourceArn=arn).get("Tags", [])
        tags: Tags = {tag["Key"]: tag["Value"] for tag in listed}
        texts = {name: attributes.get(member, "") for name, member in _TOPIC.items()}
        return {
            "arn": arn,
            "name": arn.rpartition(":")[2],
            "name_prefix": state.get("name_prefix") if isinstance(state.get("name_prefix"), str) else "",
            "owner": attributes.get("Owner", cloud.account_id),
            "region": cloud.region,
            "fifo_throughput_scope": "",
            "signature_version": 0,
            "tracing_config": attributes.get("TracingConfig", ""),
            "beginning_archive_time": "",
            **{n: same_json(text, state.get(n)) if n in _JSON else text for n, text in texts.items()},
            **self.tag_state(cloud, tags, state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """SetTopicAttributes and tags."""
        arn = prior["id"]
        for attribute, member in _TOPIC.items():
            if prior[attribute] != planned[attribute] and isinstance(planned[attribute], str):
                self._set(cloud, arn, member, planned[attribute])
        old, new = prior["tags_all"] or {}, planned["tags_all"] or {}
        if removed := [key for key in old if key not in new]:
            cloud.call("sns", "untag_resource", ResourceArn=arn, TagKeys=removed)
        if changed := [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]:
            cloud.call("sns", "tag_resource", ResourceArn=arn, Tags=changed)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteTopic."""
        with gone_is_fine():
            cloud.call("sns", "delete_topic", TopicArn=state["id"])


class TopicSubscription(AwsResource):
    """`aws_sns_topic_subscription`."""

    type_name = "aws_sns_topic_subscription"
    facts = Facts(
        defaults={
            "confirmation_timeout_in_minutes": 1,
            "endpoint_auto_confirms": False,
            "raw_message_delivery": False,
        },
        force_new=frozenset({"region", "endpoint", "protocol", "topic_arn"}),
    )
    rules: ClassVar = {
        "protocol": one_of(
            "application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"
        )
    }

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """Subscribe."""
        attributes = {
            member: planned[name]
            for name, member in _SUBSCRIPTION.items()
            if isinstance(planned[name], str) and planned[name]
        }
        if planned["raw_message_delivery"]:
            attributes["RawMessageDelivery"] = "true"
        arn: str = cloud.call(
            "sns",
            "subscribe",
            TopicArn=planned["topic_arn"],
            Protocol=planned["protocol"],
            Endpoint=planned["endpoint"],
            Attributes=attributes or None,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        record(arn)
        return arn

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """GetSubscriptionAttributes."""
        attributes = _attributes(cloud, "get_subscription_attributes", SubscriptionArn=state["id"])
        if attributes is None:
            return None
        return {
            "arn": state["id"],
            "confirmation_was_authenticated": _is_true(attributes.get("ConfirmationWasAuthenticated")),
            "endpoint": attributes["Endpoint"],
            "filter_policy_scope": attributes.get("FilterPolicyScope", ""),
            "owner_id": attributes.get("Owner", cloud.account_id),
            "pending_confirmation": _is_true(attributes.get("PendingConfirmation")),
            "protocol": attributes["Protocol"],
            "raw_message_delivery": _is_true(attributes.get("RawMessageDelivery")),
            "region": cloud.region,
            "topic_arn": attributes["TopicArn"],
            **{
                name: same_json(attributes.get(member, ""), state.get(name))
                for name, member in _SUBSCRIPTION.items()
            },
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """SetSubscriptionAttributes."""
        members = {**_SUBSCRIPTION, "raw_message_delivery": "RawMessageDelivery"}
        for name, member in members.items():
            if prior[name] != planned[name]:
                value = planned[name] if isinstance(planned[name], str) else json.dumps(planned[name])
                cloud.call(
                    "sns",
                    "set_subscription_attributes",
                    SubscriptionArn=prior["id"],
                    AttributeName=member,
                    AttributeValue=value,
                )
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """Unsubscribe."""
        with gone_is_fine():
            cloud.call("sns", "unsubscribe", SubscriptionArn=state["id"])


def _is_true(text: object) -> bool:
    return str(text).lower() == "true"
