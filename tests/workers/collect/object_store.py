"""An object store and its queue, on loopback: moto's server, with S3's own notifications."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from workers.site_file import CollectSection

_numbers = itertools.count()
REGION = "eu-central-1"
KEYS = {"access_key_id": "AKIAEXAMPLE", "secret_access_key": "example-secret-key"}


def record(number: int, **more: Any) -> dict[str, Any]:
    """Return a record of CloudTrail by a user of its own."""
    return {
        "eventVersion": "1.08", "eventTime": "2026-03-30T16:01:36Z", "eventSource": "iam.amazonaws.com",
        "userIdentity": {"type": "IAMUser", "userName": f"user-{number}", "accountId": "1"},
        "eventName": "CreateUser", "awsRegion": REGION, "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli", "eventID": f"id-{number}", "eventType": "AwsApiCall",
        "recipientAccountId": "1", "requestParameters": {"userName": "bob"}, **more,
    }  # fmt: skip


def trail(numbers: Sequence[int]) -> bytes:
    """Return a file as CloudTrail writes it."""
    return gzip.compress(json.dumps({"Records": [record(number) for number in numbers]}).encode())


class Store:
    """One bucket and its queue."""

    def __init__(self, url: str) -> None:
        self.url = url
        session = boto3.session.Session(KEYS["access_key_id"], KEYS["secret_access_key"], region_name=REGION)
        self.s3: Any = session.client("s3", endpoint_url=url)
        self.sqs: Any = session.client("sqs", endpoint_url=url)
        self.sns: Any = session.client("sns", endpoint_url=url)
        self.bucket = f"logs-{next(_numbers)}"
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.queue = self.sqs.create_queue(QueueName=self.bucket)["QueueUrl"]

    @property
    def queue_arn(self) -> str:
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])

    def announce(self) -> None:
        """Have the store announce new objects itself; it begins with a test event."""
        events = {"Events": ["s3:ObjectCreated:*"], "QueueArn": self.queue_arn}
        self.s3.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration={"QueueConfigurations": [events]}
        )

    def put(self, key: str, data: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)

    def send(self, body: Any) -> None:
        self.sqs.send_message(
            QueueUrl=self.queue, MessageBody=body if type(body) is str else json.dumps(body)
        )

    def told(self, key: str, event: str = "ObjectCreated:Put") -> dict[str, Any]:
        """Return what S3 says of an object, its key as it stands in a notification."""
        return {
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION, "eventName": event,
            "s3": {"bucket": {"name": self.bucket}, "object": {"key": key, "size": 1}},
        }  # fmt: skip

    def waiting(self) -> tuple[int, int]:
        """Return how many messages wait, and how many somebody has."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    @property
    def connection(self) -> dict[str, Any]:
        return {"kind": "aws", "region": REGION, "url": self.url, **KEYS}

    def section(self, source: str = "aws.cloudtrail", **more: Any) -> CollectSection:
        objects = {"connection": "store", "queue": self.queue, **more}
        return CollectSection.model_validate({"source": source, "objects": objects})


@contextmanager
def object_stores() -> Iterator[Callable[[], Store]]:
    """Run the server; yield what makes a bucket with its queue."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield lambda: Store(f"http://{host}:{port}")
    finally:
        server.stop()
