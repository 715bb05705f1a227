"""Windows' sources: exact copies for rules, arguments, binary files, what the samples can't say."""

from __future__ import annotations

import gzip
import io
import json
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from integrations import catalogue
from integrations.contract import Framing, Record, UnparsedError
from integrations.framing import records_of
from integrations.normalization import normalize_file, normalize_stream
from integrations.pipeline import Pipeline
from integrations.recognition import DEFAULT_ORIGIN, guess_sources
from integrations.windows.command_lines import arguments
from integrations.windows.evtx_samples import SYSMON, event
from integrations.windows.markup import read_markup
from integrations.windows.sysmon import utc
from rules.ecs import flatten
from rules.rule import LogSource
from rules.sigma.fields import WINDOWS, WINDOWS_BY_SOURCE, naming
from tests.integrations.evtx_file import event as binary
from tests.integrations.evtx_file import evtx

OF_SYSTEM = {
    "Channel",
    "Computer",
    "ComputerName",
    "EventID",
    "Keywords",
    "Level",
    "Message",
    "Provider_Name",
}
VALUES = {"Initiated": "egress", "Signed": True, "MessageNumber": 7, "MessageTotal": 7}


def read(name: str, record: object) -> dict[str, Any]:
    normaliser = catalogue.source(name).open(DEFAULT_ORIGIN)
    data = record if isinstance(record, bytes) else orjson.dumps(record)
    ((_, document),) = [*normaliser.feed(Record(data, "f@0")), *normaliser.flush()]
    return flatten(document)


def given(name: str) -> str:
    if name.endswith(("Ip", "Address")):
        return "192.0.2.1"
    return {"Initiated": "true", "Signed": "true"}.get(name, "7")


@pytest.mark.parametrize("name", sorted(set(WINDOWS) - OF_SYSTEM))
def test_what_rules_read_in_ecs_is_copied_there(name: str) -> None:
    flat = read("windows.evtx", event("Any/Log", 1, {name: given(name)}))
    assert flat[WINDOWS[name]] == VALUES.get(name, 7 if name.endswith("Port") else given(name))
    assert flat[f"winlog.event_data.{name}"] == given(name)


LOGS = {
    ("category", "process_creation"): (SYSMON, 1, LogSource("windows", "process_creation", "")),
    ("category", "image_load"): (SYSMON, 7, LogSource("windows", "image_load", "")),
    ("category", "network_connection"): (SYSMON, 3, LogSource("windows", "network_connection", "")),
    ("category", "sysmon_error"): (SYSMON, 255, LogSource("windows", "sysmon_error", "")),
    ("service", "security"): ("Security", 4688, LogSource("windows", "", "security")),
    ("service", "powershell-classic"): (
        "Windows PowerShell",
        1,
        LogSource("windows", "", "powershell-classic"),
    ),
}


@pytest.mark.parametrize("key", sorted(key for key in WINDOWS_BY_SOURCE if WINDOWS_BY_SOURCE[key]))
def test_what_rules_of_one_log_read_in_ecs_is_copied_there(key: tuple[str, str]) -> None:
    channel, code, logsource = LOGS[key]
    for name in WINDOWS_BY_SOURCE[key]:
        flat = read("windows.evtx", event(channel, code, {name: "tcp"}))
        assert flat[naming(logsource)(name)] == "tcp", name


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a b\tc", ["a", "b", "c"]),
        ('"C:\\a b\\c.exe" /x', ["C:\\a b\\c.exe", "/x"]),
        ('x "a b"c d', ["x", "a bc", "d"]),
        (r'x "a\"b" c', ["x", 'a"b', "c"]),
        (r'x "C:\\" y', ["x", "C:\\", "y"]),
        (r"x a\\b", ["x", r"a\\b"]),
        ('x "" y', ["x", "", "y"]),
        ('x "never ends', ["x", "never ends"]),
        ("", []),
    ],
)
def test_arguments_are_cut_as_the_c_runtime_does(line: str, expected: list[str]) -> None:
    assert list(arguments(line)) == expected


def test_a_stream_is_binary_or_json_by_its_first_bytes() -> None:
    lines = b'{"Event": {"System": {}}}\n{"Event": {"System": {}}}\n'
    assert len(list(records_of(iter([lines[:3], lines[3:]]), Framing.EVTX, "f"))) == 2
    binary = b"ElfFile\x00" + bytes(34) + b"\x02\x00" + bytes(5000)
    (record,) = records_of(iter([binary[:2], binary[2:]]), Framing.EVTX, "f")
    assert record.data.startswith(b"a damaged record: the file ends after 5044 bytes")
    assert guess_sources(binary, catalogue.sources())[0].source.name == "windows.evtx"


def test_a_file_of_no_records_is_no_error() -> None:
    assert list(records_of(iter([b""]), Framing.EVTX, "f")) == []


def test_a_publisher_in_its_own_log_is_not_mistaken_for_one_in_system() -> None:
    flat = read("windows.evtx", event("System", 1, {}, provider="Microsoft-Windows-Kernel-General"))
    assert flat["event.action"] == "system-time-changed"
    flat = read("windows.evtx", event("K/Analytic", 1, {}, provider="Microsoft-Windows-Kernel-General"))
    assert "event.action" not in flat


def test_a_long_command_line_takes_time_in_proportion() -> None:
    def seconds(length: int) -> float:
        arguments.cache_clear()
        begun = time.thread_time()
        arguments('\\"' * (length // 2))
        return time.thread_time() - begun

    assert seconds(32_000) < 100 * max(seconds(4_000), 0.0005)


def xml(code: int) -> str:
    sample = catalogue.source("windows.xml").samples[1].record
    whole = sample[sample.index("<Event ") : sample.index("</Event>") + len("</Event>")]
    return whole.replace("4624", str(code))


def codes(events: list[dict[str, Any]]) -> list[str | None]:
    return [flatten(found).get("event.code") for found in events]


def test_xml_is_read_whole_by_lines_and_several_a_record_alike() -> None:
    text = (
        "<?xml version='1.0'?>\n<Events>\n"
        + "\n".join(xml(code) for code in (4624, 4625, 4634))
        + "\n</Events>\n"
    )
    spread = text.replace("><", ">\n<")
    for data, framing in (
        (text, Framing.XML),
        (spread, Framing.XML),
        (spread, Framing.LINES),
        (text, Framing.LINES),
    ):
        pipeline = Pipeline(catalogue.source("windows.xml"), DEFAULT_ORIGIN)
        events = []
        for record in records_of([data[at : at + 7].encode() for at in range(0, len(data), 7)], framing, "f"):
            events += pipeline.feed(record)
        events += pipeline.flush()
        assert codes(events) == ["4624", "4625", "4634"]
        assert len({found["event"]["id"] for found in events}) == 3
    together = f"<Events>{xml(1)}{xml(2)}</Events>".encode()
    assert codes(Pipeline(catalogue.source("windows.xml"), DEFAULT_ORIGIN).feed(Record(together, "f@0"))) == [
        "1",
        "2",
    ]


def test_an_event_that_stops_short_is_held_until_the_end_and_reported() -> None:
    pipeline = Pipeline(catalogue.source("windows.xml"), DEFAULT_ORIGIN)
    assert pipeline.feed(Record(b"<Event><System>", "f@0")) == []
    assert pipeline.held == Record(b"<Event><System>", "f@0")
    (event,) = pipeline.flush()
    assert event["event"]["kind"] == "pipeline_error"
    assert event["event"]["original"] == "<Event><System>"
    assert pipeline.held is None


def test_entities_are_refused_before_they_grow() -> None:
    lines = "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};&a{n - 1};&a{n - 1};">' for n in range(1, 60))
    with pytest.raises(UnparsedError, match="no document type"):
        read_markup(f'<!DOCTYPE x [<!ENTITY a0 "ha">{lines}]><Event>&a59;</Event>')
    with pytest.raises(UnparsedError, match="within elements"):
        read_markup("<Event>" * 5000)


def test_what_a_module_of_winlogbeat_found_counts_and_rules_find_what_it_moved() -> None:
    winlog = {
        "channel": SYSMON,
        "event_id": 1,
        "provider_name": "Microsoft-Windows-Sysmon",
        "event_data": {"A": "1"},
    }
    flat = read(
        "windows.winlogbeat",
        {
            "@timestamp": "2026-03-30T16:01:36.123Z",
            "winlog": winlog,
            "event": {"category": ["process"], "action": "theirs", "outcome": "strange"},
            "user": {"name": "alice", "domain": "EXAMPLE"},
            "process": {"pid": "no number", "hash": {"md5": "ab"}, "pe": {"imphash": "cd"}},
        },
    )
    assert flat["event.action"] == "theirs"
    assert "event.outcome" not in flat
    assert flat["winlog.event_data.User"] == "EXAMPLE\\alice"
    assert flat["winlog.event_data.Hashes"] == "MD5=AB,IMPHASH=CD"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"EventTime": "2026-03-30 12:01:36"}, "2026-03-30T12:01:36.000Z"),
        ({"EventTime": "2026-03-30T12:01:36+02:00"}, "2026-03-30T10:01:36.000Z"),
        (
            {"EventTime": "2026-03-30 12:01:36", "@timestamp": "2026-03-30T16:01:39.000Z"},
            "2026-03-30T16:01:36.000Z",
        ),
        (
            {
                "EventTime": "2026-03-30 12:01:36",
                "EventReceivedTime": "2026-03-30 12:50:00",
                "@timestamp": "2026-03-30T16:50:01.000Z",
            },
            "2026-03-30T16:01:36.000Z",
        ),
        ({"@timestamp": "2026-03-30T16:01:39.000Z"}, "2026-03-30T16:01:39.000Z"),
    ],
)
def test_nxlog_times_without_a_zone_are_read_with_what_the_record_tells(
    entry: dict[str, str], expected: str
) -> None:
    flat = read("windows.nxlog", {"EventID": 1, "Channel": "X", "SourceName": "Y"} | entry)
    assert flat["@timestamp"] == expected


def test_a_binary_log_is_read_packed_or_not_from_a_file_or_a_pipe(tmp_path: Path) -> None:
    data = evtx([binary(4624, TargetUserName="bob", LogonType="3"), binary(4625, TargetUserName="bob")])
    source = catalogue.source("windows.evtx")
    plain, packed = tmp_path / "Security.evtx", tmp_path / "Security.evtx.gz"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    written = []
    for path in (plain, packed):
        output = io.BytesIO()
        tally = normalize_file(source, path, output, DEFAULT_ORIGIN)
        assert (tally.records, tally.events, tally.unparsed) == (2, 2, 0)
        written.append([orjson.loads(line) for line in output.getvalue().splitlines()])
    output = io.BytesIO()
    normalize_stream(source, io.BytesIO(data), output, DEFAULT_ORIGIN)
    written.append([orjson.loads(line) for line in output.getvalue().splitlines()])
    for events in written:
        assert [found["event"]["action"] for found in events] == ["logged-in", "logon-failed"]
        assert events[0]["winlog"]["logon"] == {"type": "Network"}
    assert [found["event"]["id"] for found in written[0]] == [found["event"]["id"] for found in written[1]]
    assert guess_sources(data, catalogue.sources())[0].source.name == "windows.evtx"


def test_a_damaged_binary_record_costs_that_record_and_is_reported() -> None:
    data = bytearray(evtx([binary(code, A="x" * 40) for code in (4624, 4625, 4634)]))
    second = data.index(b"**\0\0", data.index(b"**\0\0") + 4)
    data[second + 40 : second + 60] = b"\xff" * 20
    pipeline = Pipeline(catalogue.source("windows.evtx"), DEFAULT_ORIGIN)
    events = [
        found for record in records_of([bytes(data)], Framing.EVTX, "f") for found in pipeline.feed(record)
    ]
    assert sorted(code for code in codes(events) if code) == ["4624", "4634"]
    (fault,) = [found for found in events if found["event"]["kind"] == "pipeline_error"]
    assert "a damaged record" in fault["error"]["message"]


def test_records_are_found_inside_what_tools_put_around_them() -> None:
    bare = event(SYSMON, 1, {"Image": "C:\\a.exe"})
    wanted = read("windows.evtx", bare)
    for around in (
        {"event_record_id": 7, "timestamp": "2026-03-30T16:01:36Z", "data": json.dumps(bare)},
        {"data": bare},
        {"case": "x", "record": bare},
    ):
        assert read("windows.evtx", around) == wanted
        assert (
            guess_sources(json.dumps(around).encode(), catalogue.sources())[0].source.name == "windows.evtx"
        )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-30 16:01:36.100", "2026-03-30T16:01:36.100Z"),
        ("2026-03-3  16:01:36.100", None),
        ("2026-W13-1 16:01:36.100", None),
        ("2026-03-30 16:1 :36.100", None),
        ("2026-02-30 16:01:36.100", None),
    ],
)
def test_a_time_of_sysmon_is_taken_as_it_is_written_or_not_at_all(written: str, read: str | None) -> None:
    assert utc(written) == read
