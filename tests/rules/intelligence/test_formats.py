"""What lists, STIX and MISP say is taken as meant, and what is not taken is told."""

from __future__ import annotations

from typing import Any

import pytest

from rules.intelligence import (
    IndicatorKind,
    IndicatorValueError,
    ListError,
    canonical_value,
    guess,
    read_attributes,
    read_event,
    read_list,
    read_objects,
)
from rules.intelligence.patterns import PatternError, values_of_pattern

K = IndicatorKind


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("203.0.113.7", K.IP, "203.0.113.7"),
        ("203[.]0[.]113[.]7", K.IP, "203.0.113.7"),
        ("203.0.113[.7", K.IP, "203.0.113.7"),
        ("203.0.113.7:8080", K.IP, "203.0.113.7"),
        ("203.0.113.7/32", K.IP, "203.0.113.7"),
        ("203.0.113.7/24", K.NETWORK, "203.0.113.0/24"),
        ("2001:DB8::0:1", K.IP, "2001:db8::1"),
        ("::ffff:203.0.113.7", K.IP, "203.0.113.7"),
        ("hxxps[:]//Evil(.)example[.]com/A?b", K.URL, "evil.example.com/A?b"),
        ("HXXP://evil.example:80", K.URL, "evil.example/"),
        ("fxp://evil.example/x", K.URL, "ftp://evil.example/x"),
        ("evil.example.com/path", K.URL, "evil.example.com/path"),
        ("evil[dot]example[dot]com", K.DOMAIN, "evil.example.com"),
        ("*.Evil.example.com.", K.DOMAIN, "evil.example.com"),
        ("bücher.example", K.DOMAIN, "xn--bcher-kva.example"),
        ("eve[at]evil[.]example", K.EMAIL, "eve@evil.example"),
        ("D" * 64, K.HASH, "d" * 64),
    ],
)
def test_a_value_is_known_by_its_form(text: str, kind: IndicatorKind, value: str) -> None:
    assert guess(text) == (kind, value)
    assert canonical_value(kind, value if kind is not K.URL or "://" in value else f"http://{value}") == value


@pytest.mark.parametrize(
    "text",
    ["10.0.0.7", "127.0.0.1", "fe80::1", "192.168.0.0/24", "0.0.0.0/0", "::/0", "203.0.0.0/7", "localhost",
     "1.2.3", "d41d8cd98f00b204e9800998ecf8427e", "hello world", "", "a" * 3000, "evil..example", "ff02::1",
     "http://", "@example.com", "-.example"],
)  # fmt: skip
def test_what_would_match_anything_or_nothing_is_refused(text: str) -> None:
    with pytest.raises(IndicatorValueError):
        guess(text)


LIST = """\ufeff# a feed
203.0.113.7   # seen today
; old style
hxxp://evil[.]example/a

0.0.0.0 ads.evil.example other.evil.example # sink
||adware.example^
203.0.113.16-203.0.113.31
203.0.113.7
10.1.1.1
garbage here
"""


def test_a_list_is_read_line_by_line() -> None:
    taken = read_list(LIST)
    assert [(one.kind, one.value) for one in taken.indicators] == [
        (K.IP, "203.0.113.7"),
        (K.URL, "evil.example/a"),
        (K.DOMAIN, "ads.evil.example"),
        (K.DOMAIN, "other.evil.example"),
        (K.DOMAIN, "adware.example"),
        (K.NETWORK, "203.0.113.16/28"),
    ]
    assert taken.skipped == 2
    assert [where for where, _ in taken.reasons] == ["line 10", "line 11"]
    assert "private" in taken.reasons[0][1]


CSV = """# feed
# "first_seen","ip_address","port"
"2026-03-01","203.0.113.7","443"
"2026-03-01","192.0.2.9","8080"
"""


def test_a_column_of_csv_is_read_by_number_or_name() -> None:
    for column in (2, "ip_address", "IP_Address"):
        taken = read_list(CSV, column=column)
        assert [one.value for one in taken.indicators] == ["203.0.113.7", "192.0.2.9"]
    semicolons = read_list("name;hash\nx;" + "a" * 64, column="hash", separator=";", kind=K.HASH)
    assert [one.value for one in semicolons.indicators] == ["a" * 64]
    with pytest.raises(ListError, match=r"no column 'address'.*ip, port"):
        read_list("ip,port\n203.0.113.7,1", column="address")
    with pytest.raises(ListError, match="empty"):
        read_list("", column="address")


def test_a_list_of_one_kind_takes_no_other() -> None:
    taken = read_list("203.0.113.7\nevil.example\n203.0.113.0/28", kind=K.IP)
    assert [one.value for one in taken.indicators] == ["203.0.113.7", "203.0.113.0/28"]
    assert taken.reasons == [("line 2", "'evil.example' is no address and no network")]


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("[ipv4-addr:value = '203.0.113.7']", ["203.0.113.7"]),
        ("[ipv4-addr:value='203.0.113.0/24']", ["203.0.113.0/24"]),
        ("[ipv4-addr:value ISSUBSET '203.0.113.0/24']", ["203.0.113.0/24"]),
        ("[domain-name:value IN ('a.example', 'b.example')]", ["a.example", "b.example"]),
        ("[url:value = 'http://evil.example/it\\'s']", ["evil.example/it's"]),
        (
            "[ipv4-addr:value = '203.0.113.7' OR domain-name:value = 'a.example']",
            ["203.0.113.7", "a.example"],
        ),
        (
            "[ipv4-addr:value = '203.0.113.7'] OR [url:value = 'http://a.example/']",
            ["203.0.113.7", "a.example/"],
        ),
        ("([email-addr:value = 'eve@a.example']) WITHIN 300 SECONDS", ["eve@a.example"]),
        (f"[file:hashes.MD5 = '{'a' * 32}' AND file:name = 'x.exe']", ["a" * 32]),
        (
            f"[file:hashes.'SHA-256' = '{'a' * 64}' OR file:hashes.'SHA-1' = '{'b' * 40}']",
            ["a" * 64, "b" * 40],
        ),
        ("[network-traffic:dst_ref.value = '203.0.113.7']", ["203.0.113.7"]),
        ("[domain-name:value = 'a.example' OR file:name = 'x']", ["a.example"]),
    ],
)
def test_values_of_stix_patterns(pattern: str, values: list[str]) -> None:
    assert [value for _, value in values_of_pattern(pattern)] == values


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("[ipv4-addr:value = '203.0.113.7' AND network-traffic:dst_port = 443]", "several things"),
        ("[ipv4-addr:value = '203.0.113.7'] AND [domain-name:value = 'a.example']", "several observations"),
        ("[ipv4-addr:value = '203.0.113.7'] FOLLOWEDBY [domain-name:value = 'a.example']", "after another"),
        ("[ipv4-addr:value = '203.0.113.7'] REPEATS 5 TIMES", "repetitions"),
        ("[ipv4-addr:value != '203.0.113.7']", "what is not"),
        ("[ipv4-addr:value NOT IN ('203.0.113.7')]", "no STIX pattern|what is not"),
        ("[domain-name:value LIKE '%.example']", "single values"),
        ("[domain-name:value MATCHES 'e']", "single values"),
        (
            "[(ipv4-addr:value = '203.0.113.7' OR url:value = 'http://a.example') AND file:name = 'x']",
            "several",
        ),
        ("[file:hashes.SSDEEP = 'x']", "not compared"),
        ("[ipv4-addr:value = '10.0.0.7']", "private"),
        ("[ipv4-addr:value = ", "no STIX pattern"),
        ("", "no STIX pattern"),
    ],
)
def test_patterns_without_single_values_say_why(pattern: str, why: str) -> None:
    with pytest.raises(PatternError, match=why):
        values_of_pattern(pattern)


def _indicator(**more: Any) -> dict[str, Any]:
    return {
        "type": "indicator", "spec_version": "2.1", "id": "indicator--1", "pattern_type": "stix",
        "pattern": "[ipv4-addr:value = '203.0.113.7']", "valid_from": "2026-03-01T00:00:00Z", **more,
    }  # fmt: skip


def test_stix_objects() -> None:
    taken = read_objects(
        [
            _indicator(
                confidence=85, name="C2", valid_until="2026-04-01T00:00:00Z",
                indicator_types=["malicious-activity"],
                object_marking_refs=["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"],
                external_references=[{"source_name": "x", "url": "https://example.com/report"}],
            ),
            _indicator(id="indicator--2", revoked=True),
            _indicator(id="indicator--3", pattern_type="yara"),
            _indicator(id="indicator--4", indicator_types=["benign"]),
            _indicator(id="indicator--5", valid_from="yesterday"),
            {"type": "malware", "id": "malware--1"},
            7,
        ]
    )  # fmt: skip
    one, two = taken.indicators
    assert (one.confidence, one.tlp, one.name, one.reference) == (
        85,
        "amber",
        "C2",
        "https://example.com/report",
    )
    assert str(one.valid_until) == "2026-04-01 00:00:00+00:00"
    assert (two.external, two.revoked, two.confidence) == ("indicator--2", True, None)
    assert [where for where, _ in taken.reasons] == [
        "indicator--3",
        "indicator--4",
        "indicator--5",
        "object 7",
    ]


def _attribute(kind: str, value: str, **more: Any) -> dict[str, Any]:
    return {"uuid": f"u-{value}", "type": kind, "value": value, "to_ids": True, **more}


def test_attributes_of_misp() -> None:
    taken = read_attributes(
        [
            _attribute("ip-dst|port", "203.0.113.7|443", Tag=[{"name": "tlp:amber"}],
                       Event={"info": "Campaign", "uuid": "e-1", "Tag": [{"name": "tlp:green"}]}),
            _attribute("domain|ip", "evil.example|192.0.2.9", comment="staging"),
            _attribute("filename|sha256", "x.exe|" + "a" * 64,
                       Tag=[{"name": 'misp:confidence-level="fairly-confident"'}]),
            _attribute("url", "hxxp://evil.example/a", deleted=True),
            _attribute("ip-src", "192.0.2.1", to_ids=False),
            _attribute("ip-src", "192.0.2.2", warnings=[{"warninglist_name": "public DNS"}]),
            _attribute("mutex", "abc"),
            _attribute("ip-src", "10.0.0.1"),
        ]
    )  # fmt: skip
    assert [(one.kind.value, one.value) for one in taken.indicators] == [
        ("ip", "203.0.113.7"), ("domain", "evil.example"), ("ip", "192.0.2.9"), ("hash", "a" * 64),
        ("url", "evil.example/a"),
    ]  # fmt: skip
    assert (taken.indicators[0].tlp, taken.indicators[0].name) == ("amber", "Campaign")
    assert (taken.indicators[3].confidence, taken.indicators[4].revoked) == (50, True)
    assert [why for _, why in taken.reasons] == [
        "MISP does not mark it for detection (to_ids)",
        "it is on the warning list public DNS",
        "attributes of type mutex are not compared with events",
        "10.0.0.1 is a private, local or reserved address",
    ]
    event = {"uuid": "e-2", "info": "x", "Attribute": [_attribute("md5", "b" * 32)],
             "Object": [{"Attribute": [_attribute("sha1", "c" * 40)]}]}  # fmt: skip
    assert [one.value for one in read_event(event).indicators] == ["b" * 32, "c" * 40]
