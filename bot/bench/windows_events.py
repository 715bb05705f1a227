"""Windows events and rules made up for measuring, always the same ones.

Events are EVTX records as evtx_dump prints them and go through the real normaliser. The easy mix is
what a domain is busy with (logons, connections, handles); the hard one is process creations and script
blocks of which no two values are equal, so that nothing remembered helps.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from integrations.catalogue import source
from integrations.contract import Record
from integrations.recognition import DEFAULT_ORIGIN
from rules.ecs import Document
from rules.rule import RuleText

SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"
WORDS = (
    "invoke expression download string service registry query delete create user group domain computer net "
    "local remote path system32 windows temp appdata public policy bypass hidden encoded command start "
    "process wmic shadow copy schtasks certutil bitsadmin rundll32 regsvr32 mshta cscript powershell cmd"
).split()
HOSTILE_SIZE = 32_768


def _random(seed: int) -> random.Random:
    return random.Random(seed)


def _record(channel: str, code: int, number: int, data: dict[str, Any]) -> dict[str, Any]:
    time = f"2026-03-30T16:{number // 60 % 60:02}:{number % 60:02}Z"
    system = {
        "Channel": channel, "EventID": code, "EventRecordID": number,
        "Computer": f"pc-{number % 40}.example.com",
        "Provider": {"#attributes": {"Name": channel.partition("/")[0]}},
        "TimeCreated": {"#attributes": {"SystemTime": time}},
    }  # fmt: skip
    return {"Event": {"System": system, "EventData": data}}


def _phrase(rng: random.Random, words: int) -> str:
    return " ".join(
        f"{rng.choice(WORDS)}{rng.choice(('', '-', '/'))}{rng.randrange(10**6)}" for _ in range(words)
    )


def _logon(rng: random.Random, number: int) -> dict[str, Any]:
    user = f"user{rng.randrange(50)}"
    network = "198.51.100" if rng.random() < 0.04 else "10.0.0"  # from outside: what rules find
    data = {
        "TargetUserName": user,
        "IpAddress": f"{network}.{rng.randrange(250)}",
        "LogonType": 3,
        "Status": "0x0",
    }
    return _record("Security", 4624, number, data)


def _connection(rng: random.Random, number: int) -> dict[str, Any]:
    image = f"C:\\Program Files\\App{rng.randrange(30)}\\app.exe"
    data = {"Image": image, "DestinationIp": f"198.51.100.{rng.randrange(250)}", "DestinationPort": 443,
            "SourceIp": "192.0.2.7", "Initiated": True, "User": "EXAMPLE\\alice"}  # fmt: skip
    return _record(SYSMON, 3, number, data)


def _access(rng: random.Random, number: int) -> dict[str, Any]:
    data = {"SourceImage": f"C:\\Windows\\System32\\svc{rng.randrange(20)}.exe", "GrantedAccess": "0x1000",
            "TargetImage": "C:\\App\\app.exe", "CallTrace": "C:\\Windows\\ntdll.dll+9d1e4"}  # fmt: skip
    return _record(SYSMON, 10, number, data)


def _creation(rng: random.Random, number: int) -> dict[str, Any]:
    name = f"{rng.choice(WORDS)}{number}.exe"
    data = {
        "Image": f"C:\\Users\\{rng.choice(WORDS)}{number}\\{name}", "OriginalFileName": name,
        "CommandLine": f"{name} {_phrase(rng, 12)}", "CurrentDirectory": f"C:\\Users\\{number}\\",
        "ParentImage": f"C:\\Windows\\System32\\{rng.choice(WORDS)}{number + 1}.exe",
        "ParentCommandLine": _phrase(rng, 8), "User": f"EXAMPLE\\user{number}",
        "Hashes": f"SHA256={rng.getrandbits(256):064X},IMPHASH={rng.getrandbits(128):032X}",
        "IntegrityLevel": "High",
    }  # fmt: skip
    return _record(SYSMON, 1, number, data)


def _script(rng: random.Random, number: int) -> dict[str, Any]:
    data = {
        "ScriptBlockText": _phrase(rng, 60),
        "ScriptBlockId": f"{number:032x}",
        "Path": f"C:\\{number}.ps1",
    }
    return _record(POWERSHELL, 4104, number, data)


_EASY = (_logon, _logon, _connection, _connection, _access, _access, _access, _creation)
_HARD = (_creation, _script)


def easy_records(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield the records of `easy_events`, as evtx_dump prints them."""
    return _made(_EASY, count, seed)


def hard_records(count: int, seed: int = 2) -> Iterator[dict[str, Any]]:
    """Yield the records of `hard_events`, as evtx_dump prints them."""
    return _made(_HARD, count, seed)


def easy_events(count: int, seed: int = 1) -> list[Document]:
    """Return `count` normalised events of what a domain is busy with."""
    return list(normalised(_made(_EASY, count, seed)))


def hard_events(count: int, seed: int = 2) -> list[Document]:
    """Return `count` normalised process creations and script blocks, all values different."""
    return list(normalised(_made(_HARD, count, seed)))


def hostile_events() -> list[Document]:
    """Return events with 32 KB in each field that rules look into, made to be slow to search."""
    units = [
        "a", "\\", "../", "-", "' + '", "powershell -e ", "$env:", "^", "http://", "AAAAA", "(((", "\u212a",
        "`", "0x", '" ', "cmd /c cmd /c ", "\u0130", "[char]", "{0}{1}", "\t", "iex (", ";", "invoke-",
    ]  # fmt: skip
    rng = _random(3)
    texts = [(unit * HOSTILE_SIZE)[:HOSTILE_SIZE] for unit in units]
    texts += [
        _phrase(rng, 4000)[:HOSTILE_SIZE],
        "".join(rng.choice(units) for _ in range(9000))[:HOSTILE_SIZE],
    ]
    records: list[dict[str, Any]] = []
    for number, text in enumerate(texts):
        records.append(_record(POWERSHELL, 4104, 2 * number, {"ScriptBlockText": text, "Path": text}))
        data = {"Image": text, "CommandLine": text, "ParentImage": text, "ParentCommandLine": text}
        records.append(_record(SYSMON, 1, 2 * number + 1, data))
    return list(normalised(records))


def _made(
    kinds: tuple[Callable[[random.Random, int], dict[str, Any]], ...], count: int, seed: int
) -> Iterator[dict[str, Any]]:
    rng = _random(seed)
    for number in range(count):
        yield kinds[number % len(kinds)](rng, seed * 1_000_000 + number)


def normalised(records: Any) -> Iterator[Document]:
    """Yield the documents of records as the source ``windows.evtx`` makes them."""
    normaliser = source("windows.evtx").open(DEFAULT_ORIGIN)
    for number, record in enumerate(records):
        for part, (_, document) in enumerate(
            normaliser.feed(Record(orjson.dumps(record), f"record@{number}"))
        ):
            event = document["event"]
            event.setdefault("id", f"bench-{record['Event']['System']['EventRecordID']}-{part}")
            event.setdefault("dataset", "windows.evtx")
            yield document


def made_up_rules(count: int) -> list[RuleText]:
    """Return `count` rules of the kinds that Windows rules are of: endings, pieces, exclusions."""
    rng = _random(4)
    categories = (
        ("process_creation", ("Image", "CommandLine", "ParentImage", "ParentCommandLine")),
        ("ps_script", ("ScriptBlockText", "ScriptBlockText", "ScriptBlockText", "Path")),
        ("network_connection", ("Image", "DestinationHostname", "Image", "Image")),
        ("process_access", ("SourceImage", "CallTrace", "TargetImage", "SourceImage")),
    )
    texts: list[RuleText] = []
    for number in range(count):
        category, fields = categories[0 if number % 2 else rng.randrange(len(categories))]
        pieces = [f"{rng.choice(WORDS)}{rng.choice((' -', '-', '/'))}{rng.randrange(1000)}" for _ in range(6)]
        images = [rng.choice(WORDS), rng.choice(WORDS)]
        texts.append(
            RuleText(
                f"made-up/{number}.yml",
                f"title: Made up {number}\nid: 00000000-0000-4000-9000-{number:012d}\nlevel: low\n"
                f"logsource: {{product: windows, category: {category}}}\ndetection:\n"
                f"  image:\n    {fields[0]}|endswith: ['\\{images[0]}.exe', '\\{images[1]}.dll']\n"
                f"  line:\n    {fields[1]}|contains|all: ['{pieces[0]}', '{pieces[1]}']\n"
                f"  other:\n    {fields[3]}|contains: ['{pieces[2]}', '{pieces[3]}', '{pieces[4]}']\n"
                f"  known:\n    {fields[2]}|startswith: 'C:\\Program Files\\{pieces[5]}'\n"
                "  condition: (image and line or other) and not known\n",
            )
        )
    return texts
