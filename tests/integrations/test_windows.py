"""Windows' sources: exact copies for rules, arguments, binary files, what the samples can't say."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from integrations import catalogue
from integrations.contract import Framing, Record
from integrations.framing import records_of
from integrations.recognition import DEFAULT_ORIGIN, guess_sources
from integrations.windows.command_lines import arguments
from integrations.windows.evtx_samples import SYSMON, event
from rules.ecs import flatten
from rules.rule import LogSource
from rules.sigma.fields import WINDOWS, WINDOWS_BY_SOURCE, naming

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
        begun = time.perf_counter()
        arguments('\\"' * (length // 2))
        return time.perf_counter() - begun

    assert seconds(32_000) < 100 * max(seconds(4_000), 0.0005)
