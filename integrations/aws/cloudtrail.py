"""AWS CloudTrail: management, data, Insights and network activity events.

Reference: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

``event.action`` is ``eventName``, ``event.provider`` ``eventSource``, ``source.address``
``sourceIPAddress``, all unchanged: Sigma's rules read them there. The whole record is ``vendor``; what a
call was asked for and what it gave back are also one text each, ``aws.cloudtrail.request_parameters`` and
``.response_elements`` (``{bucketName=…, acl=private}``), in which rules look for words.
"""

from __future__ import annotations

from typing import Any

from integrations.aws.cloudtrail_identity import put_identity
from integrations.aws.cloudtrail_meanings import meaning
from integrations.aws.cloudtrail_samples import CLOUDTRAIL_SAMPLES
from integrations.aws.envelopes import recognising, unwrapping
from integrations.contract import UnparsedError
from integrations.fields import add, categorise, mapping, objects, pick, put, put_ip, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_agent, put_path
from rules.ecs import Document

_DEEPEST = 12
"""Levels of a request that are written as text."""
_OUTCOMES = {"success": "success", "failure": "failure"}


def _read(record: dict[str, Any], times: Times) -> Document:
    """Set the fields that every record has without detours: a busy account's trail has most lines of all."""
    if isinstance(record.get("digestS3Object"), str):
        return _read_digest(record, times)
    details = mapping(record.get("insightDetails")) or record
    name, source = details.get("eventName"), details.get("eventSource")
    if not isinstance(name, str) or not isinstance(source, str):
        raise UnparsedError("expected a CloudTrail record with eventName and eventSource")
    document: Document = {"@timestamp": times.required(times.iso(record.get("eventTime")))}
    service = source.partition(".")[0]
    reads = record.get("readOnly")
    categories, types = meaning(service, name, reads if isinstance(reads, bool) else None)
    if details is not record:  # an unusual rate of such calls, no call itself
        categories, types = ("api",), ("info",)
    categorise(document, categories, types, action=name, outcome=_outcome(record))
    if source:
        document["event"]["provider"] = source
    if (reason := text(record.get("errorMessage"))) is not None:
        document["event"]["reason"] = reason
    if (code := text(record.get("errorCode"))) is not None:
        document["error"] = {"code": code}
    cloud: dict[str, Any] = {"provider": "aws"}
    document["cloud"] = cloud
    if (region := text(record.get("awsRegion"))) is not None:
        cloud["region"] = region
    account = text(record.get("recipientAccountId")) or text(pick(record, "userIdentity.accountId"))
    if account is not None:
        cloud["account"] = {"id": account}
    put_identity(document, record)
    _put_source(document, record)
    if tls := mapping(record.get("tlsDetails")):
        _put_tls(document, tls)
    request = mapping(record.get("requestParameters"))
    response = mapping(record.get("responseElements"))
    _put_targets(document, service, request, response)
    _put_objects(document, service, request, response)
    texts: dict[str, Any] = {}
    if asked := record.get("requestParameters"):
        put(texts, "request_parameters", as_text(asked))
    if given := record.get("responseElements"):
        put(texts, "response_elements", as_text(given))
    if texts:
        document["aws"] = {"cloudtrail": texts}
    document["vendor"] = record
    return document


def _read_digest(record: dict[str, Any], times: Times) -> Document:
    """A digest file: what CloudTrail says it wrote in an hour, to prove that nothing was changed since."""
    end = times.iso(record.get("digestEndTime"))
    document: Document = {"@timestamp": times.required(end)}
    categorise(document, ("file",), ("info",))
    put(document, "event.start", times.iso(record.get("digestStartTime")))
    put(document, "event.end", end)
    put(document, "cloud.provider", "aws")
    put(document, "cloud.account.id", text(record.get("awsAccountId")))
    put_path(document, "file", record["digestS3Object"])
    document["vendor"] = record
    return document


def _outcome(record: dict[str, Any]) -> str:
    if text(record.get("errorCode")) or text(record.get("errorMessage")):
        return "failure"
    if "insightDetails" in record:
        return "unknown"
    stated = mapping(record.get("responseElements"))
    if further := mapping(record.get("serviceEventDetails")):
        stated = stated | further
    if not stated:
        return "success"
    for field in (record.get("eventName"), "CredentialVerification", "UserAuthentication", "CheckMfa"):
        if isinstance(field, str) and (found := _OUTCOMES.get(str(stated.get(field)).lower())):
            return found
    return "success"


def _put_source(document: Document, record: dict[str, Any]) -> None:
    """The caller's address, or the name of the AWS service that called for somebody."""
    caller = text(record.get("sourceIPAddress"))
    if caller is not None:
        document["source"] = {"address": caller}
        put_ip(document, "source.ip", caller)
    put_agent(document, record.get("userAgent"))


def _put_tls(document: Document, details: dict[str, Any]) -> None:
    tls: dict[str, Any] = {}
    if (version := text(details.get("tlsVersion"))) is not None:
        protocol, _, number = version.partition("v")
        tls["version"] = number or version
        if number and protocol:
            tls["version_protocol"] = protocol.lower()
    if (cipher := text(details.get("cipherSuite"))) is not None:
        tls["cipher"] = cipher
    if (name := text(details.get("clientProvidedHostHeader"))) is not None:
        tls["client"] = {"server_name": name}
    if tls:
        document["tls"] = tls


def _put_targets(document: Document, service: str, request: dict[str, Any], response: dict[str, Any]) -> None:
    """Whom a change of identities is about."""
    if service not in ("iam", "identitystore", "sso-directory", "cognito-idp", "signin"):
        return
    user = text(request.get("userName")) or text(request.get("username"))
    made = mapping(response.get("user"))
    if user is None and service == "iam" and "accessKey" in response:  # one's own key
        user = text(mapping(response["accessKey"]).get("userName"))
    put(document, "user.target.name", user or text(made.get("userName")))
    put(document, "user.target.id", text(made.get("userId")) or text(request.get("userId")))
    put(document, "user.changes.name", text(request.get("newUserName")))
    put(document, "group.name", text(request.get("groupName")))
    group = mapping(response.get("group")).get("groupId")
    put(document, "group.id", text(group) or text(request.get("groupId")))
    add(document, "related.user", text(request.get("roleName")))


def _put_objects(document: Document, service: str, request: dict[str, Any], response: dict[str, Any]) -> None:
    """What a call is about, where ECS has a field for such: an object in a bucket, instances, a cluster."""
    if service == "s3" and (bucket := text(request.get("bucketName"))) and (key := text(request.get("key"))):
        put_path(document, "file", f"s3://{bucket}/{key}")
    elif service == "eks" and (cluster := text(request.get("name"))):
        put(document, "orchestrator.type", "kubernetes")
        put(document, "orchestrator.cluster.name", cluster)
    elif service in ("ec2", "ssm", "ec2-instance-connect"):
        named = [request.get("instanceId"), request.get("target")]
        for side in (request, response):
            items = objects(mapping(side.get("instancesSet")).get("items"))
            named += [item.get("instanceId") for item in items]
        ids = request.get("instanceIds")
        named += ids if isinstance(ids, list) else []
        hosts = [name for name in named[:100] if isinstance(name, str) and name.startswith(("i-", "mi-"))]
        add(document, "related.hosts", hosts)


def as_text(value: Any, depth: int = _DEEPEST) -> str:
    """Return a JSON value as one text without quotes around texts: ``{a=1, b=[x, y]}``."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and depth:
        parts = [
            f"{key}={inner if type(inner) is str else as_text(inner, depth - 1)}"
            for key, inner in value.items()
        ]
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list) and depth:
        return "[" + ", ".join([as_text(inner, depth - 1) for inner in value]) + "]"
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, int | float) else "…"


def _is_record(record: dict[str, Any]) -> bool:
    if isinstance(details := record.get("insightDetails"), dict) and record.get("eventVersion"):
        return "eventSource" in details
    if {"digestS3Object", "digestEndTime", "awsAccountId"} <= record.keys():
        return True
    return {"eventVersion", "eventName", "eventSource", "eventTime"} <= record.keys() and (
        "awsRegion" in record or "userIdentity" in record
    )


CLOUDTRAIL = json_source(
    "aws.cloudtrail",
    "AWS CloudTrail",
    "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
    unwrapping(_read),
    recognising(_is_record),
    CLOUDTRAIL_SAMPLES,
)
