"""Benchmarks: figures of this machine, with what it was doing meanwhile."""

from __future__ import annotations

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
    as_json: Json = False,
) -> None:
    """Measure log line to message in Slack, and click to verified block, on an installation of its own."""
    from bot.bench.break_in import MOST
    from bot.bench.latency import PACE, LatencyOptions, run_latency

    if incidents >= MOST:
        raise CommandError(f"--incidents: there are addresses for {MOST - 1}, not {incidents}", MISUSED)
    options = LatencyOptions(incidents=incidents, pace=PACE if pace is None else pace, data=data)
    result = run(run_latency(options, progress_printer(), tell))
    if as_json:
        print_json(result)
    else:
        _print(result)
    if result.faults:
        for fault in result.faults:
            fail(fault)
        raise typer.Exit(FAILED)


def _print(result: LatencyResult) -> None:
    rows = [
        _row("line to message", result.line_to_message, result.targets["line to message"]),
        _row("click to block", result.click_to_block, result.targets["click to block"]),
        _row("click to firewall", result.click_to_feed),
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


def register(app: typer.Typer) -> None:
    bench = typer.Typer(help="Measure this machine.", no_args_is_help=True)
    bench.command("latency")(latency)
    bench.callback()(lambda: None)
    app.add_typer(bench, name="bench", rich_help_panel="Measure")
