"""Benchmarks: figures of this machine, with what it was doing meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import fail, print_json, print_table, progress_printer, say, tell
from bot.commands.site import Json, run

if TYPE_CHECKING:
    from bot.bench.figures import Spread
    from bot.bench.latency import LatencyResult


def latency(
    incidents: Annotated[int, typer.Option(help="How many incidents are measured.", min=1)] = 100,
    pace: Annotated[
        float | None, typer.Option(help="Seconds from one incident to the next.", min=0.0)
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Keep everything in this folder.", file_okay=False)
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="Block with nftables on real hosts in namespaces, over SSH; needs root."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Measure log line to message in Slack, and click to verified block, on an installation of its own."""
    from bot.bench.break_in import MOST
    from bot.bench.latency import LIVE_FIRST, PACE, LatencyOptions, run_latency

    most = LIVE_FIRST - 1 if live else MOST - 1
    if incidents > most:
        raise CommandError(f"--incidents: there are addresses for {most}, not {incidents}", MISUSED)
    options = LatencyOptions(incidents=incidents, pace=PACE if pace is None else pace, data=data, live=live)
    result = run(run_latency(options, progress_printer(), tell))
    if as_json:
        print_json(result)
    else:
        _print(result, "click to kernels" if live else "click to firewall")
    if result.faults:
        for fault in result.faults:
            fail(fault)
        raise typer.Exit(FAILED)


def _print(result: LatencyResult, witness: str) -> None:
    rows = [
        _row("line to message", result.line_to_message, result.targets["line to message"]),
        _row("click to block", result.click_to_block, result.targets["click to block"]),
        _row(witness, result.click_to_feed),
        _row("click to answer", result.click_to_answer),
        _row("bare update and activity", result.bare),
        *(_row(f"  {name}", stage) for name, stage in result.stages.items()),
    ]
    print_table(("measured", "n", "p50", "p99", "longest", "target p99", ""), rows)
    say(f"A click costs {result.ratio:g} bare updates with an activity on the same Temporal (medians).")
    load = result.load
    say(
        f"The machine: {load.cores} cores, {load.busy:.0%} in use, load {load.before:g} before and "
        f"{load.after:g} after. One incident each {result.pace:g} s."
    )


def _row(name: str, found: Spread, target: float | None = None) -> list[object]:
    met = "" if target is None else "met" if found.p99 <= target else "missed"
    return [
        name, found.n, _say(found.p50), _say(found.p99), _say(found.longest),
        "" if target is None else _say(target), met,
    ]  # fmt: skip


def _say(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def ecs(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    named: Annotated[
        list[str] | None, typer.Option("--as", help="MODULE.FILESET=SOURCE, where the names differ.")
    ] = None,
    module: Annotated[list[str] | None, typer.Option(help="Only these modules.")] = None,
    show: Annotated[int, typer.Option(help="Differences shown of each module.", min=0)] = 5,
    at_least: Annotated[float, typer.Option(help="The mean that must be reached.", min=0.0, max=1.0)] = 0.97,
    as_json: Json = False,
) -> None:
    """Score the sources against logs with expected ECS documents: FOLDER/MODULE/FILESET/LOG and
    LOG-expected.json."""
    from bot.bench.ecs_score import find_pairs, mean, score_pairs

    names: dict[str, str] = {}
    for text in named or ():
        name, equals, source = text.partition("=")
        if not equals:
            raise CommandError(f"--as {text}: write MODULE.FILESET=SOURCE", MISUSED)
        names[name] = source
    pairs = [pair for pair in find_pairs(folder, names) if not module or pair.module in module]
    if not pairs:
        raise CommandError(f"{folder} has no pairs: expected MODULE/FILESET/LOG and LOG-expected.json")
    scores = score_pairs(pairs)
    whole = mean(scores)
    if as_json:
        print_json({"mean": whole, "modules": scores})
    else:
        print_table(
            ("module", "leaves", "equal", "share"),
            [[name, one.leaves, one.equal, f"{one.share:.3f}"] for name, one in sorted(scores.items())],
        )
        for name, one in sorted(scores.items()):
            for error in one.errors:
                say(f"{name}: {error}")
            for reason, count in one.dated.most_common():
                say(f"{name}: {count} not counted: {reason}")
            for difference in one.differences[:show]:
                say(
                    f"{name}: {difference.log} event {difference.event}: {difference.field}: "
                    f"expected {difference.expected!r}, found {difference.found!r}"
                )
        say(f"mean of {len(scores)} modules: {whole:.4f}")
    if whole < at_least:
        raise typer.Exit(FAILED)


def detect(
    rules: Annotated[
        Path | None,
        typer.Option(help="A release of Sigma rules; none: the program's own and made-up ones.", exists=True),
    ] = None,
    short: Annotated[bool, typer.Option(help="A tenth of the events, and no engine.")] = False,
    rsigma: Annotated[
        Path | None, typer.Option(help="The program rsigma, to match the same with it.", exists=True)
    ] = None,
    elastalert: Annotated[
        Path | None,
        typer.Option(help="The Python of an environment with ElastAlert 2, to ask the same.", exists=True),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure matching new Windows events against all rules: fetch, match, write, memory, ratios."""
    from bot.bench.detect import TARGETS, DetectOptions, run_detect
    from bot.bench.figures import BenchError
    from workers.rule_import import RuleImportError

    try:
        result = run(run_detect(DetectOptions(rules, short, rsigma, elastalert), progress_printer(), tell))
    except (BenchError, RuleImportError) as error:
        raise CommandError(str(error)) from error
    if as_json:
        print_json({"result": result, "targets": TARGETS})
        _fail_for(result.faults)
        return
    say(f"{result.rules:,} rules; {result.not_converted} files hold one that can't take part.")
    rows = [
        [name, f"{value:,.2f}", f"{TARGETS[name]:g}", "met" if value <= TARGETS[name] else "missed"]
        for name, value in result.figures.items()
    ]
    print_table(("measured", "value", "target", ""), rows)
    print_table(("matching alone", "ms"), [[name, f"{ms:,.1f}"] for name, ms in result.matching.items()])
    ticks = [
        [tick.events, tick.alerts, *(f"{seconds * 1000:,.0f} ms" for seconds in tick.parts.values())]
        for tick in result.ticks
    ]
    if ticks:
        print_table(("events of a tick", "alerts", "look", "fetch", "match", "write"), ticks)
    for rival in result.rivals:
        say(
            f"{rival.name}: {rival.theirs:,.2f} s where ours took {rival.ours:,.2f} s, "
            f"{rival.ratio:.4g} of theirs ({rival.remark})."
        )
    if result.load:
        say(f"The machine: {result.load.cores} cores, {result.load.busy:.0%} in use.")
    _fail_for(result.faults)


def _fail_for(faults: Sequence[str]) -> None:
    for fault in faults:
        tell(fault)
    if faults:
        raise typer.Exit(FAILED)


INGEST_SHARE, INGEST_BYTES, INGEST_MEMORY = 0.70, 1.6, 1.1
SHORT_SHARE, SHORT_BYTES, SHORT_MEMORY = 0.35, 2.0, 1.3
"""For the short form, in which starting and ending weigh more, on a machine that does other things too."""
UDP_SECONDS, UDP_SHORT_SECONDS = 4.0, 0.5
"""At each rate."""
INGEST_LINES, MEMORY_LINES, SHORT_LINES = 200_000, 1_000_000, 16_000


def ingest(
    lines: Annotated[
        int | None, typer.Option(help="Lines in all; none: 200,000, with --memory a million.", min=100)
    ] = None,
    rounds: Annotated[int, typer.Option(help="How often it is measured.", min=1)] = 4,
    memory: Annotated[
        bool, typer.Option("--memory", help="Measure the collector's memory over many lines instead.")
    ] = False,
    udp: Annotated[
        bool, typer.Option("--udp", help="Measure what syslog over UDP loses on loopback instead.")
    ] = False,
    short: Annotated[bool, typer.Option(help="Two small rounds, judged with a wider margin.")] = False,
    as_json: Json = False,
) -> None:
    """Measure storing log files against a plain bulk of the same documents: speed and bytes; exit 1 where a
    target is missed."""
    from bot.bench.figures import BenchError

    try:
        if udp:
            met = _udp(UDP_SHORT_SECONDS if short else UDP_SECONDS, as_json)
        elif memory:
            met = _memory(lines or (SHORT_LINES if short else MEMORY_LINES), short, as_json)
        else:
            given = lines or (SHORT_LINES if short else INGEST_LINES)
            met = _ingest(given, 2 if short else rounds, short, as_json)
    except BenchError as error:
        raise CommandError(str(error)) from error
    if not met:
        raise typer.Exit(FAILED)


def _ingest(lines: int, rounds: int, short: bool, as_json: bool) -> bool:
    from bot.bench.ingest import IngestOptions, run_ingest

    result = run(run_ingest(IngestOptions(lines, rounds), progress_printer(), tell))
    share, size = (SHORT_SHARE, SHORT_BYTES) if short else (INGEST_SHARE, INGEST_BYTES)
    met = result.share >= share and result.bytes_ratio <= size
    if as_json:
        figures = {
            "share": result.share, "processor_share": result.processor_share, "bytes": result.bytes_ratio,
        }  # fmt: skip
        print_json({"result": result, "figures": figures, "met": met})
        return met
    fast = _met(result.share >= share)
    rows = [
        ["speed, of a plain bulk's", f"{result.share:.2f}", f"at least {share:g}", fast],
        ["processor time, a plain bulk's to ours", f"{result.processor_share:.2f}", "", ""],
        [
            "bytes, to a plain bulk's", f"{result.bytes_ratio:.2f}", f"at most {size:g}",
            _met(result.bytes_ratio <= size),
        ],
    ]  # fmt: skip
    print_table(("measured", "value", "target", ""), rows)
    columns = (
        "round",
        "events",
        "a second",
        "plain, a second",
        "us of ours",
        "us of the node",
        "plain's node",
    )
    print_table(
        columns,
        [
            [
                number, one.events, f"{one.events / one.sealed.seconds:,.0f}",
                f"{one.events / one.plain.seconds:,.0f}", f"{one.sealed.own / one.events * 1e6:.0f}",
                f"{one.sealed.node / one.events * 1e6:.0f}", f"{one.plain.node / one.events * 1e6:.0f}",
            ]
            for number, one in enumerate(result.rounds, 1)
        ],
    )  # fmt: skip
    if result.load:
        say(f"The machine: {result.load.cores} cores, {result.load.busy:.0%} in use.")
    return met


def _udp(seconds: float, as_json: bool) -> bool:
    from bot.bench.udp import run_udp

    result = run(run_udp(seconds, progress_printer(), tell))
    if as_json:
        print_json({"result": result})
        return True
    rows = [
        [
            f"{one.buffer:,}", f"{one.rate:,}", f"{one.reached:,.0f}", f"{one.sent:,}", f"{one.lost:,}",
            f"{one.share:.2%}",
        ]
        for one in result.rounds
    ]  # fmt: skip
    print_table(("receive buffer", "a second", "reached", "sent", "lost", "share"), rows)
    if result.load:
        say(f"The machine: {result.load.cores} cores, {result.load.busy:.0%} in use.")
    return True


def _memory(lines: int, short: bool, as_json: bool) -> bool:
    from bot.bench.memory import run_memory

    result = run(run_memory(lines, progress_printer(), tell))
    most = SHORT_MEMORY if short else INGEST_MEMORY
    met = result.growth <= most
    if as_json:
        print_json(
            {"result": result, "figures": {"growth": result.growth, "spread": result.spread}, "met": met}
        )
        return met
    rows = [
        ["memory, last quarter to first", f"{result.growth:.3f}", f"at most {most:g}", _met(met)],
        ["memory, most to least", f"{result.spread:.3f}", "", ""],
    ]
    print_table(("measured", "value", "target", ""), rows)
    say(f"{result.lines:,} lines; {result.resident[-1] / 2**20:,.0f} MiB at the end.")
    return met


SHORT_RUNS, SHORT_WAITING = 0.7, 250.0
"""For the short form: a few runs on a machine that does other things too."""


def playbooks(
    rounds: Annotated[int, typer.Option(help="How often runs are measured.", min=1)] = 10,
    waiting: Annotated[int, typer.Option(help="How many playbooks wait for approval.", min=0)] = 500,
    short: Annotated[bool, typer.Option(help="Two small rounds, judged with a wider margin.")] = False,
    as_json: Json = False,
) -> None:
    """Measure runs of a playbook against bare workflows that do the same activities, and what playbooks
    cost that wait for approval; exit 1 where a target is missed."""
    from bot.bench.figures import BenchError
    from bot.bench.playbooks import BARE, KINDS, PLAYBOOK, SILENT, TARGETS, PlaybooksOptions, run_playbooks

    options = (
        PlaybooksOptions(rounds=2, runs=6, waiting=40) if short else PlaybooksOptions(rounds, waiting=waiting)
    )
    try:
        result = run(run_playbooks(options, progress_printer(), tell))
    except BenchError as error:
        raise CommandError(str(error)) from error
    least, most = TARGETS.values()
    if short:
        least, most = SHORT_RUNS, SHORT_WAITING
    speed, added = result.speed(PLAYBOOK, BARE), result.added
    met = speed >= least and (added <= most or not result.waiting)
    if as_json:
        figures = {"speed": speed, "processor_time": result.work(PLAYBOOK, BARE), "waiting_mb": added}
        print_json({"result": result, "figures": figures, "met": met})
    else:
        rows = [
            ["runs a second, to bare ones", f"{speed:.2f}", f"at least {least:g}", _met(speed >= least)],
            ["processor time, a bare run's to ours", f"{result.work(PLAYBOOK, BARE):.2f}", "", ""],
            ["runs a second, to bare ones that send no evidence", f"{result.speed(PLAYBOOK, SILENT):.2f}"],
        ]
        if result.waiting:
            rows.append(["MB for 500 that wait", f"{added:.0f}", f"under {most:g}", _met(added <= most)])
        print_table(("measured", "value", "target", ""), [[*row, "", ""][:4] for row in rows])
        columns = ("round", *(f"{kind}, a second" for kind in KINDS), *(f"{kind}, ms" for kind in KINDS))
        print_table(
            columns,
            [
                [
                    number, *(f"{one[kind].speed:.1f}" for kind in KINDS),
                    *(f"{one[kind].work / one[kind].runs * 1000:.0f}" for kind in KINDS),
                ]
                for number, one in enumerate(result.rounds, 1)
            ],
        )  # fmt: skip
        say("ms: processor time of a run, in the worker, Temporal and OpenSearch together.")
        if result.load:
            say(f"The machine: {result.load.cores} cores, {result.load.busy:.0%} in use.")
    if not met:
        raise typer.Exit(FAILED)


def _met(met: bool) -> str:
    return "met" if met else "missed"


def intelligence(
    indicators: Annotated[int, typer.Option(help="How many indicators are held.", min=100)] = 1_000_000,
    as_json: Json = False,
) -> None:
    """Measure what matching with indicators costs an event, and the memory they take; no engine needed."""
    from bot.bench.figures import LoadWatch
    from bot.bench.intelligence import run_intelligence

    watch = LoadWatch()
    result = run_intelligence(indicators)
    load = watch.read()
    if as_json:
        print_json({"result": result, "load": load})
        return
    rows: list[list[object]] = [
        [name, f"{result.bare[name]:.1f} µs", f"{spent:.1f} µs"]
        for name, spent in result.microseconds.items()
    ]
    print_table(("event", "one indicator", f"{result.indicators:,} indicators"), rows)
    say(f"{result.bytes / 2**20:,.0f} MiB. Processor time of one event whose values were never seen; "
        f"{load.cores} cores, {load.busy:.0%} busy meanwhile.")  # fmt: skip


def register(app: typer.Typer) -> None:
    bench = typer.Typer(help="Measure this machine.", no_args_is_help=True)
    bench.command("latency")(latency)
    bench.command("ecs")(ecs)
    bench.command("detect")(detect)
    bench.command("ingest")(ingest)
    bench.command("playbooks")(playbooks)
    bench.command("intelligence")(intelligence)
    bench.callback()(lambda: None)
    app.add_typer(bench, name="bench", rich_help_panel="Measure")
