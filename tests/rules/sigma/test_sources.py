"""Log sources and field names: which events a rule is about, and under what names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sigma.types import SigmaNumber, SigmaString

from rules.rule import LogSource
from rules.sigma import gate_of, is_collected
from rules.sigma.fields import naming, translated
from rules.sigma.sources import FIELDS, opens
from rules.sigma.values import fold, texts_of
from tests.rules.sigma.winlog import flat_event

SYSMON = "Microsoft-Windows-Sysmon/Operational"


def is_open(source: LogSource, event: Mapping[str, Any]) -> bool:
    values = {name: frozenset(fold(text) for text in texts_of(event.get(name))) for name in FIELDS}
    return opens(gate_of(source), values)


@pytest.mark.parametrize(
    ("source", "event", "expected"),
    [
        (("windows", "", "security"), {"winlog.channel": "SECURITY"}, True),
        (("windows", "", "security"), {"winlog.channel": "System"}, False),
        (("windows", "", ""), {"winlog.channel": "Whatever"}, True),
        (("windows", "", ""), {"event.module": "linux"}, False),
        (("windows", "process_creation", ""), {"winlog.channel": SYSMON, "event.code": "1"}, True),
        (("windows", "process_creation", ""), {"winlog.channel": SYSMON, "event.code": "5"}, False),
        (("windows", "process_creation", ""), {"winlog.channel": "Security", "event.code": "4688"}, True),
        (
            ("windows", "process_creation", "sysmon"),
            {"winlog.channel": "Security", "event.code": "4688"},
            False,
        ),
        (("windows", "registry_event", ""), {"winlog.channel": SYSMON, "event.code": "14"}, True),
        (
            ("windows", "ps_script", ""),
            {"winlog.channel": "PowerShellCore/Operational", "event.code": "4104"},
            True,
        ),
        (("windows", "", "no-such-service"), {"winlog.channel": "no-such-service"}, True),
        (("linux", "", "sshd"), {"event.module": "linux", "process.name": "sshd"}, True),
        (("linux", "", "sshd"), {"event.module": "linux", "log.syslog.appname": "sshd-session"}, True),
        (("linux", "", "sshd"), {"event.module": "linux", "process.name": "sudo"}, False),
        (("linux", "", ""), {"event.module": "auditd"}, True),
        (
            ("linux", "process_creation", ""),
            {"event.dataset": "vmware.esxi", "event.category": "process", "event.type": "start"},
            True,
        ),
        (("linux", "", ""), {"event.dataset": "vmware.vcenter"}, False),
        (("linux", "", "clamav"), {"event.provider": "clamav", "host.os.type": "linux"}, True),
        (("opencanary", "application", ""), {"event.module": "opencanary"}, True),
        (("rpc_firewall", "application", ""), {"event.module": "rpc_firewall"}, True),
        (("sql", "application", ""), {"event.category": "database"}, True),
        (
            ("linux", "process_creation", ""),
            {"event.module": "auditd", "event.category": ["process"], "event.type": ["start"]},
            True,
        ),
        (
            ("linux", "process_creation", ""),
            {"winlog.channel": "Linux-Sysmon/Operational", "event.code": 1},
            True,
        ),
        (("linux", "process_creation", ""), {"event.category": ["process"], "event.type": ["start"]}, False),
        (("aws", "", "cloudtrail"), {"event.module": "aws", "event.dataset": "aws.cloudtrail"}, True),
        (("aws", "", "cloudtrail"), {"event.module": "aws", "event.dataset": "aws.guardduty"}, False),
        (("", "webserver", ""), {"event.module": "nginx"}, True),
        (("", "webserver", ""), {"event.module": "squid"}, False),
        (("zeek", "", "dns"), {"event.module": "zeek", "event.dataset": "zeek.dns"}, True),
        (("zeek", "", "dns"), {"event.module": "zeek", "event.dataset": "zeek.http"}, False),
        (("acme", "", "door"), {"event.module": "acme", "event.dataset": "acme.door"}, True),
        (("acme", "", "door"), {"event.module": "acme", "event.provider": "door"}, True),
        (("acme", "", "door"), {"event.module": "acme", "event.dataset": "acme.window"}, False),
        (("acme", "application", ""), {"event.module": "acme"}, True),
        (("", "strange", ""), {"event.category": ["strange"]}, True),
        (("", "strange", ""), {}, False),
    ],
)
def test_gates(source: tuple[str, str, str], event: dict[str, Any], expected: bool) -> None:
    assert is_open(LogSource(*source), event) is expected
    assert is_open(LogSource(*source), {}) is False


@pytest.mark.parametrize(
    ("source", "datasets", "expected"),
    [
        (("linux", "", "sshd"), ["linux.auth"], True),
        (("windows", "process_creation", ""), ["linux.auth"], False),
        (("windows", "process_creation", ""), ["linux.auth", "windows.evtx"], True),
        (("windows", "process_creation", ""), ["crowdstrike.fdr"], True),
        (("windows", "process_access", ""), ["crowdstrike.fdr"], False),
        (("aws", "", "cloudtrail"), ["aws.guardduty"], False),
        (("aws", "", "cloudtrail"), ["aws.cloudtrail"], True),
        (("", "webserver", ""), ["nginx.access"], True),
        (("macos", "process_creation", ""), ["linux.auth"], False),
        (("linux", "process_creation", ""), [], False),
        (("zeek", "", "smb_files"), ["zeek.log"], True),
        (("zeek", "", "smb_files"), ["suricata.eve"], False),
        (("", "dns", ""), ["cloudflare.http"], True),
    ],
)
def test_a_rule_knows_whether_its_source_is_collected(
    source: tuple[str, str, str], datasets: list[str], expected: bool
) -> None:
    assert is_collected(LogSource(*source), datasets) is expected


@pytest.mark.parametrize(
    ("source", "name", "field"),
    [
        (("windows", "process_creation", ""), "Image", "process.executable"),
        (("windows", "process_creation", ""), "OriginalFileName", "process.pe.original_file_name"),
        (("windows", "image_load", ""), "OriginalFileName", "file.pe.original_file_name"),
        (("windows", "process_creation", ""), "User", "winlog.event_data.User"),
        (("windows", "", "security"), "EventID", "event.code"),
        (("windows", "", "security"), "IpAddress", "winlog.event_data.IpAddress"),
        (("windows", "", "security"), "ParentProcessName", "process.parent.executable"),
        (("windows", "", "system"), "Provider_Name", "winlog.provider_name"),
        (("windows", "", "security"), "source.ip", "source.ip"),
        (("linux", "process_creation", ""), "CommandLine", "process.command_line"),
        (("linux", "", "sshd"), "user.name", "user.name"),
        (("linux", "", "auditd"), "exe", "process.executable"),
        (("linux", "", "auditd"), "type", "vendor.type"),
        (("aws", "", "cloudtrail"), "eventName", "event.action"),
        (("aws", "", "cloudtrail"), "requestParameters.enable", "vendor.requestParameters.enable"),
        (("aws", "", "cloudtrail"), "requestParameters", "aws.cloudtrail.request_parameters"),
        (("aws", "", "cloudtrail"), "status", "event.outcome"),
        (("azure", "", "activitylogs"), "OperationNameValue", "event.action"),
        (("azure", "", "activitylogs"), "properties.message", "vendor.properties.message"),
        (
            ("azure", "", "signinlogs"),
            "AuthenticationRequirement",
            "vendor.properties.authenticationRequirement",
        ),
        (("azure", "", "signinlogs"), "ResultType", "vendor.ResultType"),
        (("azure", "", "auditlogs"), "OperationName", "event.action"),
        (("azure", "", "auditlogs"), "targetResources.type", "vendor.TargetTypes"),
        (("azure", "", "riskdetection"), "riskEventType", "vendor.properties.riskEventType"),
        (("m365", "", "audit"), "Parameters", "vendor.Parameters.Name"),
        (("m365", "", "exchange"), "eventName", "event.action"),
        (("m365", "", "threat_management"), "eventName", "rule.name"),
        (("gcp", "", "google_workspace.login"), "protoPayload.metadata.event.eventName", "event.action"),
        (("gcp", "", "google_workspace.admin"), "new_value", "vendor.parameters.NEW_VALUE"),
        (("okta", "", "okta"), "eventType", "event.action"),
        (("gcp", "", "gcp.audit"), "gcp.audit.method_name", "event.action"),
        (("gcp", "", "gcp.audit"), "data.protoPayload.logName", "gcp.audit.log_name"),
        (("kubernetes", "", "audit"), "objectRef.resource", "vendor.objectRef.resource"),
        (("kubernetes", "", "audit"), "hostPath", "vendor.hostPath"),
        (("", "webserver", ""), "cs-uri-query", "url.original"),
        (("", "dns", ""), "query", "dns.question.name"),
        (("zeek", "", "http"), "id.orig_h", "source.ip"),
        (("acme", "", ""), "message", "message"),
        (("acme", "", ""), "@timestamp", "@timestamp"),
    ],
)
def test_field_names(source: tuple[str, str, str], name: str, field: str) -> None:
    assert naming(LogSource(*source))(name) == field


def record(channel: str, code: Any, **data: Any) -> dict[str, Any]:
    provider = {"#attributes": {"Name": "Some-Provider"}}
    system = {"Channel": channel, "EventID": code, "Provider": provider, "Computer": "pc-1.example.org"}
    system["TimeCreated"] = {"#attributes": {"SystemTime": "2026-03-30T16:01:36.123456Z"}}
    return {"Event": {"System": system, **data}}


def test_levels_and_keywords_are_asked_for_by_name() -> None:
    assert translated("winlog.level", SigmaNumber(2)) == SigmaString("error")
    assert translated("winlog.level", SigmaString("Error")) == SigmaString("Error")
    assert translated("winlog.keywords", SigmaString("0x8010000000000000")) == SigmaString("Audit Failure")
    assert translated("winlog.event_data.Level", SigmaNumber(2)) == SigmaNumber(2)


def test_windows_records_get_the_names_that_rules_ask_for() -> None:
    started = flat_event(record(SYSMON, 1, EventData={"Image": "C:\\a.exe", "User": "X\\y", "Company": "Z"}))
    assert started["process.executable"] == "C:\\a.exe"
    assert started["winlog.event_data.User"] == "X\\y"
    assert started["process.pe.company"] == "Z"
    assert (started["winlog.channel"], started["event.code"]) == (SYSMON, "1")
    connected = flat_event(record(SYSMON, 3, EventData={"Initiated": "true", "DestinationIp": "10.0.0.1"}))
    assert (connected["network.direction"], connected["destination.ip"]) == ("egress", "10.0.0.1")
    classic = flat_event(record("Application", {"#text": 1000}, EventData={"Data": {"#text": ["a", "b"]}}))
    assert (classic["event.code"], classic["winlog.event_data.Data"]) == ("1000", ["a", "b"])
    query = flat_event(record("WMI", 5858, UserData={"Operation_ClientFailure": {"User": "X", "Query": "q"}}))
    assert query["winlog.event_data.Query"] == "q"
    assert query["winlog.provider_name"] == "Some-Provider"


def test_a_rule_about_a_category_alone_needs_a_source_that_has_it() -> None:
    database = LogSource("", "database", "")
    assert is_collected(database, ["linux.auth"])
    assert not is_collected(database, ["linux.auth"], ["authentication", "session"])
    assert is_collected(database, ["postgresql.log"], ["database"])
    assert is_collected(LogSource("linux", "", "sshd"), ["linux.auth"], ["authentication"])
