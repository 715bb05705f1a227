"""What matching with indicators costs: processor time of an event, and memory, by the number of indicators.

Indicators and events are made up, each event with values never seen before, so that no memory helps; the
processor's time is counted, not the clock's. The share of each kind is what public feeds have, roughly.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from bot.bench.figures import BenchError
from rules.intelligence import Claim, IndicatorKind, IndicatorTable

EVENTS = 10_000
"""Of each kind, in one measurement."""
SHARES = (
    (IndicatorKind.IP, 40), (IndicatorKind.DOMAIN, 29), (IndicatorKind.URL, 15), (IndicatorKind.HASH, 15),
    (IndicatorKind.NETWORK, 1),
)  # fmt: skip
"""Of a hundred indicators."""
FAR = 4_000_000_000
_COMMON = {
    "@timestamp": "2026-03-02T09:00:00.000Z", "event.kind": "event", "event.module": "bench",
    "event.dataset": "bench.events", "event.outcome": "success", "host.name": "host-1",
    "ecs.version": "8.17.0",
    "user.name": "alice", "message": "a line of a log " * 6, "log.level": "info", "process.pid": 4711,
}  # fmt: skip


@dataclass(frozen=True)
class IntelligenceResult:
    indicators: int
    bytes: int
    """Resident memory that the table takes."""
    microseconds: dict[str, float]
    """Processor time of one event, by kind of event."""
    bare: dict[str, float]
    """The same with one indicator."""


def run_intelligence(indicators: int) -> IntelligenceResult:
    """Measure. Raises `BenchError` where a table does not find what it should."""
    chance = random.Random(7)
    bare = _measure(_table(1, chance), chance)
    process = psutil.Process()
    before = process.memory_info().rss
    table = _table(indicators, chance)
    taken = process.memory_info().rss - before
    if not table.match({"destination.ip": PLANTED}, 1.0):
        raise BenchError("the table does not find an address that is in it")
    return IntelligenceResult(len(table), taken, _measure(table, chance), bare)


PLANTED = "203.0.113.7"


def _table(count: int, chance: random.Random) -> IndicatorTable:
    table = IndicatorTable()
    claims = (Claim("bench", 90, until=FAR),)
    table.set(IndicatorKind.IP, PLANTED, claims)
    for kind, share in SHARES:
        for number in range(count * share // 100):
            table.set(kind, _VALUES[kind](number, chance), claims)
    return table


def _address(chance: random.Random, first: int, last: int) -> str:
    return f"{chance.randrange(first, last)}." + ".".join(str(chance.randrange(256)) for _ in range(3))


_VALUES: dict[IndicatorKind, Callable[[int, random.Random], str]] = {
    IndicatorKind.IP: lambda _, chance: _address(chance, 11, 100),
    IndicatorKind.DOMAIN: lambda number, chance: f"h{chance.getrandbits(32):x}.d{number}.example.com",
    IndicatorKind.URL: lambda number, chance: (
        f"d{number}.example.org/{chance.getrandbits(64):x}.php?id={number}"
    ),
    IndicatorKind.HASH: lambda number, _: hashlib.sha256(b"%d" % number).hexdigest(),
    IndicatorKind.NETWORK: lambda _, chance: _address(chance, 11, 100).rpartition(".")[0] + ".0/24",
}


def _events(chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    def inside() -> str:
        return "10." + ".".join(str(chance.randrange(256)) for _ in range(3))

    def firewall() -> dict[str, Any]:
        return {"source.ip": inside(), "destination.ip": _address(chance, 11, 220), "destination.port": 443}

    def dns() -> dict[str, Any]:
        name = f"a{chance.getrandbits(40):x}.cdn.example.net"
        return {"source.ip": inside(), "dns.question.name": name,
                "dns.answers.data": [_address(chance, 11, 220)]}  # fmt: skip

    def proxy() -> dict[str, Any]:
        host = f"w{chance.getrandbits(40):x}.example.net"
        return {"source.ip": inside(), "destination.ip": _address(chance, 11, 220), "url.domain": host,
                "url.full": f"https://{host}/a/b?c={chance.getrandbits(30)}"}  # fmt: skip

    def process() -> dict[str, Any]:
        digest = hashlib.sha256(chance.randbytes(8)).hexdigest()
        return {"process.hash.sha256": digest, "process.command_line": "a" * 120}

    made = {"firewall": firewall, "dns": dns, "proxy": proxy, "process": process}
    return {name: [{**_COMMON, **make()} for _ in range(EVENTS)] for name, make in made.items()}


def _measure(table: IndicatorTable, chance: random.Random) -> dict[str, float]:
    found = {}
    for name, events in _events(chance).items():
        started = time.process_time()
        for event in events:
            table.match(event, 1.0)
        found[name] = round((time.process_time() - started) / len(events) * 1e6, 2)
    return found
