"""Sources in YAML: they read, they test themselves, and every fault is named at once."""

from __future__ import annotations

import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from integrations.contract import Origin, Record, Source
from integrations.definitions import SourceFileError, load_folder, load_source, source_schema
from integrations.definitions.patterns import DEFINITIONS, Pattern, PatternError
from integrations.pipeline import Pipeline
from integrations.recognition import check_samples, guess_sources
from rules.ecs import flatten

ORIGIN = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))
GATEWAY = """
    name: acme.gateway
    title: Acme's gateway
    documentation: "Acme: log format"
    format: pattern
    patterns:
      - "%{ISO8601:time} %{VERB:verb} user=%{NOTSPACE:who} from %{IP:peer} bytes=%{INT:size}"
      - "%{ISO8601:time} %{VERB:verb} %{GREEDYDATA:rest}"
    definitions: {VERB: "LOGIN|REFUSED|GET"}
    ignore: ["# "]
    timestamp: {field: time}
    fields:
      source.ip: peer
      source.bytes: {from: size, multiply: 1024}
      user.name: {from: who, lower: true}
      url.original: rest
      event.outcome: {from: verb, map: {LOGIN: success, REFUSED: failure}}
    when:
      - if: {verb: [LOGIN, REFUSED]}
        fields: {event.category: {value: authentication}}
    tests:
      - record: 2026-03-30T16:01:36Z LOGIN user=Alice from 203.0.113.7 bytes=2
        expect: {user.name: alice, source.bytes: 2048, event.category: [authentication]}
      - record: 2026-03-30 18:01:36 GET https://example.org/a.html?b
        timezone: Europe/Berlin
        expect: {"@timestamp": "2026-03-30T16:01:36.000Z", url.domain: example.org, event.category: null}
    """


def load(text: str) -> Source:
    return load_source(textwrap.dedent(text), "sources/acme.yaml")


def read(source: Source, line: str) -> dict[str, Any]:
    (event,) = Pipeline(source, ORIGIN).feed(Record(line.encode(), "f@0"))
    return flatten(event)


def test_a_pattern_source_reads_its_own_tests() -> None:
    assert check_samples(load(GATEWAY)) == []


def test_a_wrong_expectation_is_a_fault_with_both_values() -> None:
    (fault,) = check_samples(load(GATEWAY.replace("user.name: alice", "user.name: bob")))
    assert (fault.field, fault.expected, fault.found) == ("user.name", "bob", "alice")


def test_a_line_of_syslog_gives_host_and_the_rest_is_read() -> None:
    event = read(
        load(GATEWAY),
        "<38>Mar 30 16:01:37 gw acme[7]: 2026-03-30T16:01:36Z REFUSED user=bob from 2001:db8::7 bytes=0",
    )
    assert event["host.name"] == "gw"
    assert event["source.ip"] == "2001:db8::7"
    assert event["@timestamp"] == "2026-03-30T16:01:36.000Z"


def test_what_does_not_fit_is_kept_with_the_reason_and_what_is_ignored_is_not() -> None:
    event = read(load(GATEWAY), "nonsense")
    assert event["event.kind"] == "pipeline_error"
    assert "none of its 2 patterns fits" in event["error.message"]
    assert Pipeline(load(GATEWAY), ORIGIN).feed(Record(b"# nonsense", "f@0")) == []


@pytest.mark.parametrize(
    ("body", "line", "expected"),
    [
        (
            "format: json\nfields: {user.name: actor.name, source.ip: [ip, addr], event.duration: {from: ms, multiply: 1000000}}",
            '{"actor": {"name": "alice"}, "addr": "203.0.113.7", "ms": 1.5}',
            {"user.name": "alice", "source.ip": "203.0.113.7", "event.duration": 1_500_000},
        ),
        (
            "format: csv\ncolumns: [when, who, tags]\ntimestamp: {field: when, formats: '%d.%m.%Y %H:%M:%S'}\n"
            "fields: {user.name: who, tags: {from: tags, split: ';'}}",
            '30.03.2026 16:01:36,"Smith, A.",a; b',
            {"user.name": "Smith, A.", "tags": ["a", "b"], "@timestamp": "2026-03-30T16:01:36.000Z"},
        ),
        (
            "format: keyvalue\nfields: {destination.port: dpt, event.severity: {from: sev, default: 1}}",
            "a=b dpt=22",
            {"destination.port": 22, "event.severity": 1, "vendor.a": "b"},
        ),
        (
            "format: cef\nfields: {rule.name: Rule, source.ip: src}",
            "CEF:0|A|B|1|7|n|5|src=203.0.113.7 cs1Label=Rule cs1=x",
            {"rule.name": "x", "source.ip": "203.0.113.7", "source.address": "203.0.113.7"},
        ),
        (
            "format: leef\nfields: {user.name: usrName}",
            "LEEF:1.0|A|B|1|7|usrName=bob\tx=y",
            {"user.name": "bob", "vendor.eventId": "7"},
        ),
    ],
)
def test_each_notation_is_read(body: str, line: str, expected: dict[str, Any]) -> None:
    head = "name: acme.log\ntitle: t\ndocumentation: d\ntests: [{record: x, expect: {a: 1}}]\n"
    event = read(load_source(head + body, "f"), line)
    assert {field: event.get(field) for field in expected} == expected


def test_every_fault_is_named_at_once_with_its_place() -> None:
    text = textwrap.dedent(
        """
        name: acme.bad
        title: t
        documentation: d
        format: pattern
        patterns: ["%{IPX:peer}", "%{WORD:verb} (?<=x)", "%{word:x}"]
        fields:
          source.ip: pear
          event.category: {value: [authn]}
          event.id: verb
          Bad Field: verb
        timestamp: {field: when, formats: yesterday}
        tests:
          - {record: a, expect: {x: 1}, timezone: Mars/Phobos}
        """
    )
    with pytest.raises(SourceFileError) as caught:
        load_source(text, "bad.yaml")
    said = str(caught.value)
    for piece in (
        "bad.yaml:6:12: there is no pattern IPX",
        "RE2 does not read",
        "'%{word:x}' is no %{NAME}",
        "no record has a part 'pear'",
        "'authn' is no allowed value of event.category",
        "event.id is set by the pipeline",
        "'Bad Field' is no name of an ECS field",
        "'yesterday' is no form of a time",
        "'Mars/Phobos' is no IANA time zone",
    ):
        assert piece in said, piece


def test_unknown_and_missing_keys_are_named() -> None:
    with pytest.raises(SourceFileError) as caught:
        load_source("name: a.b\ntitel: t\nformat: json\nfields: {user.name: {form: x}}\n", "bad.yaml")
    said = str(caught.value)
    assert "unknown key 'titel'" in said
    assert "did you mean 'title'?" in said
    assert "'documentation' is missing" in said
    assert "did you mean 'from'?" in said


def test_a_folder_gives_all_its_sources_and_all_its_faults(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(textwrap.dedent(GATEWAY))
    assert [source.name for source in load_folder(tmp_path)] == ["acme.gateway"]
    (tmp_path / "b.yml").write_text(textwrap.dedent(GATEWAY))
    (tmp_path / "c.yml").write_text("just text")
    with pytest.raises(SourceFileError, match=r"another file has a source 'acme\.gateway'") as caught:
        load_folder(tmp_path)
    assert "c.yml:1:1: expected a source" in str(caught.value)


def test_no_pattern_hangs_on_hostile_text() -> None:
    pattern = Pattern("(%{DATA:a}a+)+b%{GREEDYDATA:c}")
    begun = time.thread_time()
    assert pattern.read("a" * 4_000) is None
    short = time.thread_time() - begun
    begun = time.thread_time()
    assert pattern.read("a" * 32_000) is None
    assert time.thread_time() - begun < 40 * max(short, 0.001)


def test_definitions_that_refer_in_a_circle_are_refused() -> None:
    with pytest.raises(PatternError, match="circle"):
        Pattern("%{A:x}", {"A": "%{B}", "B": "%{A}"})


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_each_named_pattern_compiles(name: str) -> None:
    assert Pattern(f"%{{{name}:x}}").names == ("x",)


@given(text=st.text(max_size=60))
def test_any_text_as_a_file_is_refused_with_a_place(text: str) -> None:
    with pytest.raises(SourceFileError) as caught:  # no such text is a whole source
        load_source(text, "f")
    assert caught.value.faults


def test_the_schema_accepts_what_loads() -> None:
    schema = source_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(textwrap.dedent(GATEWAY)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "a.b", "titel": "x"}, schema)


def test_a_source_of_ones_own_is_guessed() -> None:
    line = b"2026-03-30T16:01:36Z LOGIN user=Alice from 203.0.113.7 bytes=2\n"
    assert [guess.source.name for guess in guess_sources(line, [load(GATEWAY)])] == ["acme.gateway"]
