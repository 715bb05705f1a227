"""What a queue says of new objects in an S3-style store.

- S3's own: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html, keys
  URL-encoded; MinIO speaks it too. ``s3:TestEvent`` only says that the queue was connected.
- Through EventBridge: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html, keys as they are.
- CloudTrail's: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html.
- Each of them wrapped by SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import orjson

LONGEST_KEY = 1024
"""Bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
WRAPPED = 3
"""Wrappers in wrappers that are opened."""


class NotificationError(ValueError):
    """A message is none of these; the text says what was expected."""


@dataclass(frozen=True)
class ObjectRef:
    """One object that was created."""

    bucket: str
    key: str
    region: str | None = None
    version: str | None = None

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def read_notification(body: str, depth: int = 0) -> list[ObjectRef]:
    """Return the objects that a message tells of; none where it only tests, or tells of something else than
    new objects. Raises `NotificationError`."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if depth and body.startswith("CloudTrail validation message"):
            return []
        raise NotificationError(f"a notification is a JSON object: {error}") from error
    if not isinstance(said, dict):
        raise NotificationError("a notification is a JSON object")
    if said.get("Event") == "s3:TestEvent":
        return []
    if isinstance(said.get("Message"), str) and "TopicArn" in said and depth < WRAPPED:
        return read_notification(said["Message"], depth + 1)
    try:
        found = list(_objects(said))
    except (KeyError, TypeError, AttributeError) as error:
        raise NotificationError(f"a notification of an object lacks {error}") from error
    for ref in found:
        # What no store would take as a name could only be refused, again and again.
        if (
            not _BUCKET.fullmatch(ref.bucket)
            or not 0 < len(ref.key.encode("utf-8", "replace")) <= LONGEST_KEY
        ):
            raise NotificationError(f"there is no object {ref.key!r:.80} in a bucket {ref.bucket!r:.80}")
    return found


def _objects(said: dict[str, Any]) -> Iterator[ObjectRef]:
    if isinstance(said.get("Records"), list):
        for record in said["Records"]:
            if record["eventName"].removeprefix("s3:").startswith("ObjectCreated"):
                found = record["s3"]["object"]
                bucket, key = str(record["s3"]["bucket"]["name"]), unquote_plus(str(found["key"]))
                yield ObjectRef(bucket, key, record.get("awsRegion") or None, found.get("versionId"))
    elif isinstance(said.get("detail"), dict) and said.get("source") == "aws.s3":
        if said.get("detail-type") == "Object Created":
            found = said["detail"]["object"]
            bucket, key = str(said["detail"]["bucket"]["name"]), str(found["key"])
            yield ObjectRef(bucket, key, said.get("region") or None, found.get("version-id"))
    elif "s3Bucket" in said and isinstance(said.get("s3ObjectKey"), list):
        for key in said["s3ObjectKey"]:
            yield ObjectRef(str(said["s3Bucket"]), str(key))
    else:
        raise NotificationError(
            "expected a notification of S3 (Records), EventBridge (detail) or CloudTrail (s3ObjectKey)"
        )
