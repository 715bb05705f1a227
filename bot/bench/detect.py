"""`siem bench detect`: what it costs to match new events against all rules, each part apart.

A tick does what the sweep's does up to the alerts: it asks which events are new, fetches, matches and
writes, on a real OpenSearch of its own. Matching alone is measured without one. Everything is one
process, as the sweep is, but for memory and the start from the cache: those are a fresh process's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bot.bench.figures import BenchError, Load, LoadWatch
from bot.bench.rivals import Rival, against_elastalert, against_rsigma
from bot.bench.windows_events import easy_events, hard_events, hostile_events, made_up_rules
from integrations.opensearch import OpenSearchStores, connect, keep_keyring
from rules.correlation import plan_correlations
from rules.ecs import Document, flatten
from rules.rule import RuleText
from rules.sigma import LoadedRules, Matcher
from workers.detection import Detection
from workers.engines import Engines, Progress
from workers.garbage import rare_collections
from workers.rule_files import compile_texts, library_texts
from workers.rule_import import Selection, choose, read_release

MADE_UP = 3000
TURNS = 5
PAIRS = 11
UNUSED = "127.0.0.1:1"
TARGETS: dict[str, float] = {
    "tick of 1,000, s": 0.3, "tick of 10,000, s": 2.0, "hard mix, ms an event": 1.0,
    "hostile event, ms at worst": 100.0, "twice the rules": 1.3, "four times the history": 1.1,
    "memory, MB": 300.0, "ready from the cache, s": 5.0,
}  # fmt: skip


@dataclass(frozen=True)
class DetectOptions:
    rules: Path | None = None
    """A release of Sigma rules; None: the library's and made-up ones."""
    short: bool = False
    """A tenth of the events, no engine: for continuous integration."""
    rsigma: Path | None = None
    """The program rsigma, to match the same with it."""
    elastalert: Path | None = None
    """The Python of an environment with ElastAlert 2, to ask the same with it; not in the short form."""


@dataclass
class Tick:
    """One tick, seconds."""

    events: int
    alerts: int
    parts: dict[str, float]

    @property
    def seconds(self) -> float:
        return sum(self.parts.values())


@dataclass
class DetectResult:
    rules: int
    not_converted: int
    figures: dict[str, float] = field(default_factory=dict)
    """By the names of TARGETS; what was not measured is missing."""
    matching: dict[str, float] = field(default_factory=dict)
    """Milliseconds that matching alone takes, by what."""
    ticks: list[Tick] = field(default_factory=list)
    rivals: list[Rival] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Why others could not be measured; what else was measured stands."""
    load: Load | None = None


async def run_detect(
    options: DetectOptions, report: Callable[[Progress], None], tell: Callable[[str], None]
) -> DetectResult:
    """Measure. Raises `BenchError`, `EngineError` or `RuleImportError`."""
    watch = LoadWatch()
    texts = rule_texts(options)
    scale = 10 if options.short else 1
    with tempfile.TemporaryDirectory(prefix="siem-bench-") as folder:
        data = Path(folder)
        tell("compiling the rules")
        loaded = compile_texts(texts, data)
        result = DetectResult(
            rules=len(loaded.matcher.detections),
            not_converted=len({fault.path for fault in (*loaded.rules.faults, *loaded.matcher.faults)}),
        )
        tell(f"matching alone, {result.rules:,} rules")
        measure_matching(loaded, result, scale)
        _measure_process(options, data, result, 10_000 // scale)
        if options.rsigma is not None:
            tell("the same with rsigma")
            try:
                result.rivals += against_rsigma(options.rsigma, texts, loaded.matcher)
            except BenchError as error:
                result.faults.append(str(error))
        if not options.short:
            tell("ticks on a store")
            async with Engines(data / "engines", report, temporal_address=UNUSED, heap_mb=1024) as engines:
                await _measure_ticks(
                    engines.addresses.opensearch_url, data, loaded, result, options.elastalert
                )
    result.load = watch.read()
    return result


def rule_texts(options: DetectOptions) -> list[RuleText]:
    if options.rules is None:
        return [*library_texts(), *made_up_rules(MADE_UP)]
    return choose(read_release(options.rules), Selection()).texts


def measure_matching(loaded: LoadedRules, result: DetectResult, scale: int) -> None:
    """Measure matching alone: mixes of events, hostile ones, and half of the rules against all."""
    matcher = loaded.matcher
    easy = [flatten(event) for event in easy_events(10_000 // scale)]
    hard = [flatten(event) for event in hard_events(4_000 // scale)]
    warm = [flatten(event) for event in (*easy_events(500, 8), *hard_events(500, 9))]
    matcher.match_all(warm)  # groups and programs are made when first needed
    few = easy[: max(100, len(easy) // 10)]
    result.matching["1,000 events of the easy mix"] = _timed(matcher, few) * 1e3 * 1000 / len(few)
    result.matching["10,000 events of the easy mix"] = _timed(matcher, easy) * 1e3 * 10_000 / len(easy)
    hard_seconds = _timed(matcher, hard)
    result.figures["hard mix, ms an event"] = hard_seconds * 1e3 / len(hard)
    result.figures["hostile event, ms at worst"] = 1e3 * max(
        min(_timed(matcher, [event]) for _ in range(3)) for event in map(flatten, hostile_events())
    )
    result.matching["1,000 events of the hard mix"] = hard_seconds * 1e3 * 1000 / len(hard)
    if matcher.troubles:
        raise BenchError(
            f"a rule was taken out: {matcher.troubles[0].rule.name}, {matcher.troubles[0].reason}"
        )


def _timed(matcher: Matcher, events: Sequence[dict[str, Any]]) -> float:
    started = time.perf_counter()
    matcher.match_all(events)
    return time.perf_counter() - started


def _measure_process(options: DetectOptions, data: Path, result: DetectResult, events: int) -> None:
    """Start a fresh process: how long until it has the rules, and how large it is after a day's work."""
    asked = [str(options.rules or ""), str(data), str(events)]
    done = subprocess.run(
        [sys.executable, "-m", "bot.bench.detect", *asked], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchError(f"the fresh process failed: {done.stderr.strip()[-400:]}")
    found = json.loads(done.stdout)
    result.figures["ready from the cache, s"] = found["ready"]
    result.figures["memory, MB"] = found["megabytes"]


def fresh_process(rules: str, data: str, events: str) -> dict[str, float]:
    """What the fresh process does: take the rules from the cache, match, say how large it is."""
    texts = rule_texts(DetectOptions(Path(rules) if rules else None))
    started = time.perf_counter()
    matcher = compile_texts(texts, Path(data)).matcher
    ready = time.perf_counter() - started
    matcher.match_all(map(flatten, (*easy_events(int(events)), *hard_events(int(events) // 2))))
    return {"ready": ready, "megabytes": psutil.Process().memory_info().rss / 1e6}


async def _measure_ticks(
    url: str, data: Path, loaded: LoadedRules, result: DetectResult, elastalert: Path | None
) -> None:
    detection = Detection(matcher=loaded.matcher, plan=plan_correlations(loaded.rules), faults=())
    stores = await connect(url, keyring=keep_keyring(data / "keys"))
    try:
        await stores.setup()
        await _fill(stores, easy_events(1000, 20))
        asked = None
        if elastalert is not None:
            try:
                asked = await against_elastalert(elastalert, url, loaded.matcher)
            except BenchError as error:
                result.faults.append(str(error))
        await _fill(stores, easy_events(1000, 21))
        after: Any = {}
        _, after = await _tick(stores, detection, after)
        ticks: dict[int, list[Tick]] = {1000: [], 10_000: []}
        seed = 30
        for count, turns in ((1000, TURNS), (10_000, 2), (1000, TURNS)):
            for _ in range(turns):
                seed += 1
                await _fill(stores, easy_events(count, seed))
                tick, after = await _tick(stores, detection, after)
                ticks[count].append(tick)
        small = ticks[1000]
        result.figures["tick of 1,000, s"] = median(tick.seconds for tick in small)
        if asked is not None:
            scaled = asked.each * result.rules
            ours = result.figures["tick of 1,000, s"]
            result.rivals.append(Rival("ElastAlert 2", ours, scaled, f"1,000 events; {asked.remark}"))
        result.figures["tick of 10,000, s"] = median(tick.seconds for tick in ticks[10_000])
        result.ticks = [_middle(small), _middle(ticks[10_000])]
        before = [await _fresh(stores, detection, seed + turn) for turn in range(1, TURNS + 1)]
        result.figures["twice the rules"] = await _doubling(stores, loaded)
        stored = 2000 + 10 * 1000 + 2 * 10_000 + (TURNS + 2 * PAIRS + 2) * 1000
        for start in range(0, 3 * stored, 10_000):
            await _fill(stores, easy_events(10_000, 1000 + start // 10_000))
        later = [await _fresh(stores, detection, seed + 100 + turn) for turn in range(TURNS)]
        result.figures["four times the history"] = median(later) / median(before)
    finally:
        await stores.close()


async def _doubling(stores: OpenSearchStores, loaded: LoadedRules) -> float:
    """Return what a tick over 1,000 events costs with all rules over with every other one.

    The rules that fire on these events are in both: an alert costs the same however many rules there are.
    Most of a tick is the engine's and varies, so each pair of ticks is compared for itself, now the one first
    and now the other, and the middle of the ratios counts.
    """
    plan = plan_correlations(loaded.rules)
    every = loaded.matcher.compiled()
    fired = {rule.id for _, rule in loaded.matcher.match_all(map(flatten, easy_events(3000, 899)))}
    some = [pair for place, pair in enumerate(every) if place % 2 == 0 or pair[0].id in fired]
    half, whole = (Detection(matcher=Matcher(rules), plan=plan, faults=()) for rules in (some, every))
    for one in (half, whole):  # groups are made when first needed
        await _fresh(stores, one, 900)
    ratios = []
    for turn in range(PAIRS):
        order = (half, whole) if turn % 2 else (whole, half)
        first, second = [await _fresh(stores, one, 901 + 2 * turn + at) for at, one in enumerate(order)]
        ratios.append(second / first if turn % 2 else first / second)
    return median(ratios)


async def _fresh(stores: OpenSearchStores, detection: Detection, seed: int) -> float:
    after = await stores.events.checkpoints()
    await _fill(stores, easy_events(1000, seed))
    tick, _after = await _tick(stores, detection, dict(after))
    return tick.seconds


async def _fill(stores: OpenSearchStores, events: list[Document]) -> None:
    await stores.events.write(events)


async def _tick(stores: OpenSearchStores, detection: Detection, after: Any) -> tuple[Tick, dict[str, int]]:
    parts = {"look": 0.0, "fetch": 0.0, "match": 0.0, "write": 0.0}
    last = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        parts[name] += now - last
        last = now

    upto = await stores.events.checkpoints()
    lap("look")
    seen, alerts = 0, []
    with rare_collections():
        async for page in stores.events.between(after, upto):
            lap("fetch")
            seen += len(page)
            alerts += await detection.see(page, stores.events, stores.alerts, datetime.now(UTC))
            lap("match")
    lap("fetch")
    await stores.alerts.create(alerts)
    lap("write")
    return Tick(seen, len(alerts), parts), dict(upto)


def _middle(ticks: Sequence[Tick]) -> Tick:
    return sorted(ticks, key=lambda tick: tick.seconds)[len(ticks) // 2]


if __name__ == "__main__":
    print(json.dumps(fresh_process(*sys.argv[1:])))
