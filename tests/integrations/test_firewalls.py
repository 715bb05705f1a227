"""Firewall logs and rules about them: what a firewall's event must be so that Sigma's rules find it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.catalogue import source
from integrations.contract import Origin, Record
from integrations.pipeline import Pipeline
from rules.ecs import flatten
from rules.rule import RuleText, parse_rules
from rules.sigma import compile_rules

RULES = """
title: Telnet Was Let Through
logsource: {category: firewall}
detection:
  selection: {dst_port: 23}
  passed: {action: [accept, forward]}
  also: {blocked: "false"}
  condition: selection and (passed or also)
---
title: FortiGate Administrator Added
logsource: {product: fortigate, service: event}
detection: {selection: {action: Add, cfgpath: system.admin}, condition: selection}
---
title: Cisco Disk Formatted
logsource: {product: cisco, service: aaa}
detection: {words: [format, erase], condition: words}
---
title: Malware Seen
logsource: {category: antivirus}
detection: {selection: {Signature|contains: eicar}, condition: selection}
"""
CONFIGURED = (
    'date=2026-03-30 time=16:01:36 devname="fw" devid="FG1" logid="0100044547" type="event" subtype="system" '
    'level="information" eventtime=1774886496 user="admin" action="Add" cfgpath="system.admin" cfgobj="bob"'
)
ACCEPTED = (
    'date=2026-03-30 time=16:01:36 devname="fw" devid="FG1" logid="0000000013" type="traffic" subtype="forward" '
    "eventtime=1774886496 srcip=192.0.2.10 srcport=40000 dstip=203.0.113.80 dstport=23 proto=6 action={}"
)
BUILT = "%ASA-6-302013: Built {} TCP connection 7 for outside:203.0.113.7/23 (203.0.113.7/23) to inside:192.0.2.10/23 (192.0.2.10/23)"
FILTERED = "Mar 30 16:01:36 filterlog[1]: 5,,,1000000103,igb0,match,{},out,4,0x0,,64,1,0,none,6,tcp,72,192.0.2.10,203.0.113.80,40000,23,52"
TRAFFIC = (
    "1,2026/03/30 16:01:36,0123,TRAFFIC,end,2049,2026/03/30 16:01:36,192.0.2.10,203.0.113.80,,,r,,,telnet,vsys1,a,b,e1,e2,f,"
    "2026/03/30 16:01:36,9,1,40000,23,0,0,0x0,tcp,{},78,78,0,1,2026/03/30 16:01:36,0,any"
)
SESSION = "Mar 30 16:01:36 srx RT_FLOW: RT_FLOW_SESSION_{}: session {} 192.0.2.10/40000->203.0.113.80/23 0x0 junos-telnet {}6{} p trust untrust{}"
DROPPED = 'id=firewall sn=1 time="2026-03-30 16:01:36" fw=198.51.100.1 pri=5 c=64 m={} msg="x" src=192.0.2.10:40000:X0 dst=203.0.113.80:23:X1 proto=tcp/telnet fw_action="{}"'
VIRUS = (
    'date=2026-03-30 time=16:01:36 devname="fw" devid="FG1" logid="0211008192" type="utm" subtype="virus" '
    'eventtime=1774886496 action="blocked" virus="EICAR_TEST_FILE" filename="a.com"'
)


def event(name: str, line: str) -> dict[str, Any]:
    pipeline = Pipeline(source(name), Origin(received=datetime(2026, 4, 20, tzinfo=UTC)))
    (document,) = pipeline.feed(Record(line.encode(), "f@0"))
    return flatten(document)


def found(name: str, line: str) -> list[str]:
    parsed = parse_rules([RuleText("firewalls.yml", RULES)])
    matcher = compile_rules(parsed.detections)
    assert (parsed.faults, matcher.faults) == ((), ())
    return [rule.title for rule in matcher.match(event(name, line))]


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("fortinet.fortigate", ACCEPTED.format("accept"), True),
        ("fortinet.fortigate", ACCEPTED.format("deny"), False),
        ("cisco.asa", BUILT.format("inbound"), True),
        ("cisco.asa", '%ASA-4-106023: Deny tcp src in:192.0.2.10/4 dst out:203.0.113.7/23 by access-group "a"', False),
        ("pfsense.log", FILTERED.format("pass"), True),
        ("pfsense.log", FILTERED.format("block"), False),
        ("panw.panos", TRAFFIC.format("allow"), True),
        ("panw.panos", TRAFFIC.format("deny"), False),
        ("juniper.srx", SESSION.format("CREATE", "created", "192.0.2.10/4->203.0.113.80/23 0x0 N/A N/A N/A N/A ", "", " 7"), True),
        ("juniper.srx", SESSION.format("DENY", "denied", "", "(0)", ""), False),
        ("sonicwall.firewall", DROPPED.format(98, "forward"), True),
        ("sonicwall.firewall", DROPPED.format(36, "drop"), False),
        ("checkpoint.firewall", '[action:"Accept"; product:"VPN-1 & FireWall-1"; dst:"203.0.113.80"; service:"23"; proto:"6"]', True),
        ("checkpoint.firewall", '[action:"Drop"; product:"VPN-1 & FireWall-1"; dst:"203.0.113.80"; service:"23"; proto:"6"]', False),
    ],
)  # fmt: skip
def test_a_rule_about_what_was_let_through_knows_each_firewall(name: str, line: str, expected: bool) -> None:
    assert ("Telnet Was Let Through" in found(name, line)) is expected


def test_a_rule_reads_the_words_of_the_vendor() -> None:
    assert found("fortinet.fortigate", CONFIGURED) == ["FortiGate Administrator Added"]
    assert found("fortinet.fortigate", VIRUS) == ["Malware Seen"]


def test_words_that_no_log_said_wake_no_rule() -> None:
    """ "format" is in the name of a severity, "informational"."""
    command = "%PARSER-{}-CFGLOG_LOGGEDCMD: User:alice  logged command:{}"
    assert event("cisco.ios", command.format(6, "hostname x"))["log.level"] == "informational"
    assert found("cisco.ios", command.format(6, "hostname x")) == []
    assert found("cisco.ios", command.format(5, "format flash:")) == ["Cisco Disk Formatted"]
    assert found("cisco.ios", "%SYS-5-RESTART: the word format outside of a command") == []
