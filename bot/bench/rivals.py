"""The same rules on the same events in programs of others: rsigma (Rust) and ElastAlert 2.

Both are installed by whoever measures: named are rsigma's program, and the Python of the environment in which
ElastAlert 2 is. Nothing here needs them otherwise.

rsigma reads the events with Sigma's own field names as JSON lines, its log source routing on; we read the ECS
documents, which hold most values twice. Processor time of all threads is compared, in rounds over ever new
events, in each the other one first; the round with the middle ratio stands for all. What it costs to start
and to warm up is taken off: theirs is the slope between few and many events, we match the few first.
Matching alone is what is left without reading: theirs is measured with a single rule, so a little of its
matching goes off with it, ours is JSON and flattening only. How often each rule matched is compared, too.
ElastAlert 2 gets our own queries as its filters, over the events in the store, in its debug mode, in which
it writes nothing, rule after rule. What the later rules of a sample cost is scaled to all.
https://docs.rs/crate/rsigma/latest, https://elastalert2.readthedocs.io/en/latest/
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import yaml

from bot.bench.figures import BenchError
from bot.bench.windows_events import easy_records, hard_records, normalised
from integrations.opensearch.mapping import properties
from rules.ecs import flatten
from rules.rule import RuleText
from rules.sigma import Matcher, QueryError, gate_of, kinds_of, query_of
from workers.garbage import rare_collections

FEW = 2_000
MIXES = {"easy": (easy_records, 42_000), "hard": (hard_records, 12_000)}
"""The mixes of events, and how many events of them; the first `FEW` warm up."""
ROUNDS = 5
PAGE = 1_000
SPAN = ("2026-03-30T16:00:00Z", "2026-03-30T18:00:00Z")
"""When the events happened."""
STEPS = (50, 100, 200)
"""The seconds after so many rules of ElastAlert 2 give what one costs."""
LIMIT = 900
"""Seconds after which a program of others is given up."""
REFUSED = 0.05
"""The share of queries that the engine may refuse ElastAlert 2, as it does with patterns too large for it."""


@dataclass(frozen=True)
class Rival:
    """What the same work costs, in seconds."""

    name: str
    ours: float
    theirs: float
    remark: str

    @property
    def ratio(self) -> float:
        """How often theirs goes into ours: below 1 we are the faster."""
        return self.ours / self.theirs


def against_rsigma(program: Path, texts: Sequence[RuleText], matcher: Matcher, seed: int = 60) -> list[Rival]:
    """Match the same events of each mix with both, `ROUNDS` times. Raises BenchError."""
    with tempfile.TemporaryDirectory(prefix="siem-bench-") as place:
        folder = Path(place)
        for name, rules in (("all", [text.text for text in texts]), ("one", [_ONE_RULE])):
            (folder / name).mkdir()
            for number, text in enumerate(rules):
                (folder / name / f"{number}.yml").write_text(text)
        rounds = {
            mix: [
                _round(program, folder, matcher, list(made(count, seed + turn)), turn % 2 == 0)
                for turn in range(ROUNDS)
            ]
            for mix, (made, count) in MIXES.items()
        }
    return [_summed(mix, len(texts), each) for mix, each in rounds.items()]


def _summed(mix: str, rules: int, rounds: list[_Round]) -> Rival:
    rounds.sort(key=lambda one: one.ratio)
    least, middle, most = rounds[0], rounds[len(rounds) // 2], rounds[-1]
    ours, theirs = (spent.matching + spent.reading for spent in (middle.ours, middle.theirs))
    remark = (
        f"{MIXES[mix][1] - FEW:,} events, {rules:,} rules, matching alone, the middle of {ROUNDS} rounds "
        f"from {least.ratio:.3g} to {most.ratio:.3g}; with reading JSON lines {theirs:.2f} s where ours took "
        f"{ours:.2f} s, {ours / theirs:.3g} of theirs; {_difference(middle.theirs.found, middle.ours.found)}"
    )
    return Rival(f"rsigma, the {mix} mix", middle.ours.matching, middle.theirs.matching, remark)


@dataclass(frozen=True)
class _Spent:
    """Seconds of processor time for the same events, and how often each rule matched."""

    matching: float
    reading: float
    found: Counter[str]


@dataclass(frozen=True)
class _Round:
    ours: _Spent
    theirs: _Spent

    @property
    def ratio(self) -> float:
        return self.ours.matching / self.theirs.matching


def _round(
    program: Path, folder: Path, matcher: Matcher, records: Sequence[dict[str, Any]], they_begin: bool
) -> _Round:
    if they_begin:
        theirs = _their_seconds(program, folder, records)
        return _Round(_our_seconds(matcher, records), theirs)
    return _Round(_our_seconds(matcher, records), _their_seconds(program, folder, records))


def _difference(theirs: Counter[str], ours: Counter[str]) -> str:
    if theirs == ours:
        return f"both found the same {ours.total():,} matches"
    apart = [f"{name}: {theirs[name]} and {ours[name]}" for name in sorted({*theirs, *ours})
             if theirs[name] != ours[name]]  # fmt: skip
    return f"they found {theirs.total():,} matches, ours {ours.total():,} ({', '.join(apart[:5])})"


_ONE_RULE = """
title: What reading costs
id: 6c2f3f0e-5a39-4d0a-9f39-0a5f0a1c7b11
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image: nothing}
  condition: selection
level: low
"""


def _their_seconds(program: Path, folder: Path, records: Sequence[dict[str, Any]]) -> _Spent:
    few, many = folder / "few.ndjson", folder / "many.ndjson"
    few.write_bytes(b"\n".join(_sigma_lines(records[:FEW])) + b"\n")
    many.write_bytes(b"\n".join(_sigma_lines(records)) + b"\n")
    warm, _ = _run_rsigma(program, folder / "all", few)
    seconds, found = _run_rsigma(program, folder / "all", many)
    reading = _run_rsigma(program, folder / "one", many)[0] - _run_rsigma(program, folder / "one", few)[0]
    return _Spent(seconds - warm - reading, reading, found)


def _our_seconds(matcher: Matcher, records: Sequence[dict[str, Any]]) -> _Spent:
    lines = [orjson.dumps(document) for document in normalised(records)]
    matches = matcher.match_all([flatten(orjson.loads(line)) for line in lines[:FEW]])
    matching = reading = 0.0
    with rare_collections():
        for place in range(FEW, len(lines), PAGE):
            started = time.process_time()
            events = [flatten(orjson.loads(line)) for line in lines[place : place + PAGE]]
            read = time.process_time()
            matches += matcher.match_all(events)
            reading += read - started
            matching += time.process_time() - read
    return _Spent(matching, reading, Counter(rule.id for _, rule in matches))


_KINDS = {
    ("Microsoft-Windows-Sysmon/Operational", 1): {"category": "process_creation"},
    ("Microsoft-Windows-Sysmon/Operational", 3): {"category": "network_connection"},
    ("Microsoft-Windows-Sysmon/Operational", 10): {"category": "process_access"},
    ("Microsoft-Windows-PowerShell/Operational", 4104): {"category": "ps_script"},
    ("Security", 4624): {"service": "security"},
}
"""Which log source of Sigma an event belongs to."""


def _sigma_lines(records: Sequence[dict[str, Any]]) -> list[bytes]:
    lines = []
    for record in records:
        system, data = record["Event"]["System"], record["Event"]["EventData"]
        kind = _KINDS[system["Channel"], system["EventID"]]
        event = {**data, "EventID": system["EventID"], "Channel": system["Channel"],
                 "Computer": system["Computer"], "product": "windows", **kind}  # fmt: skip
        lines.append(orjson.dumps(event))
    return lines


def _run_rsigma(program: Path, rules: Path, events: Path) -> tuple[float, Counter[str]]:
    """Return the seconds it took, and how often each rule matched."""
    asked = [str(program), "engine", "eval", "-r", str(rules), "-e", f"@{events}", "--input-format", "json"]
    asked += ["--logsource-routing", "--output-format", "ndjson", "--quiet"]
    started = _spent()
    try:
        done = subprocess.run(asked, capture_output=True, check=False, timeout=LIMIT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"{program} did not run: {error}") from error
    if done.returncode:
        raise BenchError(f"{program} failed: {done.stderr.decode(errors='replace')[-400:]}")
    seconds = _spent() - started
    return seconds, Counter(orjson.loads(line).get("rule_id", "") for line in done.stdout.splitlines())


def _spent() -> float:
    """Seconds of processor time of all programs that were run and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True)
class Asked:
    """What a rule costs ElastAlert 2."""

    each: float
    """Seconds."""
    remark: str


async def against_elastalert(python: Path, url: str, matcher: Matcher) -> Asked:
    """Ask the store with ElastAlert 2 what a sample of the rules finds in all events. Raises BenchError."""
    queries = _queries(matcher)[:: max(1, len(matcher.detections) // (2 * STEPS[-1]))][: STEPS[-1]]
    if len(queries) < STEPS[-1]:
        raise BenchError(f"{STEPS[-1]} rules with a query are needed, {len(queries)} have one")
    with tempfile.TemporaryDirectory(prefix="siem-bench-") as place:
        _write_elastalert(Path(place), url, queries)
        at, refused = await asyncio.to_thread(_run_elastalert, python, Path(place))
    seconds = {count: at[count - 1] for count in STEPS}
    each = (seconds[STEPS[-1]] - seconds[STEPS[0]]) / (STEPS[-1] - STEPS[0])
    told = ", ".join(f"{count}: {spent:.1f} s" for count, spent in seconds.items())
    return Asked(each, f"scaled from {told}{f'; the engine refused {refused}' if refused else ''}")


def _queries(matcher: Matcher) -> list[tuple[str, dict[str, Any]]]:
    kinds = kinds_of(properties())
    found = []
    for detection, tree in matcher.compiled():
        if detection.logsource.product != "windows":
            continue
        try:
            found.append((detection.id, query_of(tree, gate_of(detection.logsource), kinds)))
        except QueryError:
            continue
    return found


def _write_elastalert(folder: Path, url: str, queries: Sequence[tuple[str, dict[str, Any]]]) -> None:
    address = urlsplit(url)
    (folder / "rules").mkdir()
    settings = {
        "rules_folder": str(folder / "rules"), "run_every": {"hours": 1}, "buffer_time": {"days": 1},
        "es_host": address.hostname, "es_port": address.port, "writeback_index": "elastalert_status",
        "alert_time_limit": {"days": 1}, "max_threads": os.cpu_count() or 1,
    }  # fmt: skip
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    for name, query in queries:
        rule = {"name": name, "type": "any", "index": "logs-*", "filter": [query], "alert": ["debug"]}
        (folder / "rules" / f"{name}.yaml").write_text(json.dumps(rule))


_DRIVER = """
import json, sys, time
from elastalert.elastalert import ElastAlerter
from elastalert.util import ts_to_dt
alerter = ElastAlerter(["--config", sys.argv[1], "--debug"])
first, last = ts_to_dt(sys.argv[2]), ts_to_dt(sys.argv[3])
found, at, started = 0, [], time.perf_counter()
for rule in alerter.rules:
    found += alerter.run_rule(rule, last, first)
    at.append(time.perf_counter() - started)
print(json.dumps({"found": found, "at": at, "failed": len(alerter.rules) - len(at)}))
"""
"""What ElastAlert 2 does on its schedule: run each rule over a time, one after another."""


def _run_elastalert(python: Path, folder: Path) -> tuple[list[float], int]:
    """Return after how many seconds each rule was done, and how many of them the engine refused."""
    asked = [str(python), "-c", _DRIVER, str(folder / "config.yaml"), *SPAN]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=LIMIT, cwd=folder)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"{python} did not run ElastAlert 2: {error}") from error
    if done.returncode:
        raise BenchError(f"ElastAlert 2 failed: {done.stderr[-600:]}")
    at: list[float] = json.loads(done.stdout.splitlines()[-1])["at"]
    refused = [line for line in done.stderr.splitlines() if "Error running query" in line]
    if len(refused) > REFUSED * len(at):
        raise BenchError(f"the engine refused ElastAlert 2 {len(refused)} queries, first: {refused[0][:600]}")
    return at, len(refused)
