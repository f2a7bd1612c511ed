"""Messages of SNS and SQS: who waits for one, or does not take one, keeps nobody else from being answered."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest
from aws_twin import Twin

from twinspan.wait import wait_until

pytest_plugins = ("aws_fixtures",)
WITHIN_S = 60
Post = tuple[str, dict[str, str], bytes]
"""Path, headers, body."""


@contextmanager
def subscriber(*, redirect: str = "") -> Iterator[tuple[str, SimpleQueue[Post]]]:
    """Serve a webhook; yield its URL and what it is sent."""
    posts: SimpleQueue[Post] = SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posts.put((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(307 if redirect else 200)
            if redirect:
                self.send_header("Location", redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", posts
        finally:
            server.shutdown()


def topic_for(twin: Twin, *urls: str) -> tuple[Any, str]:
    """A topic with subscribers; return the client and the topic."""
    sns = twin.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    for url in urls:
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url)
    return sns, topic


def test_a_message_is_posted_to_a_subscriber_of_this_machine(twin: Twin) -> None:
    with subscriber() as (url, posts):
        sns, topic = topic_for(twin, f"{url}/hook?key=1")
        message = json.dumps({"default": "other", "http": "hello"})
        sent = sns.publish(TopicArn=topic, Message=message, MessageStructure="json", Subject="greeting")
        path, headers, body = posts.get(timeout=WITHIN_S)
    document = json.loads(body)
    assert path == "/hook?key=1"
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-topic-arn"] == topic
    assert document["MessageId"] == sent["MessageId"] == headers["x-amz-sns-message-id"]
    assert (document["Message"], document["Subject"]) == ("hello", "greeting")


def test_a_filter_keeps_a_message_from_a_subscriber(twin: Twin) -> None:
    with subscriber() as (url, posts):
        sns, topic = topic_for(twin, url)
        (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        policy = {"AttributeName": "FilterPolicy", "AttributeValue": json.dumps({"kind": ["one"]})}
        sns.set_subscription_attributes(SubscriptionArn=listed["SubscriptionArn"], **policy)
        for kind in ("other", "one"):
            attributes = {"kind": {"DataType": "String", "StringValue": kind}}
            sns.publish(TopicArn=topic, Message=kind, MessageAttributes=attributes)
        assert json.loads(posts.get(timeout=WITHIN_S)[2])["Message"] == "one"


def test_subscribers_who_do_not_answer_keep_nobody_waiting(twin: Twin) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, subscriber() as (url, posts):
        nobody = "http://127.0.0.1:9/hook"
        sns, topic = topic_for(twin, f"http://127.0.0.1:{silent.getsockname()[1]}/hook", nobody, url)
        assert sns.publish(TopicArn=topic, Message="hello")["MessageId"]
        assert json.loads(posts.get(timeout=WITHIN_S)[2])["Message"] == "hello"


def test_a_redirect_to_elsewhere_is_not_followed(twin: Twin) -> None:
    with subscriber() as (elsewhere, others), subscriber(redirect=elsewhere) as (url, posts):
        sns, topic = topic_for(twin, url)
        for _ in range(2):
            sns.publish(TopicArn=topic, Message="hello")
            posts.get(timeout=WITHIN_S)
        assert others.empty()


def test_a_subscriber_is_known_after_a_restart(twin: Twin) -> None:
    with subscriber() as (url, posts):
        _, topic = topic_for(twin, url)
        twin.api.stop()
        twin.api.start()
        twin.client("sns").publish(TopicArn=topic, Message="hello")
        assert json.loads(posts.get(timeout=WITHIN_S)[2])["Message"] == "hello"


@pytest.mark.parametrize("waiting", [{"WaitTimeSeconds": 20}, {}])
def test_who_waits_for_a_message_keeps_nobody_waiting(twin: Twin, waiting: dict[str, int]) -> None:
    sqs, ec2 = twin.client("sqs"), twin.client("ec2")
    url = sqs.create_queue(QueueName="news", Attributes={"ReceiveMessageWaitTimeSeconds": "20"})["QueueUrl"]
    with ThreadPoolExecutor() as pool:
        receiving = pool.submit(twin.client("sqs").receive_message, QueueUrl=url, **waiting)
        wait_until(receiving.running, bool, what="receiver", timeout_s=WITHIN_S)
        for _ in range(20):
            ec2.describe_vpcs()
        assert not receiving.done()
        sqs.send_message(QueueUrl=url, MessageBody="hello")
        (received,) = receiving.result(timeout=WITHIN_S)["Messages"]
        assert received["Body"] == "hello"


def test_who_waits_for_no_time_is_answered_at_once(twin: Twin) -> None:
    sqs = twin.client("sqs")
    url = sqs.create_queue(QueueName="news", Attributes={"ReceiveMessageWaitTimeSeconds": "20"})["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0)
