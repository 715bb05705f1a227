"""Objects of an S3-style store and the queue that announces them, over one account's connection.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/ and
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html. Calls raise `ActionError`s as
`integrations.aws.connection.Aws` does; what can't ever be read is an `ObjectError`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError

from integrations.aws.connection import Aws
from integrations.aws.notifications import ObjectRef
from integrations.contract import ActionUnavailableError

AT_ONCE = 10
"""Messages of one answer, the most that SQS gives."""
WAIT = 3
"""Seconds that a queue without messages is waited for: a stop waits so long as well."""
STEP = 1 << 20
_REGION = re.compile(r"^sqs[.-]([a-z0-9-]+)\.amazonaws\.|^([a-z0-9-]+)\.queue\.amazonaws\.")
_GONE = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "InvalidObjectState", "404"})


class ObjectError(Exception):
    """An object can't be read, now or later; the text says why."""


@dataclass(frozen=True)
class Message:
    body: str
    id: str
    receipt: str
    attempts: int
    """How often it was given out, this time included."""


@dataclass(frozen=True)
class Fetched:
    path: Path
    etag: str
    modified: datetime


def region_of(queue: str) -> str | None:
    """Return the region in a queue's URL, None where it shows none."""
    match = _REGION.match(urlsplit(queue).netloc)
    return (match[1] or match[2]) if match else None


class Queue:
    def __init__(self, account: Aws, url: str, visibility: int) -> None:
        """`visibility`: seconds for which a message is ours."""
        self._account = account
        self._url = url
        self._visibility = visibility
        self._region = region_of(url)
        place = urlsplit(url)
        # Beside another store than AWS' the queue is where its URL says, which need not be the same host.
        self._endpoint = f"{place.scheme}://{place.netloc}" if account.named.get("url") else None

    async def _ask(self, operation: str, **arguments: Any) -> dict[str, Any]:
        answer = await self._account.ask(
            "sqs", operation, region=self._region, url=self._endpoint, QueueUrl=self._url, **arguments
        )
        return answer or {}

    async def receive(self) -> list[Message]:
        """Return the next messages; none where there are none for a few seconds."""
        answer = await self._ask(
            "receive_message", MaxNumberOfMessages=AT_ONCE, WaitTimeSeconds=WAIT,
            VisibilityTimeout=self._visibility, AttributeNames=["ApproximateReceiveCount"],
        )  # fmt: skip
        return [
            Message(
                str(one.get("Body", "")), str(one["MessageId"]), str(one["ReceiptHandle"]),
                int(one.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
            )
            for one in answer.get("Messages", ())
        ]  # fmt: skip

    async def keep(self, messages: Sequence[Message], seconds: int | None = None) -> None:
        """Have messages for so long from now on; None: for the usual time."""
        left = self._visibility if seconds is None else seconds
        for start in range(0, len(messages), AT_ONCE):
            entries = [
                {"Id": str(n), "ReceiptHandle": one.receipt, "VisibilityTimeout": left}
                for n, one in enumerate(messages[start : start + AT_ONCE])
            ]
            await self._ask("change_message_visibility_batch", Entries=entries)

    async def delete(self, messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), AT_ONCE):
            part = messages[start : start + AT_ONCE]
            entries = [{"Id": str(n), "ReceiptHandle": one.receipt} for n, one in enumerate(part)]
            await self._ask("delete_message_batch", Entries=entries)

    async def depth(self) -> int:
        """Return about how many messages wait."""
        answer = await self._ask("get_queue_attributes", AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer.get("Attributes", {}).get("ApproximateNumberOfMessages", 0))


async def fetch_object(account: Aws, ref: ObjectRef, to: Path, largest: int) -> Fetched:
    """Copy an object to a file. Raises `ObjectError` where it is not there or larger than `largest` bytes."""
    version = {"VersionId": ref.version} if ref.version and ref.version != "null" else {}
    answer = await account.ask(
        "s3", "get_object", region=ref.region, expected=_GONE, Bucket=ref.bucket, Key=ref.key, **version
    )
    if answer is None:
        raise ObjectError("it is not there, or in an archive")
    size = int(answer.get("ContentLength") or 0)
    if size > largest:
        answer["Body"].close()
        raise ObjectError(f"it has {size:,} bytes, and at most {largest:,} are read (largest)")
    try:
        await asyncio.to_thread(_copy, answer["Body"], to, largest)
    except BotoCoreError as error:
        raise ActionUnavailableError(f"{account.named.name}: reading {ref.url}: {error}") from error
    modified = answer.get("LastModified")
    return Fetched(
        to, str(answer.get("ETag", "")).strip('"'), modified if modified is not None else datetime.now(UTC)
    )


def _copy(body: Any, to: Path, largest: int) -> None:
    size = 0
    try:
        with to.open("wb") as file:
            while block := body.read(STEP):
                size += len(block)
                if size > largest:
                    raise ObjectError(f"it has more than {largest:,} bytes (largest)")
                file.write(block)
    finally:
        body.close()
