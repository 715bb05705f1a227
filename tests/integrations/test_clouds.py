"""What clouds log, through a source and rules of our own: envelopes, state, and names that rules ask for."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from integrations.aws.cloudtrail_meanings import meaning
from integrations.aws.cloudtrail_samples import record
from integrations.aws.firehose import read_delivery
from integrations.catalogue import source
from integrations.contract import Origin, Record
from integrations.framing import split_json
from integrations.pipeline import Pipeline
from rules.ecs import Document, flatten
from rules.rule import RuleText, parse_rules
from rules.sigma import compile_rules

ORIGIN = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))


def read(name: str, *records: Any) -> list[Document]:
    pipeline = Pipeline(source(name), ORIGIN)
    found: list[Document] = []
    for at, one in enumerate(records):
        data = one.encode() if isinstance(one, str) else orjson.dumps(one)
        found += pipeline.feed(Record(data, f"f@{at}"))
    return found + pipeline.flush()


def fires(name: str, logsource: str, selection: str, event: Any) -> bool:
    text = f"title: T\nlogsource: {{{logsource}}}\ndetection: {{s: {{{selection}}}, condition: s}}\n"
    parsed = parse_rules([RuleText("r.yml", text)])
    assert parsed.faults == ()
    matcher = compile_rules(parsed.detections)
    return bool(matcher.match(flatten(read(name, event)[0])))


AWS = ("aws.cloudtrail", "product: aws, service: cloudtrail")
GCP = ("gcp.audit", "product: gcp, service: gcp.audit")
AZURE = ("azure.activity", "product: azure, service: activitylogs")
KUBERNETES = ("kubernetes.audit", "product: kubernetes, category: application, service: audit")
SUSPENDED = record(
    "s3", "PutBucketVersioning", requestParameters={"VersioningConfiguration": {"Status": "Suspended"}}
)
POLICY = record("iam", "PutUserPolicy", requestParameters={"policyDocument": '{"Action":"s3:GetObject"}'})
LOGIN = record(
    "signin",
    "ConsoleLogin",
    additionalEventData={"MFAUsed": "No"},
    responseElements={"ConsoleLogin": "Success"},
)
FLOW = "2 111122223333 eni-1 203.0.113.7 192.0.2.20 50332 22 6 20 4249 1776594000 1776594060 ACCEPT OK"
FLAGGED = {
    "logName": "projects/example/logs/cloudaudit.googleapis.com%2Factivity",
    "timestamp": "2026-04-19T10:20:30Z",
    "protoPayload": {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": "iam.googleapis.com",
        "methodName": "google.iam.admin.v1.DeleteServiceAccount",
        "authorizationInfo": [{"permission": "iam.serviceAccounts.delete", "granted": True}],
    },
}
POD = {
    "apiVersion": "audit.k8s.io/v1",
    "auditID": "a",
    "verb": "create",
    "requestReceivedTimestamp": "2026-04-19T10:20:30Z",
    "objectRef": {"resource": "pods", "namespace": "kube-system"},
    "requestObject": {
        "spec": {
            "volumes": [{"hostPath": {"path": "/"}}],
            "containers": [{"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}],
        }
    },
}
ROLE = {
    "time": "2026-04-19T10:20:30Z",
    "operationName": "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE",
    "category": "Administrative",
    "resourceId": "/SUBSCRIPTIONS/1",
    "properties": {"message": "Update device"},
}


@pytest.mark.parametrize(
    ("place", "selection", "event"),
    [
        (AWS, "'requestParameters|contains': Suspended", SUSPENDED),
        (AWS, "'requestParameters|contains': '\"s3:GetObject\"'", POLICY),
        (AWS, "additionalEventData.MFAUsed: 'NO', responseElements.ConsoleLogin: Success", LOGIN),
        (AWS, "eventSource: signin.amazonaws.com, sourceIPAddress: 203.0.113.7, errorCode: null", LOGIN),
        (AWS, "userIdentity.type: IAMUser, 'userAgent|startswith': aws-cli, status: success", SUSPENDED),
        (GCP, "'gcp.audit.method_name|endswith': DeleteServiceAccount", FLAGGED),
        (GCP, "data.protoPayload.authorizationInfo.granted: 'true'", FLAGGED),
        (GCP, "data.protoPayload.logName: cloudaudit.googleapis.com/activity", FLAGGED),
        (AZURE, "operationName: Microsoft.Authorization/roleAssignments/write", ROLE),
        (AZURE, "CategoryValue: Administrative, properties.message: update device", ROLE),
        (KUBERNETES, "verb: create, objectRef.resource: pods, objectRef.namespace: kube-system", POD),
        (KUBERNETES, "hostPath: '*'", POD),
        (KUBERNETES, "capabilities: '*'", POD),
    ],
)
def test_rules_find_the_names_that_they_ask_for(
    place: tuple[str, str], selection: str, event: dict[str, Any]
) -> None:
    assert fires(*place, selection, event)


def test_a_rule_stays_silent_on_what_it_does_not_ask_for() -> None:
    assert not fires(*AWS, "'requestParameters|contains': Suspended", POLICY)
    assert not fires(*KUBERNETES, "hostPath: '*'", POD | {"requestObject": {"spec": {}}})


def test_a_file_of_cloudtrail_is_split_and_all_records_of_an_envelope_are_read() -> None:
    file = orjson.dumps({"Records": [record("s3", "ListBuckets"), record("ec2", "RunInstances")]})
    assert [orjson.loads(data)["eventName"] for _, data in split_json([file])] == [
        "ListBuckets",
        "RunInstances",
    ]
    messages = [
        {"timestamp": 1, "message": orjson.dumps(record("s3", name)).decode()}
        for name in ("GetObject", "PutObject")
    ]
    events = read("aws.cloudtrail", {"messageType": "DATA_MESSAGE", "logEvents": messages})
    assert [event["event"]["action"] for event in events] == ["GetObject", "PutObject"]
    assert len({event["event"]["id"] for event in events}) == 2


def test_a_control_message_is_no_event_and_an_empty_envelope_is_told() -> None:
    assert read("aws.cloudtrail", {"messageType": "CONTROL_MESSAGE", "logEvents": []}) == []
    (event,) = read("aws.cloudtrail", {"Records": []})
    assert event["event"]["kind"] == "pipeline_error"


@pytest.mark.parametrize(
    "events", [[], {}, "x", [{"id": "1"}], [{"message": FLOW}, {"message": 1}], [{"message": FLOW}, None]]
)
def test_a_log_event_without_its_message_is_not_passed_over(events: Any) -> None:
    for name in ("aws.cloudtrail", "aws.vpcflow"):
        (event,) = read(name, {"messageType": "DATA_MESSAGE", "logEvents": events})
        assert event["event"]["kind"] == "pipeline_error", name

    packed = gzip.compress(orjson.dumps({"messageType": "DATA_MESSAGE", "logEvents": events}))
    delivery = {"requestId": "r", "records": [{"data": base64.b64encode(packed).decode()}]}
    found = read_delivery(orjson.dumps(delivery), "r", 10_000)
    assert [orjson.loads(piece.data)["logEvents"] for piece in found] == ([events] if events != [] else [])


@pytest.mark.parametrize(
    ("service", "name", "reads", "expected"),
    [
        ("iam", "CreatePolicy", False, (("iam",), ("admin", "creation"))),
        ("organizations", "CreatePolicy", False, (("configuration",), ("creation",))),
        ("lambda", "DeleteFunction20150331", False, (("configuration",), ("deletion",))),
        ("identitystore", "CreateGroupMembership", False, (("iam",), ("group", "creation"))),
        ("acme", "FrobnicateThing", False, (("configuration",), ("change",))),
        ("acme", "FrobnicateThing", True, (("api",), ("info",))),
        ("dynamodb", "BatchGetItem", True, (("database",), ("info",))),
    ],
)
def test_a_call_without_an_entry_is_told_by_service_and_verb(
    service: str, name: str, reads: bool, expected: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    assert meaning(service, name, reads) == expected


def test_a_flow_logs_header_is_what_a_collector_reads_on_from() -> None:
    pipeline = Pipeline(source("aws.vpcflow"), ORIGIN)
    assert pipeline.held is None
    header = Record(b"version srcaddr dstaddr action bytes", "f@0")
    assert pipeline.feed(header) == []
    (event,) = pipeline.feed(Record(b"5 192.0.2.1 203.0.113.7 REJECT 40", "f@37"))
    assert event["source"]["bytes"] == 40
    assert event["event"]["action"] == "reject"
    assert pipeline.held == header


def test_a_flow_in_an_unknown_order_says_what_is_missing() -> None:
    (event,) = read("aws.vpcflow", "5 192.0.2.1 203.0.113.7 REJECT 40")
    assert "header" in event["error"]["message"]


def test_each_flow_of_an_azure_record_is_an_event_and_none_is_lost() -> None:
    lines = ["1776594030,203.0.113.7,192.0.2.20,35370,22,T,I,D", "what,is,this"]
    events = read(
        "azure.nsgflow",
        {
            "time": "2026-04-19T10:21:00Z",
            "category": "NetworkSecurityGroupFlowEvent",
            "properties": {"flows": [{"rule": "r", "flows": [{"mac": "000D3AF87856", "flowTuples": lines}]}]},
        },
    )
    assert [event["vendor"]["flowTuple"] for event in events] == lines
    assert [event["event"].get("action") for event in events] == ["deny", None]
