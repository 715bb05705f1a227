"""Objects of an S3-style store, announced by a queue: each record once, messages gone when it is stored."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workers.collect.objects as objects_module
from integrations.aws import connection
from integrations.aws import objects as aws_objects
from integrations.aws.notifications import NotificationError, ObjectRef, read_notification
from integrations.aws.objects import region_of
from integrations.contract import ActionRefusedError
from rules.ecs import get
from workers.collect import run_collectors
from workers.collect.trials import try_entry
from workers.collect_section import EntryError
from workers.site_file import CollectSection

from .conftest import KeptEvents
from .object_store import Store, object_stores, record, trail
from .running import collecting, said, until


@pytest.fixture(scope="module")
def new_store() -> Iterator[Callable[[], Store]]:
    with object_stores() as new:
        yield new


@pytest.fixture
def bucket(new_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(aws_objects, "WAIT", 0)
    return new_store()


def fetching(
    bucket: Store, folder: Path, store: KeptEvents, source: str = "aws.cloudtrail", **more: Any
) -> Any:
    return collecting(folder, store, bucket.section(source, **more), connections={"store": bucket.connection})


def users(store: KeptEvents) -> list[int]:
    return sorted(int(str(get(one, "user.name")).removeprefix("user-")) for one in events(store))


def events(store: KeptEvents) -> list[dict[str, Any]]:
    return [one for one in store.kept.values() if one["event"]["kind"] != "pipeline_error"]


def errors(store: KeptEvents) -> list[str]:
    return sorted(
        one["error"]["message"] for one in store.kept.values() if one["event"]["kind"] == "pipeline_error"
    )


async def test_objects_are_stored_once_and_their_messages_go(
    bucket: Store, tmp_path: Path, store: KeptEvents
) -> None:
    bucket.announce()
    for number in range(12):
        bucket.put(f"AWSLogs/1/CloudTrail/{number}.json.gz", trail(range(number * 10, number * 10 + 10)))
    bucket.put("AWSLogs/1/CloudTrail-Digest/1.json.gz", b"{}")
    bucket.put("AWSLogs/1/", b"")
    bucket.send({"Records": [bucket.told("AWSLogs/1/CloudTrail/3.json.gz")]})  # told twice
    bucket.send({"Records": [bucket.told("AWSLogs/1/CloudTrail/4.json.gz", "ObjectRemoved:Delete")]})
    async with fetching(bucket, tmp_path, store):
        await until(lambda: len(store.kept) == 120)
        await until(lambda: bucket.waiting() == (0, 0))
        await until(lambda: said(tmp_path).events == 120)
    assert users(store) == list(range(120))
    state = said(tmp_path)
    assert (state.way, state.duplicates, state.lost, state.problem) == ("objects", 10, 0, None)
    one = next(iter(store.kept.values()))
    assert one["log"]["file"]["path"].startswith(f"s3://{bucket.bucket}/AWSLogs/1/CloudTrail/")
    assert list((tmp_path / "objects" / "aws.cloudtrail").iterdir()) == []


async def test_every_shape_of_object_and_of_message(bucket: Store, tmp_path: Path, store: KeptEvents) -> None:
    lines = [json.dumps(record(number)) for number in range(8)]
    bucket.put("a b+c/ü.json", "\n".join(lines[:2]).encode())
    bucket.put("nd.json.gz", gzip.compress("\n".join(lines[2:4]).encode()))
    bucket.put("array.json", f"[{lines[4]}, {lines[5]}]".encode())
    bucket.put("trail", trail([6]))
    bucket.put("bridge é", lines[7].encode())
    encoded = bucket.told("a+b%2Bc/%C3%BC.json")
    topic = {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-central-1:1:logs", "MessageId": "1"}
    bucket.send({"Records": [encoded, bucket.told("nd.json.gz")]})
    bucket.send({**topic, "Message": json.dumps({"Records": [bucket.told("array.json")]})})
    bucket.send({**topic, "Message": json.dumps({"s3Bucket": bucket.bucket, "s3ObjectKey": ["trail"]})})
    bucket.send({**topic, "Message": "CloudTrail validation message."})
    bucket.send({
        "version": "0", "source": "aws.s3", "detail-type": "Object Created", "region": "eu-central-1",
        "detail": {"bucket": {"name": bucket.bucket}, "object": {"key": "bridge é", "size": 1}},
    })  # fmt: skip
    bucket.send({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": bucket.bucket})
    async with fetching(bucket, tmp_path, store):
        await until(lambda: len(store.kept) == 8)
        await until(lambda: bucket.waiting() == (0, 0))
    assert users(store) == list(range(8))
    assert said(tmp_path).lost == 0


async def test_lines_with_a_topic_of_sns_in_between(bucket: Store, tmp_path: Path, store: KeptEvents) -> None:
    topic = bucket.sns.create_topic(Name=bucket.bucket)["TopicArn"]
    bucket.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=bucket.queue_arn)
    head = (
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end "
        "action log-status"
    )
    flow = "2 123456789010 eni-1 192.0.2.{} 203.0.113.7 20641 22 6 20 4249 1774886496 1774886596 ACCEPT OK"
    for part in range(2):
        lines = [head, *(flow.format(part * 50 + number) for number in range(50))]
        bucket.put(f"flow-{part}.log.gz", gzip.compress("\n".join(lines).encode()))
        bucket.sns.publish(
            TopicArn=topic, Message=json.dumps({"Records": [bucket.told(f"flow-{part}.log.gz")]})
        )
    async with fetching(bucket, tmp_path, store, "aws.vpcflow"):
        await until(lambda: len(store.kept) == 100)
        await until(lambda: bucket.waiting() == (0, 0))
    assert len({get(one, "source.ip") for one in events(store)}) == 100


async def test_what_can_never_be_read_is_told_and_done_with(
    bucket: Store, tmp_path: Path, store: KeptEvents
) -> None:
    bucket.put("large", b"x" * 3000)
    bucket.put("bomb.gz", gzip.compress(b'{"a": 1}\n' * 100_000))
    bucket.put("cut.gz", trail(range(50))[:-40])
    bucket.put("picture.png", b"\x89PNG\r\n" + b"\n".join(b"%d" % n for n in range(300)))
    bucket.put("columns.parquet", b"PAR1" + bytes(100))
    bucket.put("good", trail([1]))
    for key in ("large", "bomb.gz", "cut.gz", "picture.png", "columns.parquet", "missing", "good"):
        bucket.send({"Records": [bucket.told(key)]})
    for body in ("no JSON", '"text"', '{"other": 1}', '{"Records": [{"eventName": "ObjectCreated:Put"}]}'):
        bucket.send(body)
    async with fetching(bucket, tmp_path, store, largest=2000, largest_unpacked=200_000):
        await until(lambda: said(tmp_path).lost == 10)
        await until(lambda: bucket.waiting() == (0, 0))
    assert 1 in users(store)
    found = "\n".join(errors(store))
    at = f"s3://{bucket.bucket}"
    for text in (
        f"{at}/large is not read to its end: it has 3,000 bytes, and at most 2,000 are read",
        f"{at}/bomb.gz is not read to its end: it has more than 200,000 bytes unpacked",
        f"{at}/cut.gz is not read to its end: it is damaged: ",
        f"{at}/picture.png is not read to its end: none of its first 301 records is of aws.cloudtrail",
        f"{at}/columns.parquet is not read to its end: it is damaged Parquet",
        f"{at}/missing is not read to its end: it is not there",
        "a message that is no notification: a notification is a JSON object: ",
        "a message that is no notification: expected a notification of S3",
        "a message that is no notification: a notification of an object lacks 's3'",
    ):
        assert text in found
    assert len(errors(store)) < 60, "an object that is none of the source is no hundred errors"


async def test_what_cant_be_read_now_comes_again_and_is_told_once(
    bucket: Store, tmp_path: Path, store: KeptEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects_module, "LONGEST_WAIT", 0)
    bucket.put("one", trail([1]))
    bucket.send({"Records": [bucket.told("one"), bucket.told("two")]})
    asked = 0
    real = objects_module.fetch_object

    async def forbidden(account: Any, ref: ObjectRef, *more: Any) -> Any:
        nonlocal asked
        asked += ref.key == "two"
        if ref.key == "two" and asked < 8:
            raise ActionRefusedError("s3 get_object: AccessDenied")
        return await real(account, ref, *more)

    monkeypatch.setattr(objects_module, "fetch_object", forbidden)
    async with fetching(bucket, tmp_path, store):
        await until(lambda: said(tmp_path).unreadable)
        assert said(tmp_path).unreadable == {f"s3://{bucket.bucket}/two": "s3 get_object: AccessDenied"}
        bucket.put("two", trail([2]))
        await until(lambda: users(store) == [1, 2])
        await until(lambda: bucket.waiting() == (0, 0))
        await until(lambda: not said(tmp_path).unreadable)
    assert asked == 8
    assert len(errors(store)) == 1
    assert "can't be read, and is tried again" in errors(store)[0]


async def test_a_message_stays_ours_until_its_events_are_stored(
    bucket: Store, tmp_path: Path, store: KeptEvents
) -> None:
    bucket.put("one", trail([1]))
    bucket.send({"Records": [bucket.told("one")]})
    store.away = True
    async with fetching(bucket, tmp_path, store, visibility="1s"):
        await until(lambda: said(tmp_path).waits_for)
        # Longer than it is ours at first: it is kept, and neither comes again nor goes.
        for _ in range(15):
            await asyncio.sleep(0.1)
            assert bucket.waiting() == (0, 1)
        assert store.kept == {}
        store.away = False
        await until(lambda: len(store.kept) == 1)
        await until(lambda: bucket.waiting() == (0, 0))


async def test_a_queue_that_does_not_answer_is_a_problem_and_then_none(
    bucket: Store, tmp_path: Path, store: KeptEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects_module, "_PAUSE", 0.05)
    queue = bucket.queue
    bucket.sqs.delete_queue(QueueUrl=queue)
    async with fetching(bucket, tmp_path, store):
        await until(lambda: "NonExistentQueue" in str(said(tmp_path).problem))
        with pytest.raises(ActionRefusedError, match="NonExistentQueue"):
            await try_entry(bucket.section(), {"store": bucket.connection})
        assert bucket.sqs.create_queue(QueueName=bucket.bucket)["QueueUrl"] == queue
        bucket.put("one", trail([1]))
        bucket.send({"Records": [bucket.told("one")]})
        await until(lambda: len(store.kept) == 1)
        await until(lambda: said(tmp_path).problem is None)
        bucket.send("waits")
    assert "the queue answers, about" in await try_entry(bucket.section(), {"store": bucket.connection})


async def test_an_entry_that_cant_work_says_what_to_write(tmp_path: Path, store: KeptEvents) -> None:
    elsewhere = {"queue": "http://127.0.0.1:9/1/logs"}
    for objects, connections, text in (
        (elsewhere, {}, "shows no region, as those of AWS do: name a connection"),
        ({**elsewhere, "connection": "store"}, {}, "of kind aws, and 'store' is not there"),
        ({**elsewhere, "connection": "store"}, {"store": {"kind": "okta"}}, "'store' is of kind okta"),
    ):
        one = CollectSection.model_validate({"source": "aws.cloudtrail", "objects": objects})
        with pytest.raises(EntryError, match=text):
            await run_collectors([one], store, tmp_path, asyncio.Event(), connections=connections)


def test_without_a_connection_the_machine_has_its_own_credentials(
    bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHEMACHINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-machine")
    queue = "https://sqs.eu-central-1.amazonaws.com/111122223333/trail"
    own = CollectSection.model_validate({"source": "aws.cloudtrail", "objects": {"queue": queue}})
    for section, key in ((own, "AKIAOFTHEMACHINE"), (bucket.section(), "AKIAEXAMPLE")):
        account = objects_module.open_account(section, {"store": bucket.connection})
        client = connection._client(
            account.named, "sqs", "eu-central-1", connection._credentials(account.named)
        )
        assert client._request_signer._credentials.access_key == key


def test_regions_are_read_from_urls_of_queues() -> None:
    assert region_of("https://sqs.eu-central-1.amazonaws.com/1/logs") == "eu-central-1"
    assert region_of("https://sqs.cn-north-1.amazonaws.com.cn/1/logs") == "cn-north-1"
    assert region_of("https://eu-west-1.queue.amazonaws.com/1/logs") == "eu-west-1"
    assert region_of("http://127.0.0.1:5000/1/logs") is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_KEYS = (
    "Records",
    "detail",
    "source",
    "detail-type",
    "s3Bucket",
    "s3ObjectKey",
    "Message",
    "TopicArn",
    "Event",
)


@settings(deadline=None)
@given(st.one_of(
    st.text(max_size=80),
    _json.map(json.dumps),
    st.dictionaries(st.sampled_from(_KEYS), _json, max_size=5).map(json.dumps),
    st.fixed_dictionaries(
        {"eventName": st.sampled_from(["ObjectCreated:Put", "x", 3])},
        optional={"s3": _json, "awsRegion": _json},
    ).map(lambda record: json.dumps({"Records": [record]})),
    st.builds(
        lambda bucket, key: json.dumps({"s3Bucket": bucket, "s3ObjectKey": [key]}), _json, _json
    ),
))  # fmt: skip
def test_any_message_is_read_or_refused_with_a_reason(body: str) -> None:
    with contextlib.suppress(NotificationError):
        assert all(ref.key and ref.bucket.isprintable() for ref in read_notification(body))


def test_wrappers_are_not_opened_for_ever() -> None:
    body: dict[str, Any] = {"Event": "s3:TestEvent"}
    for _ in range(10):
        body = {"TopicArn": "t", "Message": json.dumps(body)}
    with pytest.raises(NotificationError):
        read_notification(json.dumps(body))
