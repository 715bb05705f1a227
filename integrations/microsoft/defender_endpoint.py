"""``microsoft.defender_endpoint``: alerts of Defender for Endpoint, by its own API.

Format: https://learn.microsoft.com/defender-endpoint/api/alerts
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample, UnparsedError
from integrations.endpoints import put_account, put_command, put_sums, put_threat
from integrations.fields import add, categorise, integer, mapping, objects, put, put_new, text
from integrations.microsoft.evidence import MOST, SEVERITIES, joined_path, put_image
from integrations.normalisers import json_source
from integrations.text import address
from integrations.times import Times
from integrations.web import put_path, put_url
from rules.ecs import Document, parse_timestamp


def _read(entry: dict[str, Any], times: Times) -> Document:
    if "machineId" not in entry and "alertCreationTime" not in entry:
        raise UnparsedError("expected machineId and alertCreationTime")
    category = text(entry.get("category"))
    document: Document = {}
    malware = category == "Malware" or bool(text(entry.get("threatFamilyName")))
    categorise(
        document,
        ("host", "malware") if malware else ("host",),
        ("access", "start"),
        kind="alert",
        action=category,
    )
    created, first, last = (
        times.any(entry.get(name)) for name in ("alertCreationTime", "firstEventTime", "lastEventTime")
    )
    document["@timestamp"] = times.required(times.any(entry.get("lastUpdateTime")), created, last, first)
    put(document, "event.start", first)
    put(document, "event.end", last)
    if first and last:
        seconds = (parse_timestamp(last) - parse_timestamp(first)).total_seconds()
        put(document, "event.duration", int(seconds * 1_000_000_000) if seconds >= 0 else None)
    put(document, "event.severity", SEVERITIES.get((text(entry.get("severity")) or "").lower()))
    put(document, "event.provider", "defender_endpoint")
    put(document, "event.timezone", "UTC")
    put(document, "message", text(entry.get("description")))
    put(document, "rule.name", text(entry.get("title")))
    put(document, "rule.description", text(entry.get("title")))
    put(document, "rule.id", text(entry.get("detectorId")))
    put(document, "rule.category", category)
    put_threat(
        document, (), entry["mitreTechniques"] if isinstance(entry.get("mitreTechniques"), list) else ()
    )
    put(document, "threat.framework", "MITRE ATT&CK")
    if category:
        put_new(document, "threat.technique.name", [category])
        put_threat(document, (category,))
    put(
        document,
        "threat.indicator.name",
        text(entry.get("threatName")) or text(entry.get("threatFamilyName")),
    )
    put(document, "cloud.provider", "azure")
    put(document, "cloud.account.id", text(entry.get("aadTenantId") or entry.get("tenantId")))
    put(document, "cloud.instance.id", text(entry.get("machineId")))
    name = text(entry.get("computerDnsName"))
    put(document, "host.name", name)
    put(document, "host.hostname", name)
    put(document, "host.id", text(entry.get("machineId")))
    put(document, "observer.vendor", "Microsoft")
    put(document, "observer.product", "Defender for Endpoint")
    put(document, "observer.name", text(entry.get("detectionSource")))
    user = mapping(entry.get("relatedUser"))
    put_account(document, "user", user.get("userName"))
    put(document, "user.domain", text(user.get("domainName")))
    for account in objects(entry.get("loggedOnUsers"))[:50]:
        add(document, "related.user", text(account.get("accountName")))
    for item in objects(entry.get("evidence"))[:MOST]:
        _take(item, times, document)
    document["vendor"] = entry
    return document


def _take(item: dict[str, Any], times: Times, document: Document) -> None:
    """Set what a piece of evidence names; of several of a kind the first counts."""
    kind = text(item.get("entityType"))
    if kind in ("Process", "File") and (sums := [text(item.get(name)) for name in ("sha1", "sha256")]):
        add(document, "related.hash", [sum for sum in sums if sum])
    if kind == "Process" and "process" not in document:
        put(document, "process.pid", integer(item.get("processId")))
        put_command(document, "process", item.get("processCommandLine"))
        put(document, "process.start", times.any(item.get("processCreationTime")))
        put_image(document, "process", item.get("filePath"), item.get("fileName"))
        put_sums(document, "process", item.get("sha1"), item.get("sha256"))
        put(document, "process.parent.pid", integer(item.get("parentProcessId")))
        put(document, "process.parent.start", times.any(item.get("parentProcessCreationTime")))
        put_image(
            document, "process.parent", item.get("parentProcessFilePath"), item.get("parentProcessFileName")
        )
    elif kind == "File" and "file" not in document:
        put_path(document, "file", joined_path(item.get("filePath"), item.get("fileName")))
        put(document, "file.name", text(item.get("fileName")))
        put_sums(document, "file", item.get("sha1"), item.get("sha256"))
    elif kind == "Ip" and (ip := address(text(item.get("ipAddress")) or "")):
        add(document, "related.ip", ip)
        if "source" not in document:
            put(document, "source.ip", ip)
            put(document, "source.address", ip)
    elif kind == "Url" and "url" not in document:
        put_url(document, item.get("url"))
    elif kind in ("RegistryKey", "RegistryValue") and "registry" not in document:
        put(document, "registry.hive", text(item.get("registryHive")))
        put(document, "registry.key", text(item.get("registryKey")))
        put(document, "registry.value", text(item.get("registryValueName")))
        put(document, "registry.data.type", text(item.get("registryValueType")))
        put(
            document, "registry.data.strings", [found] if (found := text(item.get("registryValue"))) else None
        )
    if account := text(item.get("accountName")):
        add(document, "related.user", account)
        put_new(document, "user.name", account)
        if document["user"]["name"] == account:
            put_new(document, "user.domain", text(item.get("domainName")))
            put_new(document, "user.id", text(item.get("userSid")))
            put_new(document, "user.email", text(item.get("userPrincipalName")))


def _recognise(entry: dict[str, Any]) -> bool:
    return "machineId" in entry and "alertCreationTime" in entry


def _sample(expect: dict[str, Any], **entry: Any) -> Sample:
    usual: dict[str, Any] = {
        "id": "da1_2", "incidentId": 12, "severity": "Medium", "status": "New", "detectionSource": "WindowsDefenderAtp",
        "category": "DefenseEvasion", "title": "Suspicious process", "description": "A process did what it should not.",
        "alertCreationTime": "2026-03-30T16:02:00.1234567Z", "firstEventTime": "2026-03-30T16:01:36.1Z",
        "lastEventTime": "2026-03-30T16:01:37.1Z", "lastUpdateTime": "2026-03-30T16:03:00Z", "machineId": "m1",
        "computerDnsName": "pc-1.example.org", "aadTenantId": "t1", "detectorId": "d1", "mitreTechniques": ["T1055", "T1059.001"],
        "relatedUser": {"userName": "alice", "domainName": "EXAMPLE"}, "evidence": [],
    }  # fmt: skip
    return Sample(orjson.dumps(usual | entry).decode(), {"event.kind": "alert"} | expect)


DEFENDER_ENDPOINT = json_source(
    "microsoft.defender_endpoint",
    "Microsoft Defender for Endpoint alerts",
    "https://learn.microsoft.com/defender-endpoint/api/alerts",
    _read,
    _recognise,
    (
        _sample(
            {"event.category": ["host"], "event.action": "DefenseEvasion", "event.severity": 3, "event.duration": 1_000_000_000,
             "@timestamp": "2026-03-30T16:03:00.000Z", "threat.technique.id": ["T1055", "T1059"], "user.name": "alice",
             "threat.technique.subtechnique.id": ["T1059.001"], "threat.tactic.id": ["TA0005"], "host.name": "pc-1.example.org",
             "host.id": "m1", "cloud.account.id": "t1", "process.pid": 4711, "process.name": "x.exe", "process.parent.name": "cmd.exe",
             "process.executable": "C:\\t\\x.exe", "process.hash.sha1": "ab" * 20, "source.ip": "203.0.113.7", "user.domain": "EXAMPLE",
             "rule.name": "Suspicious process", "related.user": ["bob", "alice"]},
            loggedOnUsers=[{"accountName": "bob", "domainName": "EXAMPLE"}],
            evidence=[
                {"entityType": "User", "accountName": "alice", "domainName": "EXAMPLE", "userSid": "S-1-5-21-1-2-3-1001"},
                {"entityType": "Process", "fileName": "x.exe", "filePath": "C:\\t", "processId": 4711, "processCommandLine": "x.exe -q",
                 "parentProcessId": 12, "parentProcessFileName": "cmd.exe", "parentProcessFilePath": "C:\\w", "sha1": "ab" * 20},
                {"entityType": "Ip", "ipAddress": "203.0.113.7"},
            ],
        ),
        _sample(
            {"event.category": ["host", "malware"], "event.severity": 1, "file.path": "C:\\t\\eicar.com", "file.hash.sha256": "ef" * 32,
             "threat.indicator.name": "EICAR_Test_File", "threat.technique.name": ["Malware"], "url.domain": "www.example.org",
             "user.name": None},
            category="Malware", severity="Informational", threatName="EICAR_Test_File", mitreTechniques=[], relatedUser=None,
            evidence=[{"entityType": "File", "fileName": "eicar.com", "filePath": "C:\\t", "sha256": "ef" * 32},
                      {"entityType": "Url", "url": "http://www.example.org/eicar.com"}],
        ),
        _sample({"@timestamp": "2026-03-30T16:02:00.123Z", "event.severity": None}, lastUpdateTime=None, severity="UnSpecified"),
    ),
)  # fmt: skip
